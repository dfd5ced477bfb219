"""Every test of the store runs on SQLite and on a PostgreSQL server that the tests start themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery.store import Store
from tests.store.postgres import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Give a server that runs; a test that stops it starts it again."""
    server = Server().start()
    yield server
    server.stop("immediate")
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return str(request.getfixturevalue("postgres").schema())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Give an empty store."""
    with Store.open(url, timeout=5) as opened:
        yield opened
