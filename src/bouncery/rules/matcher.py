"""All rules against one text: one Aho-Corasick pass over the phrases' keys, then verification of what it found.

Which rule wins is a matter of rank alone: level, number of scopes, the reason's place in `PRECEDENCE`, length of the phrase,
id. A phrase that stands inside a longer phrase of another rule does not count ("user unknown" in "sender user unknown").
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bouncery.model import Reason
from bouncery.phrases import PhraseBook, fold
from bouncery.rules.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bouncery.model import Stage
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
    Reason.RELAY_DENIED,
    Reason.NOT_AUTHORIZED,
    Reason.RECIPIENT_REFUSED,
    Reason.MAILBOX_FULL,
    Reason.MAILBOX_UNAVAILABLE,
    Reason.MAILBOX_MOVED,
    Reason.MAILBOX_DISABLED,
    Reason.USER_UNKNOWN,
    Reason.NULL_MX,
    Reason.DNS_FAILURE,
    Reason.DOMAIN_UNKNOWN,
    Reason.BAD_ADDRESS_SYNTAX,
    Reason.MESSAGE_TOO_LARGE,
    Reason.CONTENT_REJECTED,
    Reason.MESSAGE_MALFORMED,
    Reason.TLS_FAILURE,
    Reason.AUTH_REQUIRED,
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
    """What the rules are asked about: a reply's text and codes, and who spoke at which stage."""

    text: str
    reply: int | None = None
    status: str | None = None
    reply_class: int | None = None
    stage: Stage | None = None
    providers: frozenset[str] = frozenset()


class Candidate(NamedTuple):
    """A rule that matched, with the phrase (empty for codes) and its span in the normalised text."""

    rule: Rule
    phrase: str
    start: int
    end: int

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """The order in which rules win."""
        rule = self.rule
        place = _PLACE[rule.reason] if rule.reason else 0
        return (rule.level + 100 * rule.user, rule.scopes, place, self.end - self.start, rule.id)


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
    def vetoes(self) -> dict[str, tuple[str, ...]]:
        """The folded vetoes of each rule, by rule id."""
        return {rule.id: tuple(fold(phrase) for phrase in rule.none) for rule in self.rules if rule.none}

    @cached_property
    def book(self) -> PhraseBook[Rule]:
        """Every phrase with the rules that use it."""
        return PhraseBook((phrase, rule) for rule in self.rules for phrase in rule.any)

    @cached_property
    def codes(self) -> dict[str, list[Rule]]:
        """Rules without a phrase, by the code they are for: "550", "5.1.1", "x.1.1", "5.1.x"."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if not rule.any:
                for code in rule.status or map(str, rule.reply):
                    found.setdefault(code.casefold(), []).append(rule)
        return found

    def match(self, question: Question) -> Match:
        """Give the rule that wins on this reply, the flags, and all that matched."""
        text = normalise(question.text)
        found = [*self.spoken(text, question), *self.coded(question)]
        flags = frozenset(candidate.rule.flag for candidate in found if candidate.rule.flag)
        reasons = outermost([candidate for candidate in found if candidate.rule.reason])
        reasons.sort(key=lambda candidate: candidate.rank, reverse=True)
        return Match(reasons[0] if reasons else None, flags, tuple(reasons))

    def spoken(self, text: str, question: Question) -> Iterator[Candidate]:
        """Give the rules whose phrase stands in the normalised text, within their scope and without a veto."""
        for phrase, start, end in self.book.find(text):
            for rule in phrase.meanings:
                if self.applies(rule, text, question):
                    yield Candidate(rule, phrase.words, start, end)

    def coded(self, question: Question) -> Iterator[Candidate]:
        """Give the rules for the codes alone."""
        for code in code_forms(question):
            for rule in self.codes.get(code, ()):
                if in_scope(rule, question):
                    yield Candidate(rule, "", 0, 0)

    def applies(self, rule: Rule, text: str, question: Question) -> bool:
        """Whether scope, vetoes and regular expression of a rule allow the match."""
        if not in_scope(rule, question):
            return False
        if any(veto in text for veto in self.vetoes.get(rule.id, ())):
            return False
        return rule.match is None or re.search(rule.match, text) is not None


def outermost(found: list[Candidate]) -> list[Candidate]:
    """Leave out every phrase that stands strictly inside another one."""
    spans = {(candidate.start, candidate.end) for candidate in found if candidate.phrase}
    if len(spans) < 2:
        return found

    def inside(candidate: Candidate) -> bool:
        start, end = candidate.start, candidate.end
        return any(s <= start and end <= e and (s, e) != (start, end) for s, e in spans)

    return [candidate for candidate in found if not candidate.phrase or not inside(candidate)]


def in_scope(rule: Rule, question: Question) -> bool:
    """Whether the codes, class, stage and provider of a reply are those that the rule is for."""
    return (
        (not rule.reply or question.reply in rule.reply)
        and (not rule.status or any(form in rule.status for form in status_forms(question.status)))
        and (rule.class_ is None or rule.class_ == question.reply_class)
        and (rule.stage is None or rule.stage == question.stage)
        and (rule.provider is None or rule.provider in question.providers)
    )


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
