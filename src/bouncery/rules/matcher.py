"""All rules against one text: one Aho-Corasick pass over the phrases' keys, then verification of what it found.

Which rule wins is a matter of rank alone: level, number of scopes, the reason's place in `PRECEDENCE`, length of the phrase,
id. A phrase that stands inside a longer phrase of another rule does not count ("user unknown" in "sender user unknown").
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bouncery.model import Permanence, Reason, Stage
from bouncery.phrases import PhraseBook, WordSet, fold
from bouncery.rules.hosts import marks
from bouncery.rules.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bouncery.phrases import Phrase
    from bouncery.rules.rule import Rule

PRECEDENCE: tuple[Reason, ...] = (
    Reason.SUPPRESSED,
    Reason.GREYLISTED,
    Reason.RATE_LIMITED,
    Reason.TOO_MANY_CONNECTIONS,
    Reason.TOO_MANY_RECIPIENTS,
    Reason.SENDER_REJECTED,
    Reason.BLOCKLISTED,
    Reason.AUTH_FAILURE,
    Reason.RDNS_FAILURE,
    Reason.BAD_REPUTATION,
    Reason.VIRUS,
    Reason.SPAM,
    Reason.TLS_FAILURE,
    Reason.AUTH_REQUIRED,
    Reason.RELAY_DENIED,
    Reason.NOT_AUTHORIZED,
    Reason.RECIPIENT_REFUSED,
    Reason.MAILBOX_FULL,
    Reason.MESSAGE_TOO_LARGE,
    Reason.CONTENT_REJECTED,
    Reason.MESSAGE_MALFORMED,
    Reason.MAILBOX_UNAVAILABLE,
    Reason.MAILBOX_MOVED,
    Reason.MAILBOX_DISABLED,
    Reason.USER_UNKNOWN,
    Reason.NULL_MX,
    Reason.DNS_FAILURE,
    Reason.DOMAIN_UNKNOWN,
    Reason.BAD_ADDRESS_SYNTAX,
    Reason.ROUTING_LOOP,
    Reason.SYSTEM_FULL,
    Reason.CONNECTION_FAILED,
    Reason.SYSTEM_UNAVAILABLE,
    Reason.MAILER_ERROR,
    Reason.SYSTEM_ERROR,
    Reason.PROTOCOL_ERROR,
    Reason.POLICY,
    Reason.EXPIRED,
    Reason.UNDETERMINED,
)
_PLACE = {reason: -place for place, reason in enumerate(PRECEDENCE)}
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")


class Question(NamedTuple):
    """What the rules are asked about: a reply's text and codes, who spoke at which stage, and whether the mailbox is there."""

    text: str
    reply: int | None = None
    status: str | None = None
    reply_class: int | None = None
    stage: Stage | None = None
    providers: frozenset[str] = frozenset()
    reached: bool = False


class Entry(NamedTuple):
    """A rule made ready: what does not depend on the text."""

    rule: Rule
    standing: tuple[int, int, int]
    vetoes: frozenset[str]
    pattern: re.Pattern[str] | None
    scoped: bool


def entry(rule: Rule) -> Entry:
    """Make a rule ready."""
    place = _PLACE[rule.reason] if rule.reason else 0
    return Entry(
        rule,
        (rule.level + 100 * rule.user, rule.scopes, place),
        frozenset(map(fold, rule.none)),
        re.compile(rule.match) if rule.match else None,
        rule.scopes > 0,
    )


class Candidate(NamedTuple):
    """A rule that matched, with the phrase (empty for codes) and its span in the normalised text."""

    rule: Rule
    phrase: str
    start: int
    end: int
    standing: tuple[int, int, int]

    @property
    def rank(self) -> tuple[tuple[int, int, int], int, str]:
        """The order in which rules win."""
        return rank_of(self)


def rank_of(candidate: Candidate) -> tuple[tuple[int, int, int], int, str]:
    """Give the rank of a rule that matched: its standing, the length of the phrase, the id."""
    return candidate.standing, candidate.end - candidate.start, candidate.rule.id


NO_FLAGS: frozenset[str] = frozenset()


class Match(NamedTuple):
    """The winner (None if nothing matched), the flags of the text, and every rule that matched, best first."""

    winner: Candidate | None
    flags: frozenset[str]
    candidates: tuple[Candidate, ...]


