"""From one version of the tables to the next. Each step runs once, in one transaction with the number that it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, inspect, select, update

from bouncery.model import StoreError
from bouncery.store import heard, outbox, paths, sends, states
from bouncery.store.tables import EVENTS, MESSAGES, METADATA, RAW, SCHEMA, SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


def create_tables(connection: Connection) -> None:
    """Make version 1."""
    METADATA.create_all(connection, [SCHEMA, SOURCES, MESSAGES, EVENTS, RAW])


def add_decisions(connection: Connection) -> None:
    """Make version 2: what was sent, what was decided, and what is to be handed over."""
    decided = [heard.RUNS, heard.UNDOS, heard.HEARD, paths.PATHS, states.STATES, states.GUARDS]
    METADATA.create_all(connection, [sends.SENDS, *decided, outbox.OUTBOX])


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (create_tables, add_decisions)
"""The step at place n leads from version n to version n + 1; a step that was released never changes."""


def version(connection: Connection) -> int:
    """Give the version of the tables; 0 if there are none."""
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    return connection.scalar(select(SCHEMA.c.version)) or 0


def migrate(connection: Connection, place: str, key_check: bytes | None) -> None:
    """Bring the tables to the program's version; new ones belong to a key, or to none."""
    found = version(connection)
    if found > len(MIGRATIONS):
        raise StoreError(
            f"{place}: written by a newer bouncery (tables of version {found}, this one knows {len(MIGRATIONS)}); "
            "update bouncery"
        )
    for step in MIGRATIONS[found:]:
        step(connection)
    if not found:
        connection.execute(insert(SCHEMA).values(version=len(MIGRATIONS), key_check=key_check))
    elif found < len(MIGRATIONS):
        connection.execute(update(SCHEMA).values(version=len(MIGRATIONS)))
