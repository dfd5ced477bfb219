"""Each check of the lint can fail, says where and says what to do."""

from __future__ import annotations

import pytest

from bouncery.rules.lint import lint_files, overrides, read_all
from bouncery.rules.pattern import pattern_problems

GOOD = """
[[rule]]
id = "wombat"
any = ["wombat burrow is closed"]
source = "our own gateway"
hits = ["550 5.1.1 The wombat burrow is closed"]
"""


def problems(toml: str, path: str = "mine/mailbox_disabled.toml") -> list[str]:
    """Give all problems of a user's file."""
    return [str(error) for error in lint_files([(path, toml)])]


def rule(**changed: str) -> str:
    """Write the good rule with other values; an empty value takes a key out."""
    values = {
        "id": '"wombat"',
        "any": '["wombat burrow is closed"]',
        "source": '"our own gateway"',
        "hits": '["550 5.1.1 The wombat burrow is closed"]',
    }
    values |= changed
    return "[[rule]]\n" + "".join(f"{key.rstrip('_')} = {value}\n" for key, value in values.items() if value)


def test_good_rule_has_no_problem() -> None:
    """The lint is silent where nothing is wrong."""
    assert problems(GOOD) == []
    assert rule() == GOOD.lstrip()


def test_shipped_rules_have_no_problem() -> None:
    """What we ship holds what we ask of others."""
    found = lint_files([])
    assert not found, "\n".join(map(str, found))


