"""One address, one history: who is kept, who is given up, and after how many posts."""

from __future__ import annotations

import pytest

from bouncery.policy import Policy
from bouncery.policy.population import (
    BLOCKED,
    DELAYED,
    EXPIRED,
    FOREVER,
    FORGED,
    FULL,
    NO_DOMAIN,
    REFUSED,
    UNKNOWN,
    Spell,
    Subscriber,
    meeting,
)
from bouncery.policy.simulate import Ours

DAILY, WEEKLY, MONTHLY = 1, 7, 30


def life(policy: Policy, every: int, *spells: Spell, days: int = 365) -> tuple[int, int] | None:
    """Give the day on which an address is given up and the posts that it was sent by then; None if it is kept."""
    subscriber = Subscriber("one", "example.com", meeting(spells))
    rule = Ours(policy)
    rule.begin([subscriber])
    sent = 0
    for post, day in enumerate(range(0, days, every)):
        if rule.mails(0, day):
            sent += 1
            rule.tell(0, day, post, subscriber.meets(day))
            if rule.gone(0):
                return day, sent
    return None


HEALTHY = {
    "false unknown for two days, daily": (DAILY, [Spell(100, 101, UNKNOWN)]),
    "one false unknown, weekly": (WEEKLY, [Spell(70, 70, UNKNOWN)]),
    "one false unknown, monthly": (MONTHLY, [Spell(90, 90, UNKNOWN)]),
    "refused by policy on every fourth post, daily": (DAILY, [Spell(20, FOREVER, REFUSED, 4)]),
    "our host blocklisted for a week, daily": (DAILY, [Spell(50, 56, BLOCKED)]),
    "our host blocklisted for five weeks, weekly": (WEEKLY, [Spell(70, 105, BLOCKED)]),
    "every post delayed, daily": (DAILY, [Spell(20, FOREVER, DELAYED)]),
    "mailbox full for ten days, daily": (DAILY, [Spell(50, 59, FULL)]),
    "forged bounces for two weeks, daily": (DAILY, [Spell(50, 63, FORGED)]),
    "host down for four days, daily": (DAILY, [Spell(50, 53, EXPIRED)]),
    "full every other week, daily": (DAILY, [Spell(first, first + 6, FULL) for first in range(20, 360, 14)]),
}


@pytest.mark.parametrize("preset", ["default", "cautious"])
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_addresses_stay(name: str, preset: str) -> None:
    """Nobody who reads mail is given up."""
    every, spells = HEALTHY[name]
    assert life(Policy.preset(preset), every, *spells) is None


@pytest.mark.parametrize(
    ("every", "first", "outcome", "expected"),
    [
        (DAILY, 0, UNKNOWN, (0, 1)),
        (DAILY, 20, UNKNOWN, (23, 22)),
        (WEEKLY, 20, UNKNOWN, (28, 5)),
        (MONTHLY, 20, UNKNOWN, (60, 3)),
        (DAILY, 20, NO_DOMAIN, (23, 22)),
        (DAILY, 20, FULL, (50, 51)),
        (WEEKLY, 20, FULL, (84, 13)),
        (WEEKLY, 20, EXPIRED, (84, 13)),
    ],
)
def test_dead_addresses_go(every: int, first: int, outcome: object, expected: tuple[int, int]) -> None:
    """A dead address goes after its second failure, a new one after its first, a full one after a month or ten posts."""
    assert life(Policy(), every, Spell(first, FOREVER, outcome)) == expected  # type: ignore[arg-type]


def test_within_the_promised_time() -> None:
    """Four days on a daily list, two posts on weekly and monthly ones."""
    died = 20
    for every, days, posts in ((DAILY, 4, 4), (WEEKLY, 14, 2), (MONTHLY, 60, 2)):
        gone = life(Policy(), every, Spell(died, FOREVER, UNKNOWN))
        assert gone is not None
        assert gone[0] - died <= days
        assert gone[1] - len(range(0, died, every)) <= posts


@pytest.mark.parametrize(("preset", "expected"), [("strict", (20, 21)), ("default", (23, 22)), ("cautious", (28, 23))])
def test_presets(preset: str, expected: tuple[int, int]) -> None:
    """Strict takes one strike, the default two, cautious three in a week."""
    assert life(Policy.preset(preset), DAILY, Spell(20, FOREVER, UNKNOWN)) == expected


def test_doubtful_evidence_takes_longer() -> None:
    """Where text alone says it, four failures are needed."""
    policy = Policy(sure=2.0)
    doubtful = UNKNOWN._replace(status="5.0.0")
    assert life(policy, WEEKLY, Spell(20, FOREVER, doubtful)) == (42, 7)
