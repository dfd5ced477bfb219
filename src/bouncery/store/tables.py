"""The tables, version 1. Times are seconds since 1970 in UTC, so that both databases count days in the same way."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()
# In SQLite only an INTEGER can be the row's own number.
NUMBER = BigInteger().with_variant(Integer, "sqlite")

SCHEMA = Table(
    "bouncery_schema",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("key_check", LargeBinary),
)
"""One row: the version of the tables, and what tells the key of hashed addresses from another one."""

SOURCES = Table(
    "bouncery_sources",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)

MESSAGES = Table(
    "bouncery_messages",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("source", NUMBER, ForeignKey(SOURCES.c.id), nullable=False),
    Column("identity", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("same_as", NUMBER, ForeignKey("bouncery_messages.id")),
    Column("size", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("kind", Text),
    Column("problem", Text),
    Column("report", Text),
    UniqueConstraint("source", "identity", name="bouncery_messages_identity"),
    Index("bouncery_messages_digest", "digest"),
    Index("bouncery_messages_key", "key"),
)
"""One row for each message and source. `same_as` is the first copy of a message that came more than once."""

EVENTS = Table(
    "bouncery_events",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    Column("message", NUMBER, ForeignKey(MESSAGES.c.id), nullable=False),
    Column("recipient", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("decision", Text),
    Column("reason", Text),
    Column("provider", Text, nullable=False),
    Column("facts", Text, nullable=False),
    UniqueConstraint("key", name="bouncery_events_key"),
    Index("bouncery_events_recipient", "recipient", "at"),
    # Holds all that statistics read.
    Index("bouncery_events_time", "at", "decision", "reason", "provider"),
)
"""One row for each message, recipient and outcome. `facts` is the Recipient with its verdict, as JSON without defaults."""

RAW = Table(
    "bouncery_raw",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("bouncery_raw_expires", "expires_at"),
)
"""Raw messages, compressed with zlib, and until when they are kept."""
