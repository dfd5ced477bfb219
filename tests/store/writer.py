"""Adds batches until it is killed; prints the number of a batch once it is stored. `python -m tests.store.writer URL`."""

from __future__ import annotations

import hashlib
import sys
from itertools import count

from bouncery.store import Entry, Store
from tests.store.entries import entry, failed, report

BATCH = 20


def message(number: int) -> Entry:
    """Give a message of about the usual size."""
    raw = b"%d " % number * 400
    made = report(failed(f"u{number}@example.com"), message_id=f"<{number}@mx.example.org>")
    return entry(number, made, raw=raw, digest=hashlib.sha256(raw).digest())


def main() -> None:
    """Go on for ever from what is stored."""
    with Store.open(sys.argv[1], keep_raw_days=1) as store:
        begin = store.totals().messages // BATCH
        for number in count(begin):
            store.add([message(place) for place in range(number * BATCH, number * BATCH + BATCH)])
            print(number, flush=True)  # noqa: T201 - what the test waits for


if __name__ == "__main__":
    main()
