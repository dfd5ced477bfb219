"""Where an address stands: score and ladder, what counts against it, and what was handed over about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery.deciding.engine import STATE
from bouncery.deciding.hearing import EVENT
from bouncery.deciding.line import READ, iso, line, words
from bouncery.deciding.undo import POLICY
from bouncery.policy import State, Step
from bouncery.store.book import book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.policy import Action
    from bouncery.store import Store
    from bouncery.store.book import Book
    from bouncery.store.outbox import Parcel

LADDER = (Step.NONE, Step.WATCH, Step.HOLD, Step.PROBE, Step.SUSPEND, Step.REMOVE)


def story(store: Store, address: str, now: float) -> list[str]:
    """Give the lines about an address; none if nothing was decided about it. They hold words of strangers."""
    with book(store) as opened:
        return list(lines(opened, address, now))


def lines(book: Book, address: str, now: float) -> Iterator[str]:
    """Give the lines."""
    person = book.sends.person(address)
    heard, parcels, run = book.heard.of_person(person), book.outbox.of(person), book.heard.last_run()
    standing = next(iter(book.states.many([person])), None)
    mails = book.sends.of(address)
    if mails:
        yield f"{mails} {'mail' if mails == 1 else 'mails'} in the send log"
    if run is None or standing is None:
        return
    state = STATE.decode(standing.state)
    _, action = POLICY.decode(run.policy).tick(state, now)
    yield from position(state, action)
    events = [EVENT.decode(one.event) for one in heard if one.undo is None]
    for strike in line("", address, action, events).evidence:
        yield f"  {words(strike)}"
    if standing.withheld:
        yield "withheld by the run guard: bouncery decide --force lets it go"
    undone = [EVENT.decode(one.event) for one in heard if one.undo is not None]
    if undone:
        last = max(event.at for event in undone if isinstance(event.at, float))
        yield f"{len(undone)} {'event' if len(undone) == 1 else 'events'} undone, the last one of {iso(last)}"
    for parcel in parcels:
        yield told(parcel)


def position(state: State, action: Action) -> Iterator[str]:
    """Give the place on the ladder, and why."""
    step = action.step if action.step in LADDER else Step.NONE
    until = f" until {iso(action.until)}" if action.until is not None else ""
    yield " > ".join(f"[{one}]" if one is step else one.value for one in LADDER) + until
    if action.threshold:
        yield f"score {action.score:.2f} of {action.threshold:.2f}: {action.why}"
    elif action.why:
        yield action.why
    for name, at in state.left:
        yield f"left {name or 'all lists'} at {iso(at)}"


def told(parcel: Parcel) -> str:
    """Say what was handed over."""
    action = READ.decode(parcel.body)
    where = f" from {action.list}" if action.list else ""
    reason = f" ({parcel.reason})" if parcel.reason else ""
    return f"{iso(parcel.at)} {action.step}{where}: {parcel.status}{reason}"
