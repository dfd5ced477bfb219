"""What is remembered of each address and of each provider between two decisions, as JSON that the store does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, delete, func, insert, select

from bouncery.store.adding import chunks
from bouncery.store.identity import storable
from bouncery.store.reading import portions
from bouncery.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

STATES = Table(
    "bouncery_states",
    METADATA,
    Column("recipient", LargeBinary, primary_key=True),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("open", Integer, nullable=False),
    Column("told", Text, nullable=False),
    Column("withheld", Integer, nullable=False),
    Index("bouncery_states_open", "open"),
)
"""One row for each address. `open` is 1 where time alone may change something; `told` is what was last handed over."""

GUARDS = Table(
    "bouncery_guards",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("data", Text, nullable=False),
)
"""What looks at many addresses at once."""


class Standing(NamedTuple):
    """What is remembered of one address."""

    recipient: bytes
    address: str
    state: str
    open: bool = False
    told: str = ""
    withheld: bool = False


class States:
    """The memory within a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Take the transaction."""
        self.connection = connection

    def many(self, recipients: Sequence[bytes]) -> Iterator[Standing]:
        """Give what is remembered of some addresses."""
        for chunk in chunks(recipients):
            for row in self.connection.execute(select(STATES).where(STATES.c.recipient.in_(chunk))):
                yield standing(row)

    def open(self) -> Iterator[Standing]:
        """Give the addresses that time alone may change."""
        for row in portions(self.connection, select(STATES).where(STATES.c.open == 1)):
            yield standing(row)

    def all(self) -> Iterator[Standing]:
        """Give all addresses."""
        for row in portions(self.connection, select(STATES)):
            yield standing(row)

    def count(self) -> int:
        """Count the addresses."""
        return self.connection.scalar(select(func.count()).select_from(STATES)) or 0

    def put(self, standings: Sequence[Standing]) -> None:
        """Remember, in the place of what was remembered of the same addresses."""
        for chunk in chunks(standings):
            self.connection.execute(delete(STATES).where(STATES.c.recipient.in_([one.recipient for one in chunk])))
            self.connection.execute(insert(STATES), [values(one) for one in chunk])

    def guards(self) -> Iterator[tuple[str, str, str]]:
        """Give kind, key and data of all that looks at many addresses."""
        for row in self.connection.execute(select(GUARDS)):
            yield row.kind, row.key, row.data

    def put_guards(self, guards: Mapping[tuple[str, str], str]) -> None:
        """Remember, in the place of everything that was remembered of providers."""
        self.connection.execute(delete(GUARDS))
        rows = [{"kind": kind, "key": key, "data": data} for (kind, key), data in guards.items()]
        for chunk in chunks(rows):
            self.connection.execute(insert(GUARDS), chunk)

    def forget(self) -> None:
        """Forget everything, to begin anew from the events."""
        self.connection.execute(delete(STATES))


def standing(row: Row[Any]) -> Standing:
    """Give what a row remembers."""
    return Standing(bytes(row.recipient), row.address, row.state, bool(row.open), row.told, bool(row.withheld))


def values(one: Standing) -> dict[str, Any]:
    """Give the row of an address."""
    return one._asdict() | {"address": storable(one.address), "open": int(one.open), "withheld": int(one.withheld)}
