# ruff: noqa: D103 - a test's name says what it holds
"""All events as JSON lines, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import stat
import sys
import tracemalloc
from typing import TYPE_CHECKING

import msgspec
import pytest
from pyarrow import parquet

from bouncery.model import StoreError
from bouncery.store import FORMATS, Event, Store
from bouncery.store.export import COLUMNS, flat
from tests.store.entries import entry, failed, report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filled(store: Store) -> Store:
    """Give a store with three events."""
    odd = failed("=cmd|' /C calc'!A0@example.com", diagnostic='550 "no",\nnö', verdict=failed().verdict)
    store.add([entry(1), entry(2, report(odd, failed("+b@example.com", reply=None), original=None))])
    return store


def test_columns_are_written_out(filled: Store) -> None:
    for event in filled.events():
        assert tuple(flat(event)) == COLUMNS


def test_json_lines_are_the_events(filled: Store, tmp_path: Path) -> None:
    filled.export("jsonl", str(tmp_path / "events"))
    lines = (tmp_path / "events").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=Event) for line in lines] == list(filled.events())


def test_a_table_is_safe_for_a_spreadsheet(filled: Store, tmp_path: Path) -> None:
    filled.export("csv", str(tmp_path / "events.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "events.csv").read_text("utf-8"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["address"] for row in rows] == ["u@example.com", "'=cmd|' /C calc'!A0@example.com", "'+b@example.com"]
    assert rows[1]["diagnostic"] == '550 "no",\nnö'
    assert (rows[0]["at"], rows[0]["reply"], rows[2]["reply"]) == ("2026-11-23T10:00:00+00:00", "550", "")
    assert (rows[0]["original_message_id"], rows[1]["original_message_id"]) == ("<1@example.net>", "")


def test_parquet_holds_facts_with_their_types(filled: Store, tmp_path: Path) -> None:
    filled.export("parquet", str(tmp_path / "events.parquet"))
    rows = parquet.read_table(tmp_path / "events.parquet").to_pylist()
    assert rows == [flat(event) for event in filled.events()]
    assert [row["reply"] for row in rows] == [550, 550, None]


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_store_gives_a_valid_file(store: Store, tmp_path: Path, form: str) -> None:
    store.export(form, str(tmp_path / "events"))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("events")] == ["events"]
    if form == "parquet":
        assert parquet.read_table(tmp_path / "events").num_rows == 0


def test_a_file_is_its_owners(filled: Store, tmp_path: Path) -> None:
    filled.export("jsonl", str(tmp_path / "events"))
    assert stat.S_IMODE((tmp_path / "events").stat().st_mode) == 0o600


def test_a_file_that_fails_leaves_the_old_one(filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "events").write_text("old")

    def broken(_events: object, stream: io.BytesIO) -> None:
        stream.write(b"half")
        raise OSError("no space left")

    monkeypatch.setitem(FORMATS, "jsonl", broken)
    with pytest.raises(OSError, match="no space left"):
        filled.export("jsonl", str(tmp_path / "events"))
    assert (tmp_path / "events").read_text() == "old"
    assert not (tmp_path / "events.part").exists()


def test_an_unheard_of_format_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="xlsx: no such format; give one of jsonl, csv, parquet"):
        store.export("xlsx", str(tmp_path / "events"))


def test_missing_pyarrow_is_named(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(StoreError, match=r'Parquet needs pyarrow; run pip install "bouncery\[parquet\]"'):
        store.export("parquet", str(tmp_path / "events"))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_memory_does_not_grow_with_the_store(store: Store, tmp_path: Path, form: str) -> None:
    peaks = []
    for start in (0, 1500):
        store.add([entry(number) for number in range(start, start * 3 + 1500)])
        tracemalloc.start()
        store.export(form, str(tmp_path / "events"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
