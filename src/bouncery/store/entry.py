"""What goes into the store and what comes out of it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads it when it decodes
from enum import StrEnum

import msgspec

from bouncery.model import Recipient, Report  # noqa: TC001 - as above


class Entry(msgspec.Struct, frozen=True):
    """One message with its report, one line of a log as a report, or a message kept aside.

    `source` and `identity` name it for ever: `identity` is stable within the source. `digest` is the SHA-256 of the raw
    bytes. `report` is None for what could not be judged; `problem` says why. `seen_at` is aware and given by the caller;
    the store has no clock. `raw` is kept only by a store that keeps raw messages. `content` is `content_digest` of the raw
    bytes, by which two copies of a message without a Message-ID are known for one. `paths` are the addresses that the message
    came to, and the bare tokens that it carries.
    """

    source: str
    identity: str
    report: Report | None
    digest: bytes
    size: int
    seen_at: datetime
    raw: bytes | None = None
    problem: str | None = None
    content: bytes | None = None
    paths: tuple[str, ...] = ()


class Added(msgspec.Struct, frozen=True):
    """What a batch came to: messages and events that are new, and entries that were known already."""

    messages: int
    events: int
    duplicates: int


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What one message said about one recipient.

    `address` is the one the sender mailed, or its keyed hash. `at` is when it happened as the message tells it, never later
    than `seen_at`, when we came to know. Both are in UTC and whole seconds. `provider` is who answered, or the recipient's
    domain. `digest` is the SHA-256 of the raw bytes, in hexadecimal digits. `report` names this recipient alone.
    """

    address: str
    at: datetime
    seen_at: datetime
    provider: str
    source: str
    identity: str
    digest: str
    report: Report

    @property
    def recipient(self) -> Recipient:
        """The facts and the verdict."""
        return self.report.recipients[0]


class By(StrEnum):
    """What statistics are grouped by."""

    DAY = "day"
    PROVIDER = "provider"
    REASON = "reason"


class Row(msgspec.Struct, frozen=True):
    """Events of one day (UTC, ISO 8601), provider or reason; `other` are those that report no failure."""

    group: str
    events: int
    hard: int
    soft: int
    retry: int
    other: int


class Totals(msgspec.Struct, frozen=True):
    """What a store holds: messages, further copies of them, events, messages without a report, raw messages."""

    messages: int
    copies: int
    events: int
    aside: int
    raw: int
