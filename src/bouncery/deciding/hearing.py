"""What is to be heard, in the order of time: new messages of the record with their proofs, and the send log."""

from __future__ import annotations

from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from bouncery.deciding.proofs import bracketed, is_attempt, is_delivery, name_of
from bouncery.deciding.selection import Selected
from bouncery.policy import Event, EventKind, events
from bouncery.policy.event import LIFE, OPT_OUT
from bouncery.store.identity import storable
from bouncery.store.sends import Send

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from bouncery.deciding.proofs import Proofs
    from bouncery.store.book import Book
    from bouncery.store.heard import Hearing, Message, Run

EVENT = msgspec.json.Decoder(Event)
COUNTS = frozenset({EventKind.FAILURE, EventKind.DELAY}) | LIFE | OPT_OUT
"""Kinds of reports that the policy listens to."""
LONGEST = 320
"""Characters of an address (RFC 3696, erratum 1690); about a longer one nothing is decided."""
HOST = frozenset(
    {EventKind.SENT, EventKind.CLEAN, EventKind.CLICK, EventKind.OPEN, EventKind.REPLY}
    | {EventKind.PROBE, EventKind.WARNING, EventKind.ADDED, EventKind.OWNER}
)
"""Kinds that the host tells in the send log."""


class Item(NamedTuple):
    """One event on its way into the policy; of two at one moment, what the host did comes first."""

    at: int
    rank: int
    event: Event
    message: int = 0
    undo: int | None = None
    send: Send | None = None


def in_order(*streams: Iterable[Item]) -> Iterator[Item]:
    """Give the items of streams, each in the order of time, as one."""
    for _, group in groupby(merge(*streams, key=when), key=when):
        yield from sorted(group, key=rank)


def when(item: Item) -> int:
    """Give the time of an item."""
    return item.at


def rank(item: Item) -> int:
    """Give the rank of an item among those of the same moment."""
    return item.rank


def told_by_host(book: Book, after: int, upto: int, now: float) -> Iterator[Item]:
    """Give what the send log says behind one number up to another; nothing has happened later than now."""
    for row in book.sends.between(after, upto):
        yield sent(row, now)


def sent(row: Any, now: float) -> Item:  # noqa: ANN401 - a row of the send log
    """Give the item of a row of the send log."""
    at = min(row.at, int(now))
    event = Event(
        address=row.address,
        at=float(at),
        kind=EventKind(row.kind),
        message=name_of(row),
        list=row.list,
        provider=row.provider or None,
    )
    return Item(at, 0, event)


def recorded(book: Book, run: Run, before: Run | None, without: Container[int] = ()) -> Iterator[Item]:
    """Give what a run has heard, in the same order, but for what was undone and some events by their numbers."""
    counting = (one for one in book.heard.of_run(run.id) if one.undo is None and one.id not in without)
    heard = (again(hearing) for hearing in counting)
    return in_order(told_by_host(book, before.sends if before else 0, run.sends, run.at), heard)


def again(hearing: Hearing) -> Item:
    """Give the item of an event that a run has heard."""
    return Item(hearing.at, 1, EVENT.decode(hearing.event), hearing.message, hearing.undo)


class News:
    """What no run has heard yet."""

    def __init__(self, book: Book, proofs: Proofs, since: float | None, now: float) -> None:
        """Take the book, and how events are proven; messages about what was before `since` are left out."""
        self.book = book
        self.proofs = proofs
        self.since = since
        self.now = now
        self.before = book.heard.last_run()
        self.messages = book.heard.last_message()
        self.sends = book.sends.last()
        self.undos = [(undo.id, undo.messages, Selected.read(undo.selection)) for undo in book.heard.undos()]

    def items(self) -> Iterator[Item]:
        """Give everything new in the order of time."""
        messages, sends = (self.before.messages, self.before.sends) if self.before else (0, 0)
        said = self.said(self.book.heard.unheard(messages, self.messages))
        return in_order(told_by_host(self.book, sends, self.sends, self.now), said)

    def said(self, messages: Iterable[Message]) -> Iterator[Item]:
        """Give what messages say."""
        for message in messages:
            if is_attempt(message.report):
                yield from self.went_out(message)
            if not is_delivery(message.report) and (self.since is None or message.at >= self.since):
                for event in self.judged(message):
                    yield Item(message.at, 1, event, message.id, self.undone(message, event))

    def went_out(self, message: Message) -> Iterator[Item]:
        """Take a line about a mail that a server took, or refused for good, as a line of the send log."""
        original = message.report.original
        if original is None or original.message_id is None:
            return
        for recipient in message.report.recipients:
            provider = message.providers.get(recipient.address) or None
            send = Send(recipient.address, message.at, message=original.message_id, provider=provider)
            self.proofs.mailed.add(send)
            event = Event(
                address=recipient.address,
                at=float(message.at),
                kind=EventKind.SENT,
                message=bracketed(send.message),
                provider=provider,
            )
            yield Item(message.at, 0, event, message.id, send=send)

    def judged(self, message: Message) -> Iterator[Event]:
        """Give the events of a message that the policy listens to."""
        self.proofs.received = float(message.seen_at)
        found = events(
            message.report,
            self.proofs,
            float(message.at),
            returned_to=self.proofs.paths(message.report, message.paths),
            provider_of=lambda recipient: message.providers.get(recipient.address) or None,
        )
        for event in found:
            if event.kind in COUNTS and storable(event.address, LONGEST) == event.address:
                yield replace(event, source=f"{message.source} {message.identity}")

    def undone(self, message: Message, event: Event) -> int | None:
        """Give the number of the undoing that an event falls under; None if it counts."""
        for number, upto, selected in self.undos:
            if message.id <= upto and selected.matches(event):
                return number
        return None
