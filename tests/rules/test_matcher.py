"""The matcher against a plain loop over all phrases, and the order in which rules win."""

from __future__ import annotations

import random
import time
from functools import cache
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bouncery.model import Reason, Stage
from bouncery.phrases import GAP, Phrase, PhraseBook, fold
from bouncery.rules import Level, Question, RuleSet, shipped, shipped_rules
from bouncery.rules.matcher import PRECEDENCE, status_forms
from bouncery.rules.normalise import normalise
from bouncery.rules.rule import read_rules

T = TypeVar("T")
GROWTH = 2.5
"""How many times the cost may be for twice the text."""


def rule_set(toml: str, stem: str = "user_unknown") -> RuleSet:
    """Compile rules written in a test."""
    return RuleSet(read_rules(toml, f"{stem}.toml", stem))


def won(rules: RuleSet, text: str, **scope: object) -> str | None:
    """Give the id of the rule that wins."""
    match = rules.match(Question(text, **scope))  # type: ignore[arg-type]
    return match.winner.rule.id.partition("/")[2] if match.winner else None


def stands(text: str, start: int, end: int) -> bool:
    """Whether no word goes on beyond a span that begins and ends with ASCII letters or digits, in a script that has spaces."""
    spaced = [char.isalnum() and char < "\u2e80" for char in text]
    plain = [char.isalnum() and char.isascii() for char in text]
    left = start > 0 and plain[start] and spaced[start - 1]
    right = end < len(text) and plain[end - 1] and spaced[end]
    return not left and not right


def everywhere(segments: tuple[str, ...], key: int, text: str) -> set[tuple[int, int]]:
    """Find a phrase around each place of its key, the other segments as near as they stand."""
    found = set()
    for at in range(len(text)):
        if not text.startswith(segments[key], at):
            continue
        start, end = at, at + len(segments[key])
        for segment in segments[key + 1 :]:
            place = text.find(segment, end)
            end = place + len(segment) if place >= 0 else len(text) + 1
        for segment in reversed(segments[:key]):
            start = text.rfind(segment, 0, max(start, 0)) if start >= 0 else -1
        if start >= 0 and end <= len(text) and stands(text, start, end):
            found.add((start, end))
    return found


def same_as_loop(phrase: Phrase[T], spans: set[tuple[int, int]], text: str) -> bool:
    """Whether a phrase was found where a plain loop finds it; one with gaps needs to be found once."""
    wanted = everywhere(phrase.segments, phrase.key, text) if phrase.segments[phrase.key] in text else set()
    return spans == wanted if len(phrase.segments) == 1 else bool(spans) == bool(wanted) and spans <= wanted


@cache
def fragments() -> list[str]:
    """Give all phrases of the shipped rules and their parts, as texts are made of them."""
    return sorted(
        {piece for rule in shipped_rules() for phrase in rule.any for piece in (phrase.replace(GAP, " x "), *phrase.split(GAP))}
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_one_pass_finds_what_a_loop_finds(data: st.DataObject) -> None:
    """Aho-Corasick with verification equals a search for every phrase by itself."""
    pieces = data.draw(st.lists(st.sampled_from(fragments()) | st.text(max_size=5), max_size=8))
    text = normalise(data.draw(st.sampled_from([" ", "", ", ", "x"])).join(pieces))
    book = shipped().book
    spans: dict[tuple[str, ...], set[tuple[int, int]]] = {}
    for phrase, start, end in book.find(text):
        spans.setdefault(phrase.segments, set()).add((start, end))
    wrong = [phrase.words for phrase in book.phrases if not same_as_loop(phrase, spans.get(phrase.segments, set()), text)]
    assert not wrong


WORDS = st.sampled_from(["ab", "b", "abc", "c d", "ca", "d", "xabx", "…"])


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=8))
@example(["abc", "…", "d"], ["xabx", "abc", "dd", "abc", "d"])
@example(["ab", "…", "b"], ["abc", "bb", "ab", "b"])
def test_small_alphabet(phrase: list[str], words: list[str]) -> None:
    """The same on texts in which everything overlaps."""
    text = fold(" ".join(words).replace("…", "b"))
    book = PhraseBook([(" ".join(phrase), 1)])
    found = {(start, end) for _, start, end in book.find(text)}
    for compiled in book.phrases:
        wanted = everywhere(compiled.segments, compiled.key, text)
        assert bool(found) == bool(wanted)
        assert found <= wanted
        assert len(compiled.segments) > 1 or found == wanted


