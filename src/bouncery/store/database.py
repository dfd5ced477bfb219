"""Connections, transactions and what is said when they fail."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneLeft

from bouncery.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
ADVISORY_LOCK = 0x626F756E63
"""The number of PostgreSQL's lock that a writer of ours holds."""
CACHE_KIB = 32_768
PAUSE = 0.02
"""Seconds between two attempts to begin a file that another process begins."""
CURES = {
    "SQLITE_BUSY": "another process has been writing for too long; see which one, and run again",
    "SQLITE_LOCKED": "another process has been writing for too long; see which one, and run again",
    "SQLITE_FULL": "make room on the disk and run again",
    "SQLITE_READONLY": "give this user the right to write the file and its directory",
    "SQLITE_CANTOPEN": "see that the directory exists and that this user may write in it",
    "SQLITE_NOTADB": "the file is something else; give another path",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup",
    "SQLITE_IOERR": "see to the disk and run again",
    "53100": "make room on the server's disk and run again",
    "55P03": "another process has been writing for too long; see which one, and run again",
    "25006": "the server or the database is read-only; give one that takes writes",
    "42501": "give this database user the right to create and to write tables",
    "3D000": "create the database first (createdb)",
    "28": "see to user and password (PGPASSWORD, ~/.pgpass)",
    "57": "start the server, or wait until it is up, and run again",
    "08": "see that the server runs and can be reached, and run again",
}
"""What to do, by the beginning of SQLite's error name or of PostgreSQL's SQLSTATE (its appendix A)."""
UNREACHABLE = "08"
DURABLE = text(
    "SELECT set_config('lock_timeout', :timeout, true), set_config('synchronous_commit',"
    " coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), true)"
)
"""For one transaction: wait for other writers no longer than that, and commit to the disk even where a server would not."""


def engine(url: str, timeout: float) -> Engine:
    """Give the engine for a URL or for the path of an SQLite file; `timeout` in seconds for another process that writes."""
    parsed = parse_url(url)
    place = name(parsed)
    options: dict[str, Any] = {"hide_parameters": True, "execution_options": {"timeout": timeout}}
    if parsed.get_backend_name() == POSTGRESQL:
        # libpq takes no connect_timeout below 2 seconds.
        patience = {"connect_timeout": max(2, int(timeout)), "tcp_user_timeout": int(timeout * 1000)}
        own = {key: value for key, value in patience.items() if key not in parsed.query}
        options |= {"pool_pre_ping": True, "connect_args": {"client_encoding": "UTF8", **own}}
    try:
        made = create_engine(parsed, **options)
    except ImportError as error:
        raise StoreError(f'{place}: PostgreSQL needs psycopg; run pip install "bouncery[postgres]"') from error
    if made.dialect.name == SQLITE:
        prepare_sqlite(made, timeout)
    return made


def parse_url(url: str) -> URL:
    """Read a URL; what has no scheme is the path of an SQLite file."""
    if "://" not in url:
        return make_url("sqlite://").set(database=url)
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise StoreError("the database's URL cannot be read; give sqlite:///PATH or postgresql://USER@HOST/NAME") from error
    parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() not in {SQLITE, POSTGRESQL}:
        raise StoreError(f"{name(parsed)}: no such kind of database; give sqlite:///PATH or postgresql://USER@HOST/NAME")
    return parsed


def name(url: URL) -> str:
    """Give the URL as it may be shown: without the password."""
    if url.get_backend_name() == SQLITE:
        return url.database or "sqlite://"
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def exists(url: URL) -> bool:
    """Whether an SQLite file is there; a server's database shows on connecting."""
    database = url.database or ""
    return url.get_backend_name() != SQLITE or database.startswith("file:") or Path(database).exists()


def claim(url: URL) -> None:
    """Make a new SQLite file readable by its owner alone; whoever shares it with others changes its mode."""
    if not exists(url) and url.database not in {None, "", ":memory:"}:
        with contextlib.suppress(OSError):
            Path(str(url.database)).touch(0o600, exist_ok=False)


def prepare_sqlite(made: Engine, timeout: float) -> None:
    """Make every connection durable, patient and strict, and let the store say when a transaction begins."""

    @event.listens_for(made, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        try:
            set_up(connection, timeout)
        except sqlite3.Error:
            connection.close()
            raise

    @event.listens_for(made, "begin")
    def on_begin(connection: Connection) -> None:
        begin = connection.get_execution_options().get("begin", "BEGIN")
        if begin:
            connection.exec_driver_sql(begin)


def set_up(connection: sqlite3.Connection, timeout: float) -> None:
    """Set what holds for a connection, and for a new file what is the file's own."""
    connection.isolation_level = None
    settings = {"busy_timeout": int(timeout * 1000), "synchronous": "FULL", "foreign_keys": "ON", "cache_size": -CACHE_KIB}
    for pragma, value in settings.items():
        connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
    deadline = time.monotonic() + timeout
    # To set it again would write to the file. SQLite does not wait by itself where several processes begin a file.
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL").fetchall()
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            break  # where the file system knows no WAL, SQLite keeps its older journal
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)


@contextlib.contextmanager
def reading(made: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that sees one state of the database."""
    options = {"isolation_level": "REPEATABLE READ"} if made.dialect.name == POSTGRESQL else {}
    with guarded(made.url), made.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def writing(made: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that no other writer of ours runs beside: it is committed whole or not at all."""
    server = made.dialect.name == POSTGRESQL
    # Behind the lock a statement must see what the writer before has stored.
    options = {"isolation_level": "READ COMMITTED"} if server else {"begin": "BEGIN IMMEDIATE"}
    with guarded(made.url), made.connect().execution_options(**options) as connection, connection.begin():
        if server:
            connection.execute(DURABLE, {"timeout": str(int(made.get_execution_options()["timeout"] * 1000))})
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        yield connection


@contextlib.contextmanager
def outside(made: Engine) -> Iterator[Connection]:
    """Give a connection outside any transaction, for what a database does in none."""
    options = {"isolation_level": "AUTOCOMMIT"} if made.dialect.name == POSTGRESQL else {"begin": None}
    with guarded(made.url), made.connect().execution_options(**options) as connection:
        yield connection


@contextlib.contextmanager
def guarded(url: URL) -> Iterator[None]:
    """Turn what the database complains of into a StoreError."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{name(url)}: {complaint(error.orig)}") from error
    except NoneLeft as error:
        raise StoreError(f"{name(url)}: too many connections of this process at once; run again") from error
    except sqlite3.Error as error:
        raise StoreError(f"{name(url)}: {complaint(error)}") from error


def complaint(original: BaseException | None) -> str:
    """Say what went wrong and what to do about it, without the statement and its values."""
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or UNREACHABLE
    cure = next((cure for beginning, cure in CURES.items() if code.startswith(beginning)), "see to it and run again")
    # PostgreSQL's DETAIL quotes values.
    return f"{' '.join(str(original).partition('DETAIL:')[0].split())}; {cure}"
