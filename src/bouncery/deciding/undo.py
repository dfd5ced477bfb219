"""Undo: some events of the past never happened. They stay in the record, marked; everything is concluded anew without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery.address import comparable
from bouncery.deciding.closing import Closing
from bouncery.deciding.engine import Engine
from bouncery.deciding.hearing import EVENT, recorded
from bouncery.policy import Action, Policy, Step
from bouncery.store.book import book

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from bouncery.deciding.line import Line
    from bouncery.deciding.selection import Selected
    from bouncery.store import Store
    from bouncery.store.book import Book
    from bouncery.store.heard import Run

POLICY = msgspec.json.Decoder(Policy)
BACK = "resubscribe"
"""What the outbox calls the way back onto a list."""
WHY_BACK = "The complaint or opt-out was undone: it was not about this recipient, or not real."


class Undone(NamedTuple):
    """What an undoing came to."""

    events: int
    lines: list[Line]
    withheld: list[Line]


def undo(store: Store, selected: Selected, *, now: float, dry: bool = False) -> Undone:
    """Undo what is selected among all messages in the record now, whether it was decided on or not.

    What follows goes into the outbox: `clear` for whoever was given up because of these events.
    """
    with book(store, write=not dry) as opened:
        hits = [
            hearing.id
            for hearing in opened.heard.all()
            if hearing.undo is None and selected.matches(EVENT.decode(hearing.event))
        ]
        if opened.write:
            opened.heard.undo(hits, opened.heard.begin_undo(now, selected.written()))
        last = opened.heard.last_run()
        if last is None:
            return Undone(0, [], [])
        return Undone(len(hits), *anew(opened, last, frozenset(hits), now))


def anew(book: Book, last: Run, without: Container[int], now: float) -> tuple[list[Line], list[Line]]:
    """Conclude everything anew, and say what the host must be told."""
    told = {comparable(standing.address): standing for standing in book.states.all()}
    engine = replayed(book, without)
    engine.memory.standings.update(told)
    engine.touched.update(dict.fromkeys(told))
    number = book.heard.begin_run(now, last.policy, last.messages, last.sends) if book.write else 0
    if book.write:
        book.states.forget()
    engine.pass_time(now)
    closing = Closing(book, engine, told, now, f"{number}@{now}")
    outcome = closing.end(list(memberships(book, engine)), {}, force=False, size=len(told))
    return outcome.lines, outcome.withheld


def replayed(book: Book, without: Container[int] = (), policy: Policy | None = None) -> Engine:
    """Decide on everything once more as it was decided, run by run; under another policy if one is given."""
    engine, before = Engine(policy or Policy()), None
    for run in book.heard.runs():
        engine.policy = policy or POLICY.decode(run.policy)
        for item in recorded(book, run, before, without):
            engine.hear(item.event)
        engine.pass_time(run.at)
        before = run
    return engine


def memberships(book: Book, engine: Engine) -> Iterator[tuple[str, Action, str]]:
    """Give what changes about single lists: who is back on one, and who is off."""
    last = {(parcel.recipient, parcel.list): parcel.step for parcel in book.outbox.lists()}
    off = {(book.sends.person(key), where): (key, action) for (key, where), action in engine.left.items()}
    names = {book.sends.person(key): key for key in engine.touched}
    for (person, where), step in last.items():
        if step != BACK and (person, where) not in off and person in names:
            yield names[person], Action(step=Step.CLEAR, changed=True, rule="life", list=where, why=WHY_BACK), BACK
    for known, (key, action) in off.items():
        if last.get(known, BACK) == BACK:
            yield key, action, action.step.value
