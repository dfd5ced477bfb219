# ruff: noqa: D103 - a test's name says what it holds
"""A new program brings an old database up to date, once and whole; an old program leaves a new database alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text, update

from bouncery.model import StoreError
from bouncery.store import Store, migrations
from bouncery.store import store as facade
from bouncery.store.migrations import MIGRATIONS
from bouncery.store.tables import METADATA, SCHEMA
from tests.store.entries import entry

if TYPE_CHECKING:
    from sqlalchemy import Connection


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make a program of the next version; give what its step has done."""
    done: list[str] = []

    def note(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE bouncery_messages ADD COLUMN remark TEXT"))
        done.append("remark")

    for module in (migrations, facade):
        monkeypatch.setattr(module, "MIGRATIONS", (*MIGRATIONS, note))
    return done


def versions(url: str) -> tuple[int, bool]:
    with Store.open(url) as store, store.engine.connect() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("bouncery_messages")}
        return migrations.version(connection), "remark" in columns


def test_all_tables_are_of_their_own_name(store: Store) -> None:
    with store.engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
    assert names == set(METADATA.tables)
    assert all(name.startswith("bouncery_") for name in names)


def test_opening_again_changes_nothing(url: str) -> None:
    with Store.open(url) as store:
        store.add([entry(1)])
    assert versions(url) == (len(MIGRATIONS), False)
    with Store.open(url) as store:
        assert len(store.history("u@example.com")) == 1


def test_many_may_open_a_new_database_at_once(url: str) -> None:
    def work(number: int) -> int:
        with Store.open(url) as store:
            return store.add([entry(number)]).events

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(6))) == [1] * 6
    with Store.open(url) as store:
        assert len(store.history("u@example.com")) == 6


def test_an_older_database_is_brought_up_to_date_once(url: str, request: pytest.FixtureRequest) -> None:
    with Store.open(url) as store:
        store.add([entry(1)])
    steps = request.getfixturevalue("steps")
    assert versions(url) == (len(MIGRATIONS) + 1, True)
    with Store.open(url, create=False) as store:
        assert len(store.history("u@example.com")) == 1
    assert steps == ["remark"]


def test_a_new_database_takes_all_steps(url: str, steps: list[str]) -> None:
    assert versions(url) == (len(MIGRATIONS) + 1, True)
    assert steps == ["remark"]


def test_a_step_that_fails_leaves_the_database_as_it_was(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(url).close()

    def broken(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE bouncery_messages ADD COLUMN remark TEXT"))
        connection.execute(text("ALTER TABLE bouncery_missing ADD COLUMN remark TEXT"))

    with monkeypatch.context() as patch:
        for module in (migrations, facade):
            patch.setattr(module, "MIGRATIONS", (*MIGRATIONS, broken))
        with pytest.raises(StoreError, match="bouncery_missing"):
            Store.open(url)
    assert versions(url) == (len(MIGRATIONS), False)


def test_a_newer_database_is_refused(url: str) -> None:
    with Store.open(url) as store, store.engine.begin() as connection:
        connection.execute(update(SCHEMA).values(version=99))
    with pytest.raises(StoreError, match=r"newer bouncery \(tables of version 99, this one knows 2\); update bouncery"):
        Store.open(url)
