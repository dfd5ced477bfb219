# ruff: noqa: D103 - a test's name says what it holds
"""Raw messages are kept as long as was asked for, and not a day longer."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bouncery.store import Store
from bouncery.store.tables import RAW
from tests.store.entries import NOW, entry, report

if TYPE_CHECKING:
    from pathlib import Path

    from bouncery.store import Entry

MAIL = b"Subject: Undelivered Mail\n\n" + b"the same words again and again\n" * 100
DAY = timedelta(days=1)


def with_raw(number: int, data: bytes, **changes: Any) -> Entry:  # noqa: ANN401 - fields of an Entry
    return entry(number, raw=data, digest=hashlib.sha256(data).digest(), **changes)


def test_nothing_is_kept_unless_asked_for(store: Store) -> None:
    store.add([with_raw(1, MAIL)])
    assert store.raw(hashlib.sha256(MAIL).digest()) is None
    assert store.totals().raw == 0


def test_a_raw_message_is_kept_compressed_until_its_time_is_over(url: str) -> None:
    with Store.open(url, keep_raw_days=30) as store:
        store.add([with_raw(1, MAIL), with_raw(2, MAIL + b"2", seen_at=NOW + DAY)])
        digest = hashlib.sha256(MAIL).digest()
        assert store.raw(digest) == MAIL
        with store.engine.connect() as connection:
            stored = connection.scalar(select(RAW.c.data).where(RAW.c.digest == digest))
        assert len(stored or MAIL) < len(MAIL) / 10
        assert store.check() == []
        assert store.vacuum(NOW + 30 * DAY - timedelta(seconds=1)) == 0
        assert store.vacuum(NOW + 30 * DAY) == 1
        assert store.raw(digest) is None
        assert store.totals().raw == 1
        assert len(store.history("u@example.com")) == 2


def test_what_was_kept_goes_also_when_nothing_is_kept_any_more(url: str) -> None:
    with Store.open(url, keep_raw_days=1) as store:
        store.add([with_raw(1, MAIL)])
    with Store.open(url) as store:
        assert store.vacuum(NOW + 2 * DAY) == 1


def test_copies_are_kept_once(url: str) -> None:
    with Store.open(url, keep_raw_days=1) as store:
        store.add([with_raw(1, MAIL), with_raw(2, MAIL, source="pipe")])
        store.add([with_raw(3, MAIL, source="lmtp")])
        assert store.totals().raw == 1


def test_raw_messages_of_what_cannot_be_judged_are_kept(url: str) -> None:
    with Store.open(url, keep_raw_days=1) as store:
        store.add([with_raw(1, MAIL, made=report(recipients=()))])
        assert store.raw(hashlib.sha256(MAIL).digest()) == MAIL


def test_what_cannot_be_judged_is_kept_without_being_asked(store: Store) -> None:
    store.add([with_raw(1, MAIL, report=None, problem="ValueError: no")])
    assert store.raw(hashlib.sha256(MAIL).digest()) == MAIL


def test_a_file_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with Store.open(str(path), keep_raw_days=1) as store:
        store.add([with_raw(number, os.urandom(50_000)) for number in range(40)])
        store.vacuum(NOW)
        before = path.stat().st_size
        assert before > 2_000_000
        assert store.vacuum(NOW + DAY) == 40
        assert path.stat().st_size < before / 4
        assert store.check() == []