def test_gapped_phrase_is_found_behind_longer_words() -> None:
    """A first place inside other words does not hide a later one."""
    rules = rule_set("""rule = [{ id = "a", any = ["mailbox … full"] }]""", "mailbox_full")
    assert won(rules, "submailbox fuller; the mailbox is full") == "a"


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rules_has_no_meaning(seed: int) -> None:
    """Shuffled rules give equal verdicts."""
    rules = list(shipped_rules())
    random.Random(seed).shuffle(rules)  # noqa: S311
    shuffled = RuleSet(rules)
    for hit in [hit for rule in rules for hit in rule.hits][::25]:
        assert shuffled.match(Question(hit, 550, "5.1.1", 5)) == shipped().match(Question(hit, 550, "5.1.1", 5))


HOSTILE = {
    "one letter": "a",
    "brackets": "<",
    "word": "user ",
    "phrase": "user unknown ",
    "phrases": "mailbox full spam blocked user unknown ",
    "keys of gapped phrases": "does not exist ",
    "spaces": " ",
    "prefixes": "550-5.1.1 ",
    "addresses": "a@b ",
    "at signs": "@",
    "broken address": "a@",
    "accents": "é",
    "ligatures": "ﷺ",
    "digits": "5.",
    "dashes": "-",
}


def cost(text: str) -> float:
    """Give the seconds that a text costs, at best of three."""
    best = 1.0
    for _ in range(3):
        start = time.perf_counter()
        shipped().match(Question(text, 550, "5.1.1", 5))
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("name", HOSTILE)
def test_cost_is_linear(name: str) -> None:
    """Twice the text costs at most 2.5 times as much, whatever is repeated; a busy machine gets three chances."""
    text = (HOSTILE[name] * 16_384)[:16_384]
    cost("warm")
    for _ in range(3):
        half, whole = cost(f"-{text[:8_192]}-"), cost(f"-{text}-")
        # Below a millisecond the clock and the cache decide.
        if whole <= max(GROWTH * half, 0.001):
            break
    assert whole <= max(GROWTH * half, 0.001), f"{half * 1e3:.2f} ms, then {whole * 1e3:.2f} ms"


def test_longer_phrase_hides_the_one_inside_it() -> None:
    """The sender's address is not the recipient's."""
    rules = RuleSet(
        [
            *read_rules("""rule = [{ id = "a", any = ["user unknown"] }]""", "a.toml", "user_unknown"),
            *read_rules("""rule = [{ id = "b", any = ["sender address rejected: user unknown"] }]""", "b.toml", "policy"),
        ]
    )
    assert won(rules, "550 Sender address rejected: User unknown") == "b"
    assert won(rules, "550 User unknown") == "a"
    # The same words again outside the longer phrase count.
    assert won(rules, "Sender address rejected: user unknown; and user unknown") == "a"
    # Overlapping is not standing inside.
    assert won(rules, "sender address rejected: user unknownn") is None


def test_equal_spans_hide_nothing() -> None:
    """Two rules on one phrase are both candidates."""
    rules = rule_set("""rule = [{ id = "a", any = ["no such user"] }, { id = "b", any = ["no such user"], reply = [550] }]""")
    assert [c.rule.id for c in rules.match(Question("no such user", 550)).candidates] == ["user_unknown/b", "user_unknown/a"]


def test_vetoes() -> None:
    """A veto of the rule or of its file, folded like the text, and only for those rules."""
    rules = rule_set(
        """none = ["Sénder"]
        rule = [{ id = "a", any = ["user unknown"], none = ["harvest"] }, { id = "b", any = ["unknown"] }]"""
    )
    assert won(rules, "user unknown") == "a"
    assert won(rules, "user unknown, HARVEST  attack") == "b"
    assert won(rules, "user unknown SENDER") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MAILBOX  is\r\n full", True),
        ("mailbox is fúll", True),
        ("550-5.2.2 mailbox is\r\n550 5.2.2 full", False),
        ("550-5.2.2 mailbox is\r\n550-5.2.2 full", True),
        ("mailbox <u@example.com> is full", True),
        ("mailbox u@example.com is full", True),
        ("mailbox is fuller", False),
        ("submailbox is full", False),
        ("(mailbox is full)", True),
        ("mailbox is_full", False),
    ],
)
def test_text_is_normalised(text: str, *, found: bool) -> None:
    """Case, spaces, accents, addresses and multi-line prefixes mean nothing; words stay whole."""
    assert (won(rule_set("""rule = [{ id = "a", any = ["Mailbox is full"] }]"""), text) == "a") is found


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ("""any = ["quota"], token = true, generic = true""", Level.TOKEN),
        ("""any = ["quota"], reply = [552]""", Level.SCOPED),
        ("""any = ["quota"]""", Level.PHRASE),
        ("""status = ["5.2.2"]""", Level.STATUS),
        ("""any = ["quota"], generic = true, reply = [552]""", Level.GENERIC),
        ("""status = ["5.2.2"], weak = true""", Level.WEAK_STATUS),
        ("""reply = [552]""", Level.REPLY),
    ],
)
def test_levels(rule: str, level: Level) -> None:
    """Which kind of evidence a rule stands on."""
    assert next(iter(read_rules(f"""rule = [{{ id = "a", {rule} }}]""", "x.toml", "mailbox_full"))).level is level