class RuleSet:
    """Rules, compiled once and immutable afterwards."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Compile the rules; their order has no meaning."""
        self.rules: tuple[Rule, ...] = tuple(sorted(rules, key=lambda rule: rule.id))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The rules made ready."""
        return tuple(map(entry, self.rules))

    @cached_property
    def book(self) -> PhraseBook[Entry | str]:
        """Every phrase with the rules that use it, and every mark with the provider whose replies carry it."""
        phrases = ((phrase, ready) for ready in self.entries for phrase in ready.rule.any)
        return PhraseBook[Entry | str]((*phrases, *marks().items()))

    @cached_property
    def vetoes(self) -> WordSet:
        """Every veto of every rule."""
        return WordSet({veto for ready in self.entries for veto in ready.vetoes})

    @cached_property
    def codes(self) -> dict[str, list[Entry]]:
        """Rules without a phrase, by the code they are for: "550", "5.1.1", "x.1.1", "5.1.x"."""
        found: dict[str, list[Entry]] = {}
        for ready in self.entries:
            if not ready.rule.any:
                for code in ready.rule.status or map(str, ready.rule.reply):
                    found.setdefault(code.casefold(), []).append(ready)
        return found

    def match(self, question: Question) -> Match:
        """Give the rule that wins on this reply, the flags, and all that matched."""
        text = normalise(question.text)
        hits = self.book.find(text)
        told = [meaning for phrase, _, _ in hits for meaning in phrase.meanings if meaning.__class__ is str]
        if told:
            question = question._replace(providers=question.providers.union(told))
        found = self.spoken(text, hits, question) if hits else []
        flags = NO_FLAGS
        if any(candidate.rule.flag for candidate in found):
            flags = frozenset(candidate.rule.flag for candidate in found if candidate.rule.flag)
            found = [candidate for candidate in found if candidate.rule.reason]
        reasons = [*(outermost(found) if len(found) > 1 else found), *self.coded(question)]
        if question.reached or is_about_sender(question):
            reasons = [candidate for candidate in reasons if candidate.rule.reason not in DEAD]
        if len(reasons) > 1:
            reasons.sort(key=rank_of, reverse=True)
        return Match(reasons[0] if reasons else None, flags, tuple(reasons))

    def spoken(self, text: str, hits: list[tuple[Phrase[Entry | str], int, int]], question: Question) -> list[Candidate]:
        """Give the rules whose phrase stands in the normalised text, within their scope and without a veto."""
        vetoes: frozenset[str] | None = None
        searched: dict[str, bool] = {}
        found = []
        for phrase, start, end in hits:
            for ready in phrase.meanings:
                if not isinstance(ready, Entry) or (ready.scoped and not in_scope(ready.rule, question)):
                    continue
                if ready.vetoes:
                    vetoes = self.vetoes.present(text) if vetoes is None else vetoes
                    if not vetoes.isdisjoint(ready.vetoes):
                        continue
                if ready.pattern is None or matches(ready, text, searched):
                    found.append(Candidate(ready.rule, phrase.words, start, end, ready.standing))
        return found

    def coded(self, question: Question) -> Iterator[Candidate]:
        """Give the rules for the codes alone."""
        for code in code_forms(question):
            for ready in self.codes.get(code, ()):
                if in_scope(ready.rule, question):
                    yield Candidate(ready.rule, "", 0, 0, ready.standing)


def matches(ready: Entry, text: str, searched: dict[str, bool]) -> bool:
    """Whether the regular expression of a rule matches; `searched` remembers what was looked for."""
    name = ready.rule.id
    if name not in searched:
        searched[name] = ready.pattern is None or ready.pattern.search(text) is not None
    return searched[name]


def outermost(found: list[Candidate]) -> list[Candidate]:
    """Leave out every phrase that stands strictly inside another one."""
    spans = {(candidate.start, -candidate.end) for candidate in found}
    if len(spans) < 2:
        return found
    inner: set[tuple[int, int]] = set()
    farthest = -1
    for start, end in sorted(spans):
        if -end <= farthest:
            inner.add((start, -end))
        else:
            farthest = -end
    return [candidate for candidate in found if (candidate.start, candidate.end) not in inner] if inner else found


def in_scope(rule: Rule, question: Question) -> bool:
    """Whether the codes, class, stage and provider of a reply are those that the rule is for."""
    return (
        (not rule.reply or question.reply in rule.reply)
        and (not rule.status or any(form in rule.status for form in status_forms(question.status)))
        and (rule.class_ is None or rule.class_ == question.reply_class)
        and (rule.stage is None or rule.stage == question.stage)
        and (rule.provider is None or rule.provider in question.providers)
    )


SENDERS = frozenset({"x.1.7", "x.1.8", "x.7.8"})
DEAD = frozenset(reason for reason in Reason if reason.permanence is Permanence.ADDRESS and reason is not Reason.SUPPRESSED)


def is_about_sender(question: Question) -> bool:
    """Whether stage or code tell that the words mean the sender (RFC 3463, section 3.2; RFC 4954, section 6)."""
    if question.reply in {521, 556}:
        return False
    asked = question.stage is Stage.MAIL or question.reply in {534, 535}
    return asked or not SENDERS.isdisjoint(status_forms(question.status))


@lru_cache(maxsize=1024)
def status_forms(status: str | None) -> tuple[str, ...]:
    """The ways in which a rule can name an enhanced status code: exact, any class, any detail."""
    parts = _STATUS.fullmatch(status or "")
    if parts is None:
        return ()
    number, subject, detail = parts.groups()
    return (f"{number}.{subject}.{detail}", f"x.{subject}.{detail}", f"{number}.{subject}.x", f"x.{subject}.x")


def code_forms(question: Question) -> tuple[str, ...]:
    """The keys under which rules for this reply's codes are kept."""
    reply = (str(question.reply),) if question.reply else ()
    return (*status_forms(question.status), *reply)