WRONG = {
    "unknown key": (rule(anny='["x"]'), "unknown key 'anny'; did you mean 'any'?"),
    "key of the loader": (rule(user="true"), "unknown key 'user'; "),
    "unknown key of the file": ("rules = []\n" + GOOD, "unknown key 'rules'; did you mean 'rule'?"),
    "no TOML": ("[[rule]\n", "is no TOML: "),
    "rule is a table": ("[rule]\nid = 'x'\n", "rules are [[rule]] tables"),
    "no id": (rule(id=""), "a [[rule]] without an id"),
    "wrong type": (rule(reply='"550"'), "Expected `array`"),
    "number for a list": (rule(none="1"), "a value has the wrong type"),
    "reason and flag": (rule(flag='"hedge"'), "needs either a reason"),
    "no such reason": (rule(reason='"wombat"'), "Invalid enum value 'wombat'"),
    "duplicate id": (GOOD + GOOD, "the id 'mailbox_disabled/wombat' is taken by another rule"),
    "no source": (rule(source=""), "has no source; say where"),
    "blank source": (rule(source='" "'), "has no source; say where"),
    "no hits": (rule(hits=""), "has no hits; add a reply"),
    "no misses": (rule(any='["wombat shut"]', hits='["550 wombat shut"]'), "has a phrase under 12 characters and no misses"),
    "nothing to match": (rule(any="[]"), "has neither any, status nor reply"),
    "empty phrase": (rule(any='["wombat burrow is closed", ""]'), "the phrase '' is empty"),
    "only a gap": (rule(any='["wombat burrow is closed", " … "]'), "the phrase ' … ' is empty"),
    "address in phrase": (
        rule(any='["wombat burrow is closed", "burrow of u@example.com"]'),
        "because addresses are taken out",
    ),
    "code in phrase": (
        rule(any='["wombat burrow is closed", "550-5.1.1 burrow closed"]'),
        "because codes before a '-' are taken out",
    ),
    "double spaces": (rule(any='["wombat  burrow is closed"]'), "has surplus spaces"),
    "space at the end": (rule(any='["wombat burrow is closed "]'), "has surplus spaces"),
    "short phrase": (rule(any='["wombat burrow is closed", "bur"]', misses='["550 burr"]'), "the phrase 'bur' is too short"),
    "short parts": (
        rule(any='["wombat burrow is closed", "bur … clo"]', misses='["550 burr"]'),
        "the phrase 'bur … clo' is too short",
    ),
    "veto in phrase": (rule(none='["BURROW"]'), "because it contains the veto 'burrow'"),
    "veto of the file": ('none = ["búrrow"]\n' + GOOD, "because it contains the veto 'burrow'"),
    "phrase twice": (rule(any='["wombat burrow is closed", "Wombat burrow ís closed"]'), "stands in it twice"),
    "match without any": (rule(any="", status='["5.1.1"]', match="'x'"), "has match without any"),
    "bad status": (rule(status='["5.1"]'), "the status '5.1' matches no code"),
    "status that no reply has": (rule(status='["5.x.x"]'), "the status '5.x.x' matches no code"),
    "bad reply": (rule(reply="[5500]"), "the reply 5500 is no SMTP reply code"),
    "unknown provider": (rule(provider='"gogle"'), "the provider 'gogle' is not in hosts.toml; did you mean 'google'?"),
    "generic without phrase": (rule(any="", reply="[550]", generic="true"), "generic means nothing without any"),
    "token without phrase": (rule(any="", reply="[550]", token="true"), "token means nothing without any"),  # noqa: S106
    "weak without status": (rule(weak="true"), "weak means nothing without status"),
    "hit of no rule": (rule(hits='["550 wombat burrow open"]'), "the hit '550 wombat burrow open' gives no rule"),
    "hit out of scope": (rule(reply="[552]"), "the hit '550 5.1.1 The wombat burrow is closed' gives 'statuses/"),
    "miss that hits": (
        rule(misses='["550 wombat burrow is closed"]'),
        "the miss '550 wombat burrow is closed' gives this rule",
    ),
    "flag that is not raised": (rule(reason="", flag='"hedge"', hits='["550 x"]'), "the hit '550 x' gives "),
    "flag that a miss raises": (
        rule(reason="", flag='"hedge"', misses='["wombat burrow is closed"]'),
        "the miss 'wombat burrow is closed' gives this rule",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rule_is_named(name: str) -> None:
    """Each problem is found, with the file and the cure behind a semicolon, a colon or a full sentence."""
    toml, problem = WRONG[name]
    path = "mine/modifiers.toml" if "flag" in name and "reason" not in name else "mine/mailbox_disabled.toml"
    found = problems(toml, path)
    assert any(problem in one for one in found), found
    assert all(one.startswith(f"{path}: ") for one in found)


def test_same_phrase_for_two_reasons() -> None:
    """Rules of one rank that disagree on a phrase are named both."""
    other = rule(id='"koala"', reason='"mailbox_full"', any='["Wombat Burrow is closed"]')
    assert (
        "the phrase 'wombat burrow is closed' gives mailbox_full here and mailbox_disabled in 'mailbox_disabled/wombat'"
        in "\n".join(problems(GOOD + other))
    )


@pytest.mark.parametrize(
    "scope", ["reply = [550]", "status = ['5.1.1']", "class = 5", "stage = 'rcpt'", "generic = true", "provider = 'google'"]
)
def test_scope_tells_two_reasons_apart(scope: str) -> None:
    """A rule of another rank or scope may disagree."""
    other = rule(id='"koala"', reason='"mailbox_full"', hits="['x']") + scope
    assert not [one for one in problems(GOOD + other) if "here and" in one]


def test_same_code_for_two_reasons() -> None:
    """Codes are held to the same."""
    one, two = (rule(id=f'"{name}"', reason=f'"{name}"', any="", status='["5.9.9"]') for name in ("spam", "virus"))
    assert any("the code 5.9.9 gives virus here and spam in" in problem for problem in problems(one + two))


def test_all_problems_at_once() -> None:
    """One run shows everything that is wrong with a file, in its order, broken rules beside readable ones."""
    toml = rule(source="", anny="1") + rule(id="") + rule(id='"koala"', hits="", reply="[1]") + rule(id='"emu"', match="'('")
    errors = lint_files([("a.toml", toml.replace("[[rule]]", "[[rule]]\nreason = 'spam'")), ("b.toml", "x")])
    assert {(error.path, error.rule_id) for error in errors} == {
        ("a.toml", "wombat"),
        ("a.toml", None),
        ("a.toml", "koala"),
        ("a.toml", "emu"),
        ("b.toml", None),
    }
    assert len(errors) >= 7


PATTERNS = {
    r"a+": "without a bound",
    r"a*": "without a bound",
    r"a{2,}": "without a bound",
    r"a{0,9999}": "without a bound",
    r"a*?": "without a bound",
    r"(?>a+)": "without a bound",
    r"(?:a{1,5}){1,5}": "quantifier inside a quantifier",
    r"(?:x|(a{1,5})?b){2}": "quantifier inside a quantifier",
    r"x(?=a)": "looks ahead or behind",
    r"(?!a)": "looks ahead or behind",
    r"(?<=a)b": "looks ahead or behind",
    r"(?<!a)b": "looks ahead or behind",
    r"(a)\1": "refers back",
    r"(?P<x>a)(?P=x)": "refers back",
    r"(a)?(?(1)b|c)": "refers back",
    r"(": "is no regular expression",
    r"a{99999999999}": "is no regular expression",
    r"Wombat": "holds 'W', which normalised text never does",
    r"é": "holds 'é', which normalised text never does",
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_costly_pattern(pattern: str) -> None:
    """What could take more than a bounded look at each place is refused, wherever it stands."""
    assert any(PATTERNS[pattern] in problem for problem in pattern_problems(pattern))
    assert any(PATTERNS[pattern] in problem for problem in problems(rule(match=f"'''{pattern}'''")))


@pytest.mark.parametrize(
    "pattern",
    [r"\bofr_\d{3}\b", r"a{1,200}b?", r"(?:a|b){2}", r"(?:(?:ab?){3})?", r"[a-z0-9]{0,3}$", r"\S{1,100} ", "почта", "x"],
)
def test_bounded_pattern(pattern: str) -> None:
    """What is bounded may be used."""
    assert pattern_problems(pattern) == []


def test_overrides_name_the_shipped_rule() -> None:
    """A user sees which shipped rules lose replies to each own rule, by the examples of both."""
    own = rule(reason='"policy"', any='["user unknown"]', hits='["550 5.1.1 User unknown"]')
    found = overrides([("mine.toml", own)])
    assert ("mine/wombat", "user_unknown/unknown") in found
    assert found == sorted(set(found))
    assert all(user == "mine/wombat" for user, _ in found)


def test_new_words_override_nothing_but_codes() -> None:
    """A rule for words that no shipped rule knows takes replies from rules for codes at most."""
    assert {shipped.partition("/")[0] for _, shipped in overrides([("mailbox_disabled.toml", GOOD)])} <= {"statuses", "replies"}


def test_readable_rules_of_a_broken_file_are_read() -> None:
    """One broken rule does not hide the others."""
    found: list[object] = []
    assert [rule.id for _, rule in read_all("spam.toml", rule(id="") + GOOD, found, user=True)] == ["spam/wombat"]  # type: ignore[arg-type]
    assert len(found) == 1
