"""Is everything there, and can everything be read?"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from bouncery.store.reading import RECIPIENT, REPORT, portions
from bouncery.store.tables import EVENTS, MESSAGES, RAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

LISTED = 20
"""Problems that are named one by one."""


def problems(connection: Connection) -> Iterator[str]:
    """Name what is wrong with a database."""
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"PRAGMA integrity_check({LISTED})"):
            if row[0] != "ok":
                yield f"database: {row[0]}"
        for table, row_id, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            yield f"{table}, row {row_id}: its row in {parent} is missing"
    yield from unreadable_events(connection)
    yield from unreadable_reports(connection)
    yield from unreadable_raw(connection)


def unreadable_events(connection: Connection) -> Iterator[str]:
    """Name the events whose facts cannot be read, and those whose message has no report."""
    question = (
        select(EVENTS.c.id, EVENTS.c.facts, MESSAGES.c.report.is_(None))
        .select_from(EVENTS)
        .join(MESSAGES, EVENTS.c.message == MESSAGES.c.id)
    )
    for number, facts, alone in portions(connection, question):
        try:
            RECIPIENT.decode(facts)
        except msgspec.DecodeError as error:
            yield f"event {number}: its facts cannot be read ({error})"
        if alone:
            yield f"event {number}: its message has no report"


def unreadable_reports(connection: Connection) -> Iterator[str]:
    """Name the messages whose report cannot be read."""
    question = select(MESSAGES.c.id, MESSAGES.c.report).where(MESSAGES.c.report.is_not(None))
    for number, report in portions(connection, question):
        try:
            REPORT.decode(report)
        except msgspec.DecodeError as error:
            yield f"message {number}: its report cannot be read ({error})"


def unreadable_raw(connection: Connection) -> Iterator[str]:
    """Name the raw messages that are not what they were."""
    for digest, data in portions(connection, select(RAW.c.digest, RAW.c.data), 1):
        try:
            intact = hashlib.sha256(zlib.decompress(data)).digest() == bytes(digest)
        except zlib.error:
            intact = False
        if not intact:
            yield f"raw message {bytes(digest).hex()}: damaged"
