"""What was decided on: the runs, the events that each of them heard as they were judged then, and what was undone since.

An event is kept as JSON that the store does not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bouncery.store.adding import chunks, following
from bouncery.store.identity import storable
from bouncery.store.paths import PATHS
from bouncery.store.reading import RECIPIENT, REPORT, portions
from bouncery.store.tables import EVENTS, MESSAGES, METADATA, NUMBER, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

    from bouncery.model import Report

RUNS = Table(
    "bouncery_runs",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("policy", Text, nullable=False),
    Column("messages", NUMBER, nullable=False),
    Column("sends", NUMBER, nullable=False),
)
"""One row for each time that something was decided: when, by which numbers, and how far the record was read."""

UNDOS = Table(
    "bouncery_undos",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("messages", NUMBER, nullable=False),
    Column("selection", Text, nullable=False),
)
"""What was undone. It holds for the messages up to a number, also for those that were not decided on yet."""

HEARD = Table(
    "bouncery_heard",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("run", NUMBER, ForeignKey(RUNS.c.id), nullable=False),
    Column("message", NUMBER, ForeignKey(MESSAGES.c.id), nullable=False),
    Column("recipient", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("undo", NUMBER, ForeignKey(UNDOS.c.id)),
    Index("bouncery_heard_run", "run", "at", "id"),
    Index("bouncery_heard_recipient", "recipient", "at"),
)

OF_PERSON = select(HEARD).where(HEARD.c.recipient == bindparam("wanted")).order_by(HEARD.c.at, HEARD.c.id)
PATH_LIST = msgspec.json.Decoder(list[str])


class Run(NamedTuple):
    """One time that something was decided."""

    id: int
    at: float
    policy: str
    messages: int
    sends: int


class Undo(NamedTuple):
    """What was undone, for the messages up to a number."""

    id: int
    at: float
    messages: int
    selection: str


class Message(NamedTuple):
    """A message that was not decided on yet; times are seconds since 1970."""

    id: int
    at: int
    seen_at: int
    source: str
    identity: str
    report: Report
    providers: dict[str, str]
    paths: tuple[str, ...]


class Hearing(NamedTuple):
    """An event as a run heard it."""

    id: int
    run: int
    message: int
    recipient: bytes
    at: int
    event: str
    undo: int | None


class Heard:
    """Runs and events within a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Take the transaction."""
        self.connection = connection
        self.next = following(connection, HEARD)

    def runs(self) -> list[Run]:
        """Give all runs, the first one first."""
        return [Run(*row) for row in self.connection.execute(select(RUNS).order_by(RUNS.c.id))]

    def last_run(self) -> Run | None:
        """Give the last run; None if there was none."""
        row = self.connection.execute(select(RUNS).order_by(RUNS.c.id.desc()).limit(1)).one_or_none()
        return Run(*row) if row else None

    def begin_run(self, at: float, policy: str, messages: int, sends: int) -> int:
        """Put a run into the record; give its number."""
        number = following(self.connection, RUNS)
        self.connection.execute(insert(RUNS).values(id=number, at=at, policy=policy, messages=messages, sends=sends))
        return number

    def end_run(self, run: int, sends: int) -> None:
        """Tell how far a run has read the send log."""
        self.connection.execute(update(RUNS).where(RUNS.c.id == run).values(sends=sends))

    def drop_run(self, run: int) -> None:
        """Take a run that heard nothing out of the record."""
        self.connection.execute(delete(RUNS).where(RUNS.c.id == run))

    def last_message(self) -> int:
        """Give the number of the last message."""
        return following(self.connection, MESSAGES) - 1

    def add(self, hearings: Sequence[Hearing]) -> None:
        """Put events into the record; their numbers are given here."""
        if hearings:
            rows = [hearing._replace(id=self.next + place)._asdict() for place, hearing in enumerate(hearings)]
            self.connection.execute(insert(HEARD), rows)
            self.next += len(rows)

    def of_run(self, run: int) -> Iterator[Hearing]:
        """Give the events of a run in the order in which it heard them."""
        question = select(HEARD).where(HEARD.c.run == run).order_by(HEARD.c.at, HEARD.c.id)
        for row in portions(self.connection, question):
            yield hearing(row)

    def of_person(self, recipient: bytes) -> list[Hearing]:
        """Give the events about an address, the oldest first."""
        return [hearing(row) for row in self.connection.execute(OF_PERSON, {"wanted": recipient})]

    def all(self) -> Iterator[Hearing]:
        """Give all events."""
        for row in portions(self.connection, select(HEARD).order_by(HEARD.c.id)):
            yield hearing(row)

    def undos(self) -> list[Undo]:
        """Give what was undone, the first one first."""
        return [Undo(*row) for row in self.connection.execute(select(UNDOS).order_by(UNDOS.c.id))]

    def begin_undo(self, at: float, selection: str) -> int:
        """Put an undoing into the record; give its number."""
        number = following(self.connection, UNDOS)
        row = {"id": number, "at": at, "messages": self.last_message(), "selection": storable(selection, 10_000)}
        self.connection.execute(insert(UNDOS).values(row))
        return number

    def undo(self, hearings: Sequence[int], undo: int) -> None:
        """Mark events as undone."""
        for chunk in chunks(hearings):
            self.connection.execute(update(HEARD).where(HEARD.c.id.in_(chunk)).values(undo=undo))

    def unheard(self, after: int, upto: int) -> Iterator[Message]:
        """Give the messages behind one number up to another in the order of time, with what each says about anybody."""
        at = func.coalesce(func.min(EVENTS.c.at), MESSAGES.c.seen_at)
        question = (
            select(MESSAGES.c.id, at)
            .select_from(MESSAGES)
            .outerjoin(EVENTS, EVENTS.c.message == MESSAGES.c.id)
            .where(MESSAGES.c.id > after, MESSAGES.c.id <= upto, MESSAGES.c.report.is_not(None))
            .where(or_(MESSAGES.c.same_as.is_(None), EVENTS.c.id.is_not(None)))
            .group_by(MESSAGES.c.id, MESSAGES.c.seen_at)
            .order_by(at, MESSAGES.c.id)
        )
        for chunk in chunks([(row[0], row[1]) for row in portions(self.connection, question)]):
            yield from self.messages(dict(chunk))

    def messages(self, wanted: dict[int, int]) -> Iterator[Message]:
        """Give messages by their numbers and times, in this order."""
        paths = {
            row.message: tuple(PATH_LIST.decode(row.paths))
            for row in self.connection.execute(select(PATHS).where(PATHS.c.message.in_(wanted)))
        }
        events: dict[int, list[Any]] = {}
        columns = (EVENTS.c.message, EVENTS.c.provider, EVENTS.c.facts)
        for row in self.connection.execute(select(*columns).where(EVENTS.c.message.in_(wanted)).order_by(EVENTS.c.id)):
            events.setdefault(row.message, []).append(row)
        question = select(MESSAGES, SOURCES.c.name).join(SOURCES).where(MESSAGES.c.id.in_(wanted))
        rows = {row.id: row for row in self.connection.execute(question)}
        for number, at in wanted.items():
            row, found = rows[number], events.get(number, [])
            recipients = tuple(RECIPIENT.decode(event.facts) for event in found)
            providers = {one.address: event.provider for one, event in zip(recipients, found, strict=True)}
            report = msgspec.structs.replace(REPORT.decode(row.report), recipients=recipients)
            yield Message(number, at, row.seen_at, row.name, row.identity, report, providers, paths.get(number, ()))


def hearing(row: Row[Any]) -> Hearing:
    """Give the event of a row."""
    return Hearing(row.id, row.run, row.message, bytes(row.recipient), row.at, row.event, row.undo)
