"""Known programs' notifications: the one interpreter of layouts.toml. A row helps the general reader, which does without."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from bouncery.model import Kind  # noqa: TC001  # msgspec reads the annotations
from bouncery.phrases import WordSet

if TYPE_CHECKING:
    from bouncery.formats.segment import Segment
    from bouncery.message import Message

LONGEST = 20_000
"""Characters of a notification that are looked at."""


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table; its keys are explained at the head of layouts.toml."""

    name: str
    text: tuple[str, ...] = ()
    header: dict[str, str] = {}
    kind: Kind | None = None
    recipient: str | None = None
    source: str
    corpus: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    layout: tuple[Layout, ...] = ()


@cache
def layouts() -> tuple[Layout, ...]:
    """Give the rows of layouts.toml."""
    text = resources.files("bouncery.formats").joinpath("layouts.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table).layout


@cache
def marks() -> WordSet:
    """Give the words of every row."""
    return WordSet({mark for row in layouts() for mark in row.text})


def layout_of(message: Message, segment: Segment) -> Layout | None:
    """Give the first row whose words and header a notification has."""
    rows = layouts()
    if not rows:
        return None
    seen = marks().present(" ".join(segment.text[:LONGEST].lower().split()))
    for row in rows:
        if (row.text and seen.isdisjoint(row.text)) or (not row.text and not row.header):
            continue
        if all(words in message.headers.decoded(name).lower() for name, words in row.header.items()):
            return row
    return None


def recipient_by(row: Layout, message: Message, segment: Segment) -> str | None:
    """Give the failed address where a row says how it is written."""
    if row.recipient is None:
        return None
    for words in (message.headers.decoded("subject"), segment.text[:LONGEST]):
        found = re.search(row.recipient, words, re.IGNORECASE)
        if found:
            return found[1]
    return None
