"""What is wrong with rule files: all of it at once, each with file, rule and cure.

A rule that can never match, or that does not win on its own examples, is worse than no rule: it looks like knowledge.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from bouncery.codes.grammar import innermost
from bouncery.model import RuleError
from bouncery.phrases import GAP, fold
from bouncery.rules import DATA_FILES, Question, RuleSet, shipped_files, shipped_rules
from bouncery.rules.hosts import providers, suffixes
from bouncery.rules.normalise import normalise
from bouncery.rules.pattern import compiles, pattern_problems
from bouncery.rules.rule import Rule, read_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

KEYS = frozenset(field.encode_name for field in msgspec.structs.fields(Rule)) - {"user"}
SHORTEST = 4
"""ASCII characters that the longest part of a phrase needs: what is shorter stands inside too many words."""
SHORT = 12
"""Characters under which a phrase must show what it does not match."""
STATUS_FORM = re.compile(r"[245]\.\d{1,3}\.(?:\d{1,3}|x)|x\.\d{1,3}\.(?:\d{1,3}|x)")
CODES = range(200, 600)


def lint_files(files: Sequence[tuple[str, str]]) -> list[RuleError]:
    """Give all problems of rule files, as (path, TOML text); without files those of the shipped rules.

    Given files are judged as a user's own beside the shipped rules: their hits must win against all of them.
    """
    user = bool(files)
    problems: list[RuleError] = []
    rules: list[tuple[str, Rule]] = []
    for path, text in files or shipped_texts():
        rules += read_all(path, text, problems, user=user)
    known = shipped_rules() if user else ()
    everything = RuleSet((*known, *(rule for _, rule in rules if compiles(rule.match))))
    taken = {rule.id for rule in known}
    for path, rule in rules:
        found = [*repeated_id(rule, taken), *rule_problems(rule)]
        if compiles(rule.match):
            found += example_problems(rule, everything)
        problems += [RuleError(path, short(rule), problem) for problem in found]
    return problems + clashes(rules)


def shipped_texts() -> list[tuple[str, str]]:
    """Give name and text of the rule files that come with the library."""
    return [(file.name, file.read_text("utf-8")) for file in shipped_files() if file.name not in DATA_FILES]


def overrides(files: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give each pair of a user's rule and a shipped rule that it takes a reply from, judged on the examples of both."""
    own = [rule for path, text in files for _, rule in read_all(path, text, [], user=True) if compiles(rule.match)]
    before, after = RuleSet(shipped_rules()), RuleSet((*shipped_rules(), *own))
    pairs = set()
    for rule in (*shipped_rules(), *own):
        for hit in rule.hits:
            asked = question(rule, hit)
            old, new = before.match(asked).winner, after.match(asked).winner
            if old and new and new.rule.user:
                pairs.add((new.rule.id, old.rule.id))
    return sorted(pairs)


def read_all(path: str, text: str, problems: list[RuleError], *, user: bool) -> list[tuple[str, Rule]]:
    """Read the rules of a file that can be read, and note what is wrong with the others."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(RuleError(path, None, f"is no TOML: {error}"))
        return []
    problems += [RuleError(path, None, unknown_key(key, {"rule", "none"})) for key in sorted(content.keys() - {"rule", "none"})]
    raws, none = content.get("rule", []), content.get("none", [])
    if not isinstance(raws, list) or not isinstance(none, list):
        problems.append(RuleError(path, None, "rules are [[rule]] tables and none is a list of phrases; write them so"))
        return []
    stem = PurePath(path).stem
    found = []
    for raw in raws:
        name = raw.get("id") if isinstance(raw, dict) else None
        problems += [RuleError(path, name, unknown_key(key, KEYS)) for key in sorted(set(raw) - KEYS)]
        try:
            rule = read_rule({key: raw[key] for key in KEYS & set(raw)}, tuple(none), path, stem, user=user)
        except RuleError as error:
            problems.append(error)
        except TypeError as error:
            problems.append(RuleError(path, name, f"a value has the wrong type ({error}); lists go in brackets"))
        else:
            found.append((path, rule))
    return found


def unknown_key(key: str, keys: Iterable[str]) -> str:
    """Name a key that rules do not have, and the one that was perhaps meant."""
    near = difflib.get_close_matches(key, sorted(keys), 1)
    return f"unknown key {key!r}; {f'did you mean {near[0]!r}?' if near else 'take it out'}"


def short(rule: Rule) -> str:
    """Give a rule's id as its file writes it."""
    return rule.id.partition("/")[2]


def repeated_id(rule: Rule, taken: set[str]) -> Iterator[str]:
    """Find an id that another rule has."""
    if rule.id in taken:
        yield f"the id {rule.id!r} is taken by another rule; choose one that says what this rule recognises"
    taken.add(rule.id)


def rule_problems(rule: Rule) -> Iterator[str]:
    """Find what is wrong with a rule as it is written."""
    if not rule.source.strip():
        yield "has no source; say where the fact comes from"
    if not rule.hits:
        yield "has no hits; add a reply that it is for"
    if not rule.misses and any(len(fold(phrase)) < SHORT for phrase in rule.any):
        yield f"has a phrase under {SHORT} characters and no misses; add a reply that looks alike and means something else"
    yield from scope_problems(rule)
    for phrase in rule.any:
        yield from phrase_problems(phrase, rule)
    folded = [segments(phrase) for phrase in rule.any]
    for words in sorted({words for words in folded if folded.count(words) > 1}):
        yield f"the phrase {GAP.join(words)!r} stands in it twice (case, accents and spaces do not count); take one out"
    if rule.match is not None:
        if not rule.any:
            yield "has match without any; add a phrase that a matching text holds, so that few texts meet the pattern"
        yield from pattern_problems(rule.match)


