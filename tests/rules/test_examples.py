"""Each rule on its own examples, through the public function and against all other rules."""

from __future__ import annotations

from functools import cache

import pytest

from bouncery import Action, classify
from bouncery.rules import DATA_FILES, Rule, RuleSet, shipped_files, shipped_rules
from bouncery.rules.lint import gives, provider_host
from bouncery.rules.rule import read_rules

NAMES = [file.name for file in shipped_files() if file.name not in DATA_FILES]


@cache
def rules_of(name: str) -> tuple[Rule, ...]:
    """Read the rules of one file."""
    file = next(file for file in shipped_files() if file.name == name)
    return tuple(read_rules(file.read_text("utf-8"), name, name.removesuffix(".toml")))


def judged(rule: Rule, example: str) -> str:
    """Give the rule and the reason of a final report, from the host and at the stage that the rule is for."""
    verdict = classify(example, action=Action.FAILED, mta=provider_host(rule.provider), stage=rule.stage)
    return f"{verdict.rule} ({verdict.reason})"


@pytest.mark.parametrize("name", NAMES)
def test_hits_give_their_rule(name: str) -> None:
    """A rule that does not win on its own example is no knowledge."""
    wrong = [
        f"{rule.id}: {hit!r} gives {judged(rule, hit)}"
        for rule in rules_of(name)
        for hit in rule.hits
        if rule.reason and judged(rule, hit) != f"{rule.id} ({rule.reason})"
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_misses_do_not(name: str) -> None:
    """What looks alike and means something else does not give the rule."""
    wrong = [
        f"{rule.id}: {miss!r} gives it"
        for rule in rules_of(name)
        for miss in rule.misses
        if judged(rule, miss).startswith(f"{rule.id} (")
    ]
    assert not wrong, "\n".join(wrong)


def test_flags_are_raised_by_their_hits_alone() -> None:
    """A rule with a flag gives no verdict of its own; its words are judged without the other rules."""
    wrong = [
        f"{rule.id}: {example!r}"
        for rule in shipped_rules()
        if rule.flag
        for examples, wanted in ((rule.hits, True), (rule.misses, False))
        for example in examples
        if gives(rule, example, RuleSet((rule,))) is not wanted
    ]
    assert not wrong, "\n".join(wrong)
