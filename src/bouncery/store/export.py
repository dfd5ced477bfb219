"""All events as a file: JSON lines in full, CSV and Parquet with one column for each fact."""

from __future__ import annotations

import csv
import os
import sys
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bouncery.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from bouncery.store.entry import Event

STANDARD_OUTPUT = "-"
PORTION = 10_000
"""Rows of one group in Parquet."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def flat(event: Event) -> dict[str, Any]:
    """Give the columns of an event."""
    report, recipient = event.report, event.recipient
    verdict, original = recipient.verdict, report.original
    return {
        "at": event.at,
        "seen_at": event.seen_at,
        "address": event.address,
        "final_address": recipient.final_address,
        "kind": report.kind,
        "action": recipient.action,
        "final": recipient.final,
        "decision": verdict.decision,
        "reason": verdict.reason,
        "fault": verdict.fault,
        "confidence": verdict.confidence,
        "rule": verdict.rule,
        "status": recipient.status,
        "reply": recipient.reply,
        "diagnostic": recipient.diagnostic,
        "stage": recipient.stage,
        "remote_mta": recipient.remote_mta,
        "reporting_mta": report.reporting_mta,
        "provider": event.provider,
        "message_id": report.message_id,
        "original_message_id": original.message_id if original else None,
        "list_id": original.list_id if original else None,
        "token": report.token,
        "source": event.source,
        "identity": event.identity,
        "digest": event.digest,
    }


TYPES = {"at": "time", "seen_at": "time", "final": "bool", "confidence": "double", "reply": "int"}
"""Columns that are no text."""
COLUMNS = (
    "at", "seen_at", "address", "final_address", "kind", "action", "final", "decision", "reason", "fault", "confidence",
    "rule", "status", "reply", "diagnostic", "stage", "remote_mta", "reporting_mta", "provider", "message_id",
    "original_message_id", "list_id", "token", "source", "identity", "digest",
)  # fmt: skip


def write_jsonl(events: Iterable[Event], stream: BinaryIO) -> None:
    """Write one event a line."""
    stream.writelines(msgspec.json.encode(event) + b"\n" for event in events)


class Lines:
    """Takes the text that csv writes to a stream of bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to a stream."""
        self.stream = stream

    def write(self, text: str) -> None:
        """Encode."""
        self.stream.write(text.encode())


def write_csv(events: Iterable[Event], stream: BinaryIO) -> None:
    """Write a table (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    writer = csv.DictWriter(Lines(stream), COLUMNS)
    writer.writeheader()
    for event in events:
        writer.writerow({name: cell(value) for name, value in flat(event).items()})


def cell(value: object) -> object:
    """Give a value for a spreadsheet: what strangers wrote must not run there."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_parquet(events: Iterable[Event], stream: BinaryIO) -> None:
    """Write a Parquet file, compressed with zstd."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise StoreError('Parquet needs pyarrow; run pip install "bouncery[parquet]"') from error
    types = {"time": pa.timestamp("s", tz="UTC"), "bool": pa.bool_(), "double": pa.float64(), "int": pa.int32()}
    schema = pa.schema([(name, types.get(TYPES.get(name, ""), pa.string())) for name in COLUMNS])
    rows = map(flat, events)
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        while portion := list(islice(rows, PORTION)):
            writer.write_table(pa.Table.from_pylist(portion, schema=schema))


FORMATS: dict[str, Callable[[Iterable[Event], BinaryIO], None]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "parquet": write_parquet,
}


@contextmanager
def output(path: str) -> Iterator[BinaryIO]:
    """Give the stream to write: a file appears under its name when it is whole, readable by its owner alone."""
    if path == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        return
    part = Path(f"{path}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