def scope_problems(rule: Rule) -> Iterator[str]:
    """Find scopes that no reply can meet."""
    if not (rule.any or rule.status or rule.reply):
        yield "has neither any, status nor reply, so nothing matches it; add phrases"
    for status in rule.status:
        if not STATUS_FORM.fullmatch(status):
            yield f"the status {status!r} matches no code; write 5.1.1, x.1.1, 5.1.x or x.1.x"
    for reply in rule.reply:
        if reply not in CODES:
            yield f"the reply {reply} is no SMTP reply code; write three digits from 200 to 599"
    if rule.provider is not None and provider_host(rule.provider) is None:
        yield f"the provider {rule.provider!r} is not in hosts.toml; {unknown_provider(rule.provider)}"
    for key, needed, there in (("generic", "any", rule.any), ("token", "any", rule.any), ("weak", "status", rule.status)):
        if getattr(rule, key) and not there:
            yield f"{key} means nothing without {needed}; take it out"


def unknown_provider(name: str) -> str:
    """Name the provider that was perhaps meant."""
    near = difflib.get_close_matches(name, sorted(set(suffixes().values())), 1)
    return f"did you mean {near[0]!r}?" if near else "leave the key out, or scope the rule by other words"


def provider_host(provider: str | None) -> str | None:
    """Give a host of a provider."""
    return next((host for host, name in suffixes().items() if name == provider), None)


def segments(phrase: str) -> tuple[str, ...]:
    """Fold a phrase and cut it at its gaps."""
    return tuple(filter(None, map(fold, phrase.split(GAP))))


def phrase_problems(phrase: str, rule: Rule) -> Iterator[str]:
    """Find a phrase that never matches, or that matches too much."""
    words = segments(phrase)
    if not words:
        yield f"the phrase {phrase!r} is empty; take it out"
        return
    longest = max(words, key=len)
    # A character of a script without spaces is a word or half of one.
    if len(longest) < (SHORTEST if longest.isascii() else SHORTEST // 2):
        yield f"the phrase {phrase!r} is too short to mean anything; its longest part needs {SHORTEST} characters"
    if "@" in phrase:
        yield f"the phrase {phrase!r} never matches, because addresses are taken out of the text; leave the address out"
    elif any(normalise(word) != word for word in words):
        yield f"the phrase {phrase!r} never matches, because codes before a '-' are taken out of the text; leave the code out"
    if phrase != phrase.strip() or "  " in phrase:
        yield f"the phrase {phrase!r} has surplus spaces, which are folded anyway; write single ones"
    for veto in map(fold, rule.none):
        if any(veto in word for word in words):
            yield f"the phrase {phrase!r} never matches, because it contains the veto {veto!r}; take one of them out"


def example_problems(rule: Rule, everything: RuleSet) -> Iterator[str]:
    """Find hits that do not give the rule and misses that do."""
    rules = RuleSet((rule,)) if rule.flag else everything
    for hit in rule.hits:
        if not gives(rule, hit, rules):
            yield f"the hit {hit!r} gives {winner(rule, hit, everything)}; sharpen the phrase or move the hit there"
    for miss in rule.misses:
        if gives(rule, miss, rules):
            yield f"the miss {miss!r} gives this rule; add a veto or a longer phrase"


def question(rule: Rule, example: str) -> Question:
    """Ask about an example as it comes from the provider and at the stage that the rule is for."""
    code = innermost(example)
    return Question(
        text=example,
        reply=code.reply if code else None,
        status=code.status if code else None,
        reply_class=(code.reply_class if code else None) or 5,
        stage=rule.stage,
        providers=providers(provider_host(rule.provider)),
    )


def gives(rule: Rule, example: str, rules: RuleSet) -> bool:
    """Whether an example gives a rule, or the flag that it stands for."""
    match = rules.match(question(rule, example))
    if rule.flag:
        return rule.flag in match.flags
    return match.winner is not None and match.winner.rule.id == rule.id


def winner(rule: Rule, example: str, rules: RuleSet) -> str:
    """Name what an example gives."""
    won = rules.match(question(rule, example)).winner
    return repr(won.rule.id) if won else "no rule"


def clashes(rules: Sequence[tuple[str, Rule]]) -> list[RuleError]:
    """Find rules of one rank that give different reasons for one phrase or code."""
    seen: dict[tuple[Any, ...], Rule] = {}
    problems = []
    for path, rule in rules:
        scope = (rule.level, rule.reply, rule.status, rule.class_, rule.stage, rule.provider, rule.match)
        keys = [(*scope, segments(phrase)) for phrase in rule.any] or code_keys(rule)
        for key in dict.fromkeys(keys if rule.reason else ()):
            other = seen.setdefault(key, rule)
            if other.reason is not rule.reason:
                what = f"the phrase {GAP.join(key[-1])!r}" if rule.any else f"the code {key[-1]}"
                problem = (
                    f"{what} gives {rule.reason} here and {other.reason} in {other.id!r}; scope one of them or take it out"
                )
                problems.append(RuleError(path, short(rule), problem))
    return problems


def code_keys(rule: Rule) -> list[tuple[Any, ...]]:
    """Give the codes of a rule without phrases, each with the scope that it stands in."""
    rest = (rule.level, rule.class_, rule.stage, rule.provider, rule.reply if rule.status else ())
    return [(*rest, code) for code in rule.status or rule.reply]
