"""The record: every message and every event once, in SQLite or in PostgreSQL.

`Store.open` gives a store. What goes in is an `Entry`, what comes out is an `Event`. A store whose database cannot be used
raises `StoreError`; then nothing of that call was stored.
"""

from __future__ import annotations

from bouncery.store.entry import Added, By, Entry, Event, Row, Totals
from bouncery.store.export import FORMATS
from bouncery.store.identity import content_digest
from bouncery.store.store import Store

__all__ = ["FORMATS", "Added", "By", "Entry", "Event", "Row", "Store", "Totals", "content_digest"]
