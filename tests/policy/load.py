"""Logs of many events, for measuring."""

from __future__ import annotations

import random
import time

from bouncery.model import Decision, Reason
from bouncery.policy import Event, EventKind, Level, Policy, State
from bouncery.policy.numbers import DAY


def failure(address: str, at: float, message: str, reason: Reason = Reason.USER_UNKNOWN) -> Event:
    """Make a failure that a token proves."""
    hard = reason is Reason.USER_UNKNOWN
    return Event(
        address=address,
        at=at,
        kind=EventKind.FAILURE,
        message=message,
        decision=Decision.HARD if hard else Decision.SOFT,
        reason=reason,
        status="5.1.1" if hard else "5.2.2",
        level=Level.L3,
    )


def logs(count: int) -> dict[str, list[Event]]:
    """Give a log as of a daily list, one as of a bounce mailbox that knows no sends, and one of nothing but failures of few."""
    chance = random.Random(7)  # noqa: S311
    addresses = [f"u{number}@example.com" for number in range(max(10, count // 100))]
    daily: list[Event] = []
    day = 0
    while len(daily) < count:
        day += 1
        for address in addresses:
            daily.append(Event(address=address, at=day * DAY, kind=EventKind.SENT, message=f"m{day}"))
            if chance.random() < 0.03:
                daily.append(
                    failure(address, day * DAY + 60, f"m{day}", chance.choice([Reason.USER_UNKNOWN, Reason.MAILBOX_FULL]))
                )
    many = [f"u{number}@example.net" for number in range(max(10, count // 5))]
    usual = [failure(many[number % len(many)], number // len(many) * 9 * DAY, f"n{number}") for number in range(count)]
    mailbox = [failure(chance.choice(addresses), number * 60.0, f"n{number}") for number in range(count)]
    few = [
        failure(addresses[number % 10], number // 10 * DAY, f"f{number}", Reason.MAILBOX_FULL) for number in range(count // 10)
    ]
    return {
        "daily list, 3 % bounce": daily[:count],
        "bounces only, 5 an address": usual,
        "bounces only, 100 an address": mailbox,
        "bounces only, thousands an address": few,
    }


def through(policy: Policy, log: list[Event]) -> dict[str, State]:
    """Apply a log."""
    states: dict[str, State] = {}
    for event in log:
        address = event.address
        states[address], _ = policy.apply(states.get(address), event, event.at)
    return states


def growth() -> tuple[float, float]:
    """Give the seconds that an event costs after a short and after a long history, best of several.

    The address is never removed, which would end the work.
    """
    policy = Policy(remove_days=1e9)
    return cost(policy, 100), cost(policy, 10_000)


def cost(policy: Policy, before: int) -> float:
    """Give the seconds of one more event, best of several, after so many others."""
    state = None
    for number in range(before):
        event = failure("u@example.com", number * DAY, f"m{number}", Reason.MAILBOX_FULL)
        state, _ = policy.apply(state, event, event.at)
    event = failure("u@example.com", before * DAY, "next", Reason.MAILBOX_FULL)
    best = 1.0
    for _ in range(200):
        begin = time.perf_counter()
        policy.apply(state, event, event.at)
        best = min(best, time.perf_counter() - begin)
    return best
