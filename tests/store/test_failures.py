# ruff: noqa: D103 - a test's name says what it holds
"""A database that cannot be used: a clear message, nothing half stored, and all is well once the cause is gone."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bouncery.model import StoreError
from bouncery.store import Added, Store, database
from bouncery.store.database import ADVISORY_LOCK, DRIVERS
from tests.store.entries import entry
from tests.store.postgres import USER, Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of an SQLite database with one event."""
    path = tmp_path / "record.db"
    with Store.open(str(path)) as store:
        store.add([entry(1)])
    return path


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """Give a server that tests start and stop."""
    server = Server()
    yield server
    server.remove()


def test_a_locked_database_is_waited_for_and_then_named(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(str(path), timeout=0.1) as store:
        with pytest.raises(StoreError, match=r"record\.db: database is locked; another process has been writing"):
            store.add([entry(2)])
        assert len(store.history("u@example.com")) == 1
        other.execute("ROLLBACK")
        assert store.add([entry(2)]) == Added(1, 1, 0)
    other.close()


def test_a_full_disk_stores_nothing_of_the_batch(path: Path) -> None:
    with Store.open(str(path)) as store:
        with store.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {(pages or 0) + 5}")
        with pytest.raises(StoreError, match=r"database or disk is full; make room on the disk and run again"):
            store.add([entry(number) for number in range(2, 500)])
        assert store.totals().messages == 1
        assert store.check() == []
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert store.add([entry(number) for number in range(2, 500)]).events == 498


def test_a_file_that_may_grow_no_further_stores_nothing_of_the_batch(path: Path) -> None:
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from bouncery.store import Store; from bouncery.model import StoreError; from tests.store.entries import entry\n"
        "store = Store.open(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try: store.add([entry(number) for number in range(2, 2000)])\n"
        "except StoreError as error: print(error)\n"
        "print(store.totals().messages)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60)
    assert "see to the disk and run again\n1\n" in done.stdout or "make room on the disk and run again\n1\n" in done.stdout
    with Store.open(str(path)) as store:
        assert store.check() == []
        assert store.totals().messages == 1


def test_a_database_that_may_only_be_read_is_read(path: Path) -> None:
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true", create=False) as store:
        assert len(store.history("u@example.com")) == 1
        with pytest.raises(StoreError, match="readonly database; give this user the right to write"):
            store.add([entry(2)])


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file; see that the directory exists"):
        Store.open(str(tmp_path / "missing" / "record.db"))


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n" * 100)
    with pytest.raises(StoreError, match="file is not a database; the file is something else"):
        Store.open(str(tmp_path / "box"))
    assert (tmp_path / "box").read_bytes().startswith(b"From ")


def test_a_damaged_file(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="the file is damaged; restore a backup"), Store.open(str(path)) as store:
        store.history("u@example.com")


def test_a_database_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database; see the path"):
        Store.open(str(tmp_path / "record.db"), create=False)
    assert list(tmp_path.iterdir()) == []
    sqlite3.connect(tmp_path / "other.db").close()
    with pytest.raises(StoreError, match="no store of bouncery's"):
        Store.open(str(tmp_path / "other.db"), create=False)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://u:secret@localhost/x", "mysql.*no such kind of database; give sqlite:///PATH"),
        ("postgresql://u:secret@local host:port/x", "cannot be read; give sqlite:///PATH"),
        ("unheard_of://u:secret@localhost/x", "no such kind of database"),
    ],
)
def test_a_url_of_something_else(url: str, problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r'PostgreSQL needs psycopg; run pip install "bouncery\[postgres\]"'):
        Store.open("postgresql://localhost/x")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(StoreError, match=r"refused.*see that the server runs") as caught:
        Store.open(f"postgresql://u:secret@127.0.0.1:{free_port()}/x")
    assert "secret" not in str(caught.value)


def test_a_database_of_a_server_that_is_not_there(postgres: Server) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(f"postgresql://{USER}@127.0.0.1:{postgres.port}/missing")


def test_an_empty_database_of_a_server_is_no_store(postgres: Server) -> None:
    with pytest.raises(StoreError, match="no store of bouncery's"):
        Store.open(postgres.database(), create=False)


def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    with pytest.raises(StoreError, match="its encoding is LATIN1; create it with UTF8"):
        Store.open(postgres.database("-E", "LATIN1"))


def test_a_writer_that_holds_a_server_too_long_is_named(postgres: Server) -> None:
    url = postgres.database()
    with Store.open(url, timeout=0.2) as store, Store.open(url) as other:
        with other.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            with pytest.raises(StoreError, match="lock timeout; another process has been writing"):
                store.add([entry(1)])
            connection.execute(text(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
        assert store.add([entry(1)]).events == 1


def test_a_database_of_a_server_that_may_only_be_read(postgres: Server) -> None:
    url = postgres.database()
    with Store.open(url) as store:
        store.add([entry(1)])
        with store.engine.connect() as connection:
            name = url.rpartition("/")[2]
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
            connection.commit()
    with Store.open(url) as store:
        assert len(store.history("u@example.com")) == 1
        with pytest.raises(StoreError, match="read-only transaction; the server or the database is read-only"):
            store.add([entry(2)])


def test_a_server_that_does_not_wait_for_its_disk_waits_for_ours(postgres: Server) -> None:
    url = postgres.database()
    with Store.open(url) as store, store.engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off"))
        connection.execute(text(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_isolation = serializable"))
        connection.commit()
    with Store.open(url) as store:
        with database.writing(store.engine) as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
            assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        with store.engine.connect() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "off"


def test_a_new_file_is_its_owners(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Store.open(":memory:") as store:
        assert store.add([entry(1)]).events == 1


def test_more_threads_than_connections_are_told(path: Path) -> None:
    with Store.open(str(path)) as store:
        store.engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # noqa: SLF001 - nobody waits half a minute
        with contextlib.ExitStack() as stack:
            for _ in range(15):
                stack.enter_context(store.engine.connect())
            with pytest.raises(StoreError, match="too many connections of this process at once"):
                store.totals()


def test_a_user_without_rights_is_told(postgres: Server) -> None:
    url = postgres.database()
    with Store.open(url) as store:
        with store.engine.connect() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.commit()
        with pytest.raises(StoreError, match="permission denied for table bouncery_schema; give this database user the right"):
            Store.open(url.replace(f"{USER}@", "reader@"))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_stops_is_named_and_found_again(own_server: Server, mode: str) -> None:
    own_server.start()
    with Store.open(own_server.database(), timeout=5) as store:
        store.add([entry(1)])
        own_server.stop(mode)
        for _ in range(2):
            with pytest.raises(StoreError, match=r"; (see that the server runs|start the server)"):
                store.add([entry(2)])
        own_server.start()
        assert store.add([entry(1), entry(2)]) == Added(1, 1, 1)
        assert store.check() == []
    own_server.stop()


def test_the_passwords_of_urls_are_never_shown() -> None:
    shown = database.name(database.parse_url("postgres://u:secret@db.example.org:5433/bounces?password=secret"))
    assert shown == "postgresql://u:***@db.example.org:5433/bounces"
    assert set(DRIVERS) == {"postgres", "postgresql"}
