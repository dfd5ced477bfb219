"""The addresses that a message came to: a signed return path may be among them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from bouncery.store.tables import MESSAGES, METADATA, NUMBER

PATHS = Table(
    "bouncery_paths",
    METADATA,
    Column("message", NUMBER, ForeignKey(MESSAGES.c.id), primary_key=True, autoincrement=False),
    Column("paths", Text, nullable=False),
)
"""A list of addresses and bare tokens in JSON for each message that has any."""
