"""The end of a decision: what is news goes into the outbox, in one transaction with the states that it follows from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bouncery.deciding.engine import FREE, GONE, News, encoded, is_open
from bouncery.deciding.hearing import EVENT
from bouncery.deciding.line import Line, line
from bouncery.policy import guard_run
from bouncery.store.outbox import Parcel
from bouncery.store.states import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bouncery.deciding.engine import Engine
    from bouncery.policy import Action, Event
    from bouncery.store.book import Book


class Outcome(NamedTuple):
    """What is to be done, and what waits until somebody has looked at it."""

    lines: list[Line]
    withheld: list[Line]
    limit: int


class Closing:
    """Ends one decision."""

    def __init__(self, book: Book, engine: Engine, told: Mapping[str, Standing], now: float, number: str) -> None:
        """Take what was concluded, and what the host was told before; `number` tells this decision from all others."""
        self.book = book
        self.engine = engine
        self.told = told
        self.now = now
        self.number = number
        self.first = book.outbox.following()
        self.parcels: list[Parcel] = []

    def end(
        self, lists: Iterable[tuple[str, Action, str]], fresh: Mapping[str, list[Event]], *, force: bool, size: int | None
    ) -> Outcome:
        """Say what is to be done, and write it all down unless the book is open for reading alone.

        `lists` is what is to be done about single lists, with the step that the outbox knows it by; `fresh` are events
        that are not in the book.
        """
        news = list(self.engine.news(self.now, self.told))
        allowed, excess, limit = self.guarded(news, force=force, size=size)
        found = [*((one.key, one.action, one.action.step.value) for one in allowed), *lists]
        lines = [self.send(key, action, step, fresh.get(key, ())) for key, action, step in found]
        withheld = [self.line(one.key, one.action, fresh.get(one.key, ()), "") for one in excess]
        if self.book.write:
            self.book.outbox.add(self.parcels)
            self.book.states.put(list(self.standings(allowed, excess)))
            self.book.states.put_guards(self.engine.guards())
        return Outcome(lines, withheld, limit)

    def guarded(self, news: list[News], *, force: bool, size: int | None) -> tuple[list[News], list[News], int]:
        """Let a run suspend only so many; what was withheld once waits until it is forced."""
        ending = [one for one in news if one.action.step in GONE and not one.was_gone]
        ending.sort(key=lambda one: (one.action.since or 0.0, one.key))
        waiting = [one for one in ending if one.withheld and not force]
        able = [one for one in ending if force or not one.withheld]
        known = self.book.states.count() + sum(key not in self.told for key in self.engine.touched)
        run = guard_run(able, size or known, self.engine.policy, force=force)
        excess = [*able[len(run.allowed) :], *waiting]
        held = {one.key for one in excess}
        return [one for one in news if one.key not in held], excess, run.limit

    def send(self, key: str, action: Action, step: str, fresh: Iterable[Event]) -> Line:
        """Put an action into the outbox."""
        number = self.first + len(self.parcels)
        made = self.line(key, action, fresh, f"{self.number}-{number}")
        person = self.book.sends.person(key)
        self.parcels.append(Parcel(person, step, made.list, made.json(), number, at=self.now))
        return made

    def line(self, key: str, action: Action, fresh: Iterable[Event], number: str) -> Line:
        """Make the line of an action, with what is known of the events behind it."""
        kept = (EVENT.decode(one.event) for one in self.book.heard.of_person(self.book.sends.person(key)))
        return line(number, self.engine.address(key), action, [*kept, *fresh])

    def standings(self, allowed: list[News], excess: list[News]) -> Iterator[Standing]:
        """Give what is to be remembered of the addresses that something happened to."""
        told = {one.key: one.told for one in allowed}
        held = {one.key for one in excess}
        memory, engine = self.engine.memory, self.engine
        keys = {*engine.touched, *told, *(key for key, state in memory.items() if is_open(state))}
        for key in sorted(keys):
            state, before = memory.get(key), self.told.get(key)
            known = told.get(key, before.told if before else FREE)
            text = encoded(state) if state is not None else "{}"
            opened = state is not None and is_open(state)
            yield Standing(self.book.sends.person(key), engine.address(key), text, opened, known, key in held)
