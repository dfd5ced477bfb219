"""The outbox: what was decided, until it is handed over and that is acknowledged."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, Table, Text, insert, select, update

from bouncery.store.adding import following
from bouncery.store.identity import storable
from bouncery.store.tables import METADATA, NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

OUTBOX = Table(
    "bouncery_outbox",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("recipient", LargeBinary, nullable=False),
    Column("step", Text, nullable=False),
    Column("list", Text),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("reason", Text),
    Index("bouncery_outbox_status", "status", "id"),
    Index("bouncery_outbox_recipient", "recipient", "id"),
)
"""One row for each action, for ever. `at` is when its status last changed."""
LONGEST_REASON = 1_000


class Status(StrEnum):
    """What became of an action."""

    PENDING = "pending"
    DONE = "done"
    ASIDE = "aside"
    """It was refused; `reason` says why."""


class Parcel(NamedTuple):
    """An action on its way: `body` is what is handed over, as JSON."""

    recipient: bytes
    step: str
    list: str | None
    body: str
    id: int = 0
    status: str = Status.PENDING
    attempts: int = 0
    at: float = 0.0
    reason: str | None = None


class Outbox:
    """The outbox within a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Take the transaction."""
        self.connection = connection

    def following(self) -> int:
        """Give the number of the next action."""
        return following(self.connection, OUTBOX)

    def add(self, parcels: Sequence[Parcel]) -> None:
        """Put actions into the outbox, with the numbers that they have."""
        if parcels:
            self.connection.execute(
                insert(OUTBOX), [one._asdict() | {"list": one.list and storable(one.list)} for one in parcels]
            )

    def pending(self) -> list[Parcel]:
        """Give what is to be handed over, in order."""
        question = select(OUTBOX).where(OUTBOX.c.status == Status.PENDING).order_by(OUTBOX.c.id)
        return [parcel(row) for row in self.connection.execute(question)]

    def of(self, recipient: bytes) -> list[Parcel]:
        """Give all actions about an address."""
        question = select(OUTBOX).where(OUTBOX.c.recipient == recipient).order_by(OUTBOX.c.id)
        return [parcel(row) for row in self.connection.execute(question)]

    def lists(self) -> list[Parcel]:
        """Give all actions about the membership of one list: those that end it and those that take that back."""
        question = select(OUTBOX).where(OUTBOX.c.step.in_(("unsubscribe", "resubscribe"))).order_by(OUTBOX.c.id)
        return [parcel(row) for row in self.connection.execute(question)]

    def mark(self, numbers: Sequence[int], status: Status, at: float, reason: str | None = None) -> None:
        """Tell what became of actions."""
        for number in numbers:
            self.connection.execute(
                update(OUTBOX)
                .where(OUTBOX.c.id == number, OUTBOX.c.status == Status.PENDING)
                .values(
                    status=status,
                    at=at,
                    attempts=OUTBOX.c.attempts + 1,
                    reason=storable(reason, LONGEST_REASON) if reason else None,
                )
            )


def parcel(row: Row[Any]) -> Parcel:
    """Give the action of a row."""
    return Parcel(bytes(row.recipient), row.step, row.list, row.body, row.id, row.status, row.attempts, row.at, row.reason)
