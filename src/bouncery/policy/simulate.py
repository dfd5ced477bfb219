"""Rules on trial: made-up subscribers, a year of posts, and who was taken off the list, rightly or not. Free of I/O."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bouncery.policy import guard
from bouncery.policy.event import Event, EventKind, Level
from bouncery.policy.numbers import DAY
from bouncery.policy.population import ABANDONED, DEAD
from bouncery.policy.replay import Ledger
from bouncery.policy.state import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bouncery.policy.action import Action
    from bouncery.policy.core import Policy
    from bouncery.policy.population import Outcome, Subscriber

QUIET = 10
"""Clean posts in a row after which a rule is told only one in so many days: nothing changes by the others."""
REMINDER = 30
MINUTE = 60.0
GONE = frozenset({Step.SUSPEND, Step.REMOVE, Step.UNSUBSCRIBE})


class Rule(Protocol):
    """What is put on trial: for every subscriber, by number, whether it is still mailed."""

    def begin(self, subscribers: Sequence[Subscriber]) -> None:
        """Take the list as it is imported on day 0."""

    def mails(self, number: int, day: int) -> bool:
        """Whether it would mail a subscriber on a day."""

    def tell(self, number: int, day: int, post: int, outcome: Outcome | None) -> None:
        """Tell what a post met; None where it arrived. `post` counts the posts of the list from 0."""

    def posted(self, day: int, mailed: dict[str, int]) -> None:
        """Tell how many mails of a post go to each provider, before what they met."""

    def gone(self, number: int) -> bool:
        """Whether it has taken a subscriber off for good."""


class Ours:
    """A policy of this library with send log, signed return paths and the outage guard."""

    def __init__(self, policy: Policy) -> None:
        """Begin with nothing known."""
        self.ledger = Ledger(policy)
        self._subscribers: Sequence[Subscriber] = ()
        self._until: dict[int, float] = {}
        self._gone: set[int] = set()

    def begin(self, subscribers: Sequence[Subscriber]) -> None:
        """Tell that each address is new."""
        self._subscribers = subscribers
        for number, subscriber in enumerate(subscribers):
            self._feed(Event(address=str(number), at=subscriber.joins * DAY, kind=EventKind.ADDED))

    def mails(self, number: int, day: int) -> bool:
        """Neither held nor given up."""
        return number not in self._gone and self._until.get(number, 0.0) <= day * DAY

    def posted(self, day: int, mailed: dict[str, int]) -> None:
        """Tell the guard."""
        ledger = self.ledger
        for provider, count in mailed.items():
            known = ledger.providers.get(provider, guard.Provider())
            ledger.providers[provider] = guard.sent(known, count, day * DAY, ledger.policy)

    def tell(self, number: int, day: int, post: int, outcome: Outcome | None) -> None:
        """Tell that a mail went out, and what it met a minute later."""
        address, at, message = str(number), day * DAY, f"post-{post}"
        self._feed(Event(address=address, at=at, kind=EventKind.SENT, message=message))
        if outcome is None:
            return
        event = Event(
            address=address,
            at=at + MINUTE,
            kind=EventKind.FAILURE if outcome.final else EventKind.DELAY,
            message=message,
            decision=outcome.decision,
            reason=outcome.reason,
            status=outcome.status,
            provider=self._subscribers[number].provider,
            level=Level.L3 if outcome.genuine else Level.L0,
            forged=not outcome.genuine,
        )
        self._feed(event)

    def gone(self, number: int) -> bool:
        """Suspended or removed."""
        return number in self._gone

    def _feed(self, event: Event) -> None:
        for address, action in self.ledger.feed(event):
            self._heed(int(address), action)

    def _heed(self, number: int, action: Action) -> None:
        if action.step in GONE:
            self._gone.add(number)
        elif action.step is Step.HOLD and action.until is not None:
            self._until[number] = action.until
        elif action.step is not Step.NONE or action.changed:
            self._gone.discard(number)
            self._until.pop(number, None)


class Trial(NamedTuple):
    """What became of a list under one rule."""

    wrong: int
    """Subscribers who read their mail and were taken off at any time."""
    healthy: int
    dead_kept: int
    dead: int
    dead_days: float
    """Mean days from death to removal; one that is never removed counts until the end."""
    abandoned_kept: int
    abandoned: int
    abandoned_days: float
    wasted: int
    """Mails to addresses that nobody reads."""
    wrong_kinds: tuple[tuple[str, int], ...] = ()


def run(rule: Rule, subscribers: Sequence[Subscriber], days: int, every: int) -> Trial:
    """Post every so many days for a number of days, and look who is gone after each post."""
    rule.begin(subscribers)
    when: dict[int, int] = {}
    heard, told = [QUIET] * len(subscribers), [-REMINDER] * len(subscribers)
    wrong: set[int] = set()
    wasted = 0
    for post, day in enumerate(range(0, days, every)):
        mailed = [number for number, one in enumerate(subscribers) if one.joins <= day and rule.mails(number, day)]
        rule.posted(day, counts(subscribers[number].provider for number in mailed))
        for number in mailed:
            outcome = subscribers[number].meets(day)
            dies = subscribers[number].dies
            wasted += dies is not None and day >= dies and not (outcome and not outcome.genuine)
            heard[number] = 0 if outcome else heard[number] + 1
            if heard[number] <= QUIET or day - told[number] >= REMINDER:
                told[number] = day
                rule.tell(number, day, post, outcome)
        for number in mailed:
            if rule.gone(number):
                when.setdefault(number, day)
                if subscribers[number].dies is None or day < (subscribers[number].dies or 0):
                    wrong.add(number)
    return judged(subscribers, when, wrong, days, wasted)


def counts(names: Iterable[str]) -> dict[str, int]:
    """Count names."""
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def judged(subscribers: Sequence[Subscriber], when: dict[int, int], wrong: set[int], days: int, wasted: int) -> Trial:
    """Count what a rule did."""
    spans: dict[str, list[tuple[bool, int]]] = {"dead": [], "abandoned": []}
    for number, one in enumerate(subscribers):
        if one.dies is not None and number not in wrong:
            group = "dead" if one.kind in DEAD else "abandoned"
            assert one.kind in DEAD + ABANDONED  # noqa: S101  every kind that dies is in one of the two
            spans[group].append((number in when, when.get(number, days) - one.dies))
    dead, abandoned = spans["dead"], spans["abandoned"]
    return Trial(
        wrong=len(wrong),
        healthy=sum(one.dies is None for one in subscribers),
        dead_kept=sum(not gone for gone, _ in dead),
        dead=len(dead),
        dead_days=mean(span for _, span in dead) if dead else 0.0,
        abandoned_kept=sum(not gone for gone, _ in abandoned),
        abandoned=len(abandoned),
        abandoned_days=mean(span for _, span in abandoned) if abandoned else 0.0,
        wasted=wasted,
        wrong_kinds=tuple(sorted(counts(subscribers[number].kind for number in wrong).items())),
    )
