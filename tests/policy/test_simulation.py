"""A small simulated year, and the cost of an event; the large ones are in `python -m tests.bench.policy`."""

from __future__ import annotations

from random import Random

import pytest

from bouncery.policy import Policy
from bouncery.policy.population import ABANDONED, DEAD, populate
from bouncery.policy.simulate import Ours, run
from tests.policy import load
from tests.policy.rivals import Mailman3, rivals

SIZE, DAYS = 300, 365


@pytest.mark.parametrize("every", [1, 7, 30])
def test_nobody_alive_is_taken_off(every: int) -> None:
    """And dead addresses go sooner than under Mailman 3."""
    subscribers = populate(SIZE, DAYS, Random(3))  # noqa: S311
    ours, theirs = run(Ours(Policy()), subscribers, DAYS, every), run(Mailman3(), subscribers, DAYS, every)
    assert ours.wrong == 0
    assert ours.wrong <= theirs.wrong
    assert ours.dead_kept == 0
    assert ours.dead_days < theirs.dead_days
    assert run(Ours(Policy.preset("cautious")), subscribers, DAYS, every).wrong == 0


def test_others_are_on_trial_as_well() -> None:
    """Each takes somebody off, and none has the state of another."""
    subscribers = populate(SIZE, DAYS, Random(3))  # noqa: S311
    trials = {name: run(rule, subscribers, DAYS, 1) for name, rule in rivals().items()}
    assert trials["listmonk"].dead_days <= trials["Mailman 3"].dead_days <= trials["Sympa"].dead_days
    assert all(trial.wrong for name, trial in trials.items() if name != "Sympa")


def test_populations_are_repeatable() -> None:
    """The same seed, the same people; every kind is among them."""
    one, other = populate(3_000, DAYS, Random(1)), populate(3_000, DAYS, Random(1))  # noqa: S311
    assert [person[:2] + person[3:] for person in one] == [person[:2] + person[3:] for person in other]
    assert [person.meets(90) for person in one] == [person.meets(90) for person in other]
    assert {*DEAD, *ABANDONED, "lives", "forged bounces"} <= {person.kind for person in one}


def test_an_event_costs_the_same_after_a_long_history() -> None:
    """After ten thousand as after a hundred."""
    short, long = load.growth()
    assert long < 3 * short
