"""The store: one class over the database."""

from __future__ import annotations

import contextlib
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import msgspec
from sqlalchemy import delete, select

from bouncery.model import StoreError
from bouncery.store import adding, checking, reading
from bouncery.store.database import POSTGRESQL, SQLITE, claim, engine, exists, name, outside, parse_url, writing
from bouncery.store.database import reading as snapshot
from bouncery.store.entry import By
from bouncery.store.export import FORMATS, output
from bouncery.store.migrations import MIGRATIONS, migrate, version
from bouncery.store.privacy import Clear, Hashed
from bouncery.store.tables import RAW, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from bouncery.store.entry import Added, Entry, Event, Row, Totals

TIMEOUT = 30.0
SAFE_ENCODINGS = ("UTF8", "SQL_ASCII")


class Store:
    """A record of messages and events. Open it with `Store.open`, close it, or use it in a `with` statement.

    Every method raises StoreError when the database cannot be used. One store may be used by several threads, but not
    behind a fork: each process opens its own.
    """

    def __init__(self, made: Engine, privacy: Clear, kept: timedelta) -> None:
        """Take an open engine; for `open`."""
        self.engine = made
        self.privacy = privacy
        self.kept = kept
        self.name = name(made.url)

    @classmethod
    def open(
        cls, url: str, *, key: bytes | None = None, keep_raw_days: int = 0, create: bool = True, timeout: float = TIMEOUT
    ) -> Self:
        """Open the store at a URL, sqlite:///PATH or postgresql://USER@HOST/NAME, or at the path of an SQLite file.

        With a `key` addresses are stored as HMAC-SHA256 of their form for comparing, and texts without addresses; a store
        belongs to its key, or to none, from its beginning. Raw messages are kept for `keep_raw_days`, 0 for not at all.
        Without `create` the store must be there; an older one is brought up to date in any case. A new SQLite file is
        readable by its owner alone. Another process that writes is waited for `timeout` seconds.
        """
        if key is not None and keep_raw_days:
            raise StoreError("raw messages hold addresses in clear; give up the key or the raw messages")
        privacy = Clear() if key is None else Hashed(key)
        place = parse_url(url)
        if not create and not exists(place):
            raise StoreError(f"{name(place)}: no such database; see the path, or let bouncery run create it")
        claim(place)
        store = cls(engine(url, timeout), privacy, timedelta(days=keep_raw_days))
        try:
            store.prepare(create=create)
        except BaseException:
            store.close()
            raise
        return store

    def prepare(self, *, create: bool) -> None:
        """Make the tables or bring them up to date, and see that the key is the right one."""
        with snapshot(self.engine) as connection:
            found = version(connection)
            if connection.dialect.name == POSTGRESQL:
                encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
                if encoding not in SAFE_ENCODINGS:
                    raise StoreError(f"{self.name}: its encoding is {encoding}; create it with UTF8 (createdb -E UTF8)")
        if not found and not create:
            raise StoreError(f"{self.name}: no store of bouncery's; see the name, or let bouncery run create it")
        if found != len(MIGRATIONS):
            with writing(self.engine) as connection:
                migrate(connection, self.name, self.privacy.check)
        with snapshot(self.engine) as connection:
            stored = connection.scalar(select(SCHEMA.c.key_check))
        self.check_key(bytes(stored) if stored else None)

    def check_key(self, stored: bytes | None) -> None:
        """Refuse the wrong key: under it every address would be another one."""
        if stored == self.privacy.check:
            return
        if stored is None:
            raise StoreError(f"{self.name}: its addresses are in clear; open it without a key, or begin a new one")
        given = "another key" if self.privacy.check else "no key"
        raise StoreError(f"{self.name}: its addresses are hashed, and {given} was given; give the key it was begun with")

    def add(self, batch: Sequence[Entry]) -> Added:
        """Store a batch in one transaction: when this returns, it is on the disk; when it raises, nothing of it is.

        What was stored before, from this source or another one, is counted as a duplicate and changes nothing.
        """
        with writing(self.engine) as connection:
            return adding.add(connection, batch, self.privacy, self.kept)

    def seen(self, source: str, identity: str) -> bool:
        """Whether a message of a source is stored."""
        return bool(self.seen_many(source, [identity]))

    def seen_many(self, source: str, identities: Sequence[str]) -> frozenset[str]:
        """Give those messages of a source that are stored."""
        with snapshot(self.engine) as connection:
            number = adding.source_number(connection, source)
            if number is None:
                return frozenset()
            return frozenset(adding.seen(connection, number, identities, self.privacy))

    def history(self, address: str) -> list[Event]:
        """Give the events of an address, however it is spelled, the oldest first."""
        with snapshot(self.engine) as connection, readable(self.name):
            return reading.history(connection, self.privacy.recipient_key(address))

    def events(self, since: datetime | None = None, until: datetime | None = None) -> Generator[Event]:
        """Give the events from `since` on and before `until` in the order of time, in constant memory."""
        with snapshot(self.engine) as connection, readable(self.name):
            yield from reading.events(connection, since, until)

    def statistics(self, since: datetime | None = None, until: datetime | None = None, by: By = By.DAY) -> list[Row]:
        """Count the events from `since` on and before `until`: days in their order, providers and reasons by number."""
        with snapshot(self.engine) as connection:
            return reading.statistics(connection, since, until, by)

    def totals(self) -> Totals:
        """Count what is stored."""
        with snapshot(self.engine) as connection:
            return reading.totals(connection)

    def raw(self, digest: bytes) -> bytes | None:
        """Give a raw message by its SHA-256; None if it is not kept, or not any more."""
        with snapshot(self.engine) as connection:
            data = connection.scalar(select(RAW.c.data).where(RAW.c.digest == digest))
            return zlib.decompress(data) if data is not None else None

    def check(self) -> list[str]:
        """Read everything and name what is wrong; an empty list is a good answer."""
        with snapshot(self.engine) as connection:
            return list(checking.problems(connection))

    def vacuum(self, now: datetime) -> int:
        """Delete the raw messages whose time is over, give their room back, and tell how many there were."""
        with writing(self.engine) as connection:
            count = connection.execute(delete(RAW).where(RAW.c.expires_at <= adding.seconds(now))).rowcount
        with outside(self.engine) as connection:
            if self.engine.dialect.name == SQLITE:
                shrink(connection)
            else:
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {RAW.name}")
        return count

    def export(self, format: str, path: str) -> None:  # noqa: A002 - the word for it
        """Write all events to a file, "-" for standard output: jsonl, csv or parquet. A file that fails leaves nothing."""
        if format not in FORMATS:
            raise StoreError(f"{format}: no such format; give one of {', '.join(FORMATS)}")
        with output(path) as stream, contextlib.closing(self.events()) as events:
            FORMATS[format](events, stream)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Give the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def shrink(connection: Connection) -> None:
    """Give the free pages of an SQLite file back. Only a script runs the first statement to its end, page by page."""
    driver: Any = connection.connection.driver_connection
    driver.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;")


@contextlib.contextmanager
def readable(place: str) -> Iterator[None]:
    """Turn what a newer program wrote, or what is damaged, into a StoreError."""
    try:
        yield
    except msgspec.DecodeError as error:
        raise StoreError(f"{place}: an event cannot be read ({error}); run bouncery db check, or update bouncery") from error
