"""All that deciding keeps, in one transaction."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bouncery.store.database import reading, writing
from bouncery.store.heard import Heard
from bouncery.store.outbox import Outbox
from bouncery.store.sends import Sends
from bouncery.store.states import States
from bouncery.store.store import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from bouncery.store.store import Store


class Book:
    """Send log, events that were decided on, states and outbox."""

    def __init__(self, connection: Connection, store: Store, *, write: bool) -> None:
        """Take a transaction of a store."""
        self.sends = Sends(connection, store.privacy)
        self.heard = Heard(connection)
        self.states = States(connection)
        self.outbox = Outbox(connection)
        self.write = write
        self.name = store.name


@contextmanager
def book(store: Store, *, write: bool = False) -> Iterator[Book]:
    """Open the book for reading, or for writing while nobody else writes; then it is committed whole or not at all."""
    opening = writing if write else reading
    with opening(store.engine) as connection, readable(store.name):
        yield Book(connection, store, write=write)
