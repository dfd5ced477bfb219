"""Many addresses at once, from a log of events: what-if, dry run and undo. Kept in memory, and free of I/O.

`Ledger` is the order in which a host does it with states of its own: guard first, then policy; and when the guard opens,
the events of the wave that were applied before it did, once more as held.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bouncery.policy import guard
from bouncery.policy.event import Event, EventKind, message_key, seconds
from bouncery.policy.numbers import HOUR
from bouncery.policy.state import NEW, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bouncery.policy.action import Action
    from bouncery.policy.core import Policy

Key = tuple[str, str, str]
"""Provider, reason and template of the diagnostic."""
WAVE = 100_000
"""Events of one wave that are taken back when the guard opens."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The events that `undo` leaves out: those that match all that is given. Empty, it matches nothing."""

    since: float | None = None
    until: float | None = None
    domain: str | None = None
    status: str | None = None
    text: str | None = None

    def matches(self, event: Event) -> bool:
        """Whether a failure, complaint or opt-out is among those to leave out."""
        if self == Selection() or event.kind not in {EventKind.FAILURE, EventKind.COMPLAINT, EventKind.UNSUBSCRIBE}:
            return False
        at = seconds(event.at)
        return (
            (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.domain is None or event.address.lower().endswith(f"@{self.domain.lower()}"))
            and (self.status is None or event.status == self.status)
            and (self.text is None or self.text.casefold() in (event.text or "").casefold())
        )


class Ledger:
    """The states of all addresses, providers and waves, in memory."""

    def __init__(self, policy: Policy) -> None:
        """Begin with nothing known."""
        self.policy = policy
        self.states: dict[str, State] = {}
        self.providers: dict[str, guard.Provider] = {}
        self.outages: dict[Key, guard.Outage] = {}
        self.forged = 0
        self._waves: dict[Key, deque[Event]] = {}

    def feed(self, event: Event, now: datetime | float | None = None) -> list[tuple[str, Action]]:
        """Take in one event, at its own time unless `now` is given; give the actions that follow, by address.

        There are several when the outage guard opens: what the wave did before is taken back.
        """
        moment = seconds(event.at if now is None else now)
        if event.forged:
            self.forged += 1
            return [(event.address, self._apply(event, moment))]
        if event.kind in {EventKind.SENT, EventKind.CLEAN} and event.provider:
            known = self.providers.get(event.provider, guard.Provider())
            self.providers[event.provider] = guard.sent(known, 1, moment, self.policy)
        if event.kind is not EventKind.FAILURE or not event.provider:
            return [(event.address, self._apply(event, moment))]
        if self.policy.ours(event):
            known = self.providers.get(event.provider, guard.Provider())
            self.providers[event.provider] = guard.refused(known, moment, self.policy)
        return self._failure(event, moment)

    def tick(self, now: datetime | float) -> list[tuple[str, Action]]:
        """Say what changes by time alone, for every address that has anything against it."""
        told = []
        for address, state in list(self.states.items()):
            if state.failures or state.fired_at is not None:
                self.states[address], action = self.policy.tick(state, now)
                if action.changed:
                    told.append((address, action))
        return told

    def _apply(self, event: Event, moment: float) -> Action:
        self.states[event.address], action = self.policy.apply(self.states.get(event.address), event, moment)
        return action

    def _failure(self, event: Event, moment: float) -> list[tuple[str, Action]]:
        state = self.states.get(event.address, NEW)
        if not self.policy.deadly(event):
            return [(event.address, self._apply(event, moment))]
        provider, key = event.provider or "", (event.provider or "", event.reason or "", event.template or "")
        self.providers[provider], self.outages[key], ruling = guard.rule(
            self.providers.get(provider, guard.Provider()),
            self.outages.get(key, guard.Outage()),
            moment,
            self.policy,
            first_death=self.policy.first_death(state, event, moment),
            died_before=died_before(state, event),
        )
        told = self._take_back(key, ruling.since, moment) if ruling.opened and ruling.since is not None else []
        self._remember(key, event, moment)
        return [*told, (event.address, self._apply(replace(event, held=True) if ruling.held else event, moment))]

    def _remember(self, key: Key, event: Event, moment: float) -> None:
        wave = self._waves.setdefault(key, deque(maxlen=WAVE))
        wave.append(event)
        while wave and seconds(wave[0].at) < moment - self.policy.outage_hours * HOUR:
            wave.popleft()

    def _take_back(self, key: Key, since: float, moment: float) -> list[tuple[str, Action]]:
        early = [event for event in self._waves.get(key, ()) if seconds(event.at) >= since]
        return [(event.address, self._apply(replace(event, held=True), moment)) for event in early]


def died_before(state: State, event: Event) -> float | None:
    """Give when the address first failed hard on another mail that was held, with no clean one since."""
    key, first = message_key(event, seconds(event.at)), None
    for trace in reversed(state.traces):
        if trace.failed is None and trace.sent is not None and trace.key != key:
            break
        if trace.hard and trace.held and trace.key != key:
            first = trace.time
    return first


def replay(policy: Policy, log: Iterable[Event], without: Selection | None = None) -> Ledger:
    """Give what would stand if the log had been heard without some of its events: undo, and what-if with another policy."""
    ledger = Ledger(policy)
    for event in log:
        if without is None or not without.matches(event):
            ledger.feed(event)
    return ledger