LADDER = """
rule = [
  { id = "reply", reply = [552] },
  { id = "weak", status = ["5.2.2"], weak = true },
  { id = "generic", any = ["one"], generic = true },
  { id = "status", status = ["5.2.2"] },
  { id = "phrase", any = ["two"] },
  { id = "scoped", any = ["three"], class = 5 },
  { id = "token", any = ["four"], token = true },
]
"""


def test_higher_level_wins() -> None:
    """Each level beats all below it, in any order of the words."""
    rules = rule_set(LADDER)
    asked = {"reply": 552, "reply_class": 5}
    assert won(rules, "", **asked) == "reply"
    assert won(rules, "one", **asked) == "generic"
    assert won(rules, "one", status="5.2.2", **asked) == "status"
    assert won(rules, "two one", status="5.2.2", **asked) == "phrase"
    assert won(rules, "three two one", status="5.2.2", **asked) == "scoped"
    assert won(rules, "three two one", status="5.2.2", reply=552, reply_class=4) == "phrase"
    assert won(rules, "one two three four", status="5.2.2", **asked) == "token"


def test_a_users_rule_wins_over_every_shipped_one() -> None:
    """Also with a vague phrase over a provider's token."""
    shipped_rule = read_rules("""rule = [{ id = "a", any = ["four"], token = true }]""", "x.toml", "policy")
    own = read_rules("""rule = [{ id = "b", any = ["four"], generic = true }]""", "y.toml", "spam", user=True)
    assert won(RuleSet([*shipped_rule, *own]), "four") == "b"


@pytest.mark.parametrize(
    ("scope", "asked", "applies"),
    [
        ("reply = [550, 551]", {"reply": 551}, True),
        ("reply = [550]", {"reply": 450}, False),
        ("reply = [550]", {}, False),
        ("""status = ["5.1.1"]""", {"status": "5.1.1"}, True),
        ("""status = ["5.1.x"]""", {"status": "5.1.250"}, True),
        ("""status = ["x.1.1"]""", {"status": "4.1.1"}, True),
        ("""status = ["x.1.x"]""", {"status": "4.1.2"}, True),
        ("""status = ["x.1.1"]""", {"status": "4.1.10"}, False),
        ("class = 5", {"reply_class": 5}, True),
        ("class = 5", {"reply_class": 4}, False),
        ("""stage = "rcpt" """, {"stage": Stage.RCPT}, True),
        ("""stage = "rcpt" """, {"stage": None}, False),
        ("""provider = "google" """, {"providers": frozenset({"google", "yahoo"})}, True),
        ("""provider = "google" """, {"providers": frozenset()}, False),
    ],
)
def test_scopes(scope: str, asked: dict[str, object], *, applies: bool) -> None:
    """A phrase counts only where all scopes of its rule are met."""
    rules = rule_set(f"""rule = [{{ id = "a", any = ["rejected"], {scope} }}]""")
    assert (won(rules, "rejected", **asked) == "a") is applies


def test_pattern_must_match_too() -> None:
    """A regular expression stands behind a phrase and sees the normalised text."""
    rules = rule_set("""rule = [{ id = "a", any = ["error"], match = 'error \\d{3}$' }]""")
    assert won(rules, "ERROR  123") == "a"
    assert won(rules, "error 12") is None
    assert won(rules, "fault 123") is None


def test_flags_give_no_reason() -> None:
    """A rule with a flag tells about the text and never wins."""
    rules = rule_set("""rule = [{ id = "a", flag = "hedge", any = ["try again"] }]""", "modifiers")
    match = rules.match(Question("please try again"))
    assert match.winner is None
    assert match.flags == {"hedge"}


def test_every_reason_has_its_place() -> None:
    """The order of reasons is total."""
    assert sorted(PRECEDENCE) == sorted(Reason)


@pytest.mark.parametrize("status", [None, "", "5", "5.1", "3.1.1", "5.1.1 ", "5.1.1.1"])
def test_no_status_no_forms(status: str | None) -> None:
    """What is no enhanced status code meets no status scope."""
    assert status_forms(status) == ()


def test_empty_set_and_empty_text() -> None:
    """Nothing matches nothing."""
    assert RuleSet(()).match(Question("user unknown", 550, "5.1.1")).winner is None
    assert shipped().match(Question("")).winner is None
    assert shipped().match(Question(" \x00 \n")).winner is None
