"""A Dovecot for all tests of this folder; each test takes a user of its own."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - a fixture's type
from typing import TYPE_CHECKING

import pytest

from tests.sources.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Give a server that runs; a test that kills it starts it again."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put the password where it is looked for."""
    monkeypatch.setenv("BOUNCERY_PASSWORD", PASSWORD)
    return PASSWORD


@pytest.fixture
def record(tmp_path: Path) -> str:
    """Give the URL of a record that is not there yet."""
    return f"sqlite:///{tmp_path / 'record.db'}"
