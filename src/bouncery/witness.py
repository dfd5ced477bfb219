"""The very words that a rule matched, and where they stand in the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bouncery.formats.html import to_text
from bouncery.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bouncery.message import Part

PLACES = 20
"""Places of a phrase's first word that are looked at."""


def pointed(evidence: Sequence[Evidence], phrase: str, parts: Sequence[Part] = ()) -> tuple[Evidence, ...]:
    """Put the words of a phrase before the evidence that holds them; as it is where they do not stand there plainly.

    `parts` are those that the evidence was taken from.
    """
    if not phrase or not evidence:
        return tuple(evidence)
    whole = evidence[0]
    raw, offset = raw_text(whole, parts), whole.start or 0
    span = place(raw, phrase.split())
    if span is None or span == (0, len(raw)):
        return tuple(evidence)
    known = whole.start is not None
    start, end = (offset + span[0], offset + span[1]) if known else (None, None)
    return (Evidence(whole.source, raw[span[0] : span[1]], whole.part, start, end), *evidence)


def raw_text(whole: Evidence, parts: Sequence[Part]) -> str:
    """Give the text that evidence was taken from as it stands in its part, folded lines and all."""
    if whole.part is None or whole.part >= len(parts):
        return whole.text
    part = parts[whole.part]
    text = to_text(part.text) if part.media_type == "text/html" else part.text
    return text[whole.start : whole.end]


def place(raw: str, words: list[str]) -> tuple[int, int] | None:
    """Find words one behind the other, whatever white space parts them."""
    text = raw.lower()
    if len(text) != len(raw):
        return None  # a few letters change length, and with them the place of all that follows
    at = text.find(words[0])
    for _ in range(PLACES):
        if at < 0:
            return None
        end = end_of(text, words, at)
        if end:
            return at, end
        at = text.find(words[0], at + 1)
    return None


def end_of(text: str, words: list[str], at: int) -> int:
    """Give where the words end that begin at a position; 0 if they do not stand there."""
    for word in words:
        while text[at : at + 1].isspace():
            at += 1
        if not text.startswith(word, at):
            return 0
        at += len(word)
    return at


def unplaced(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Give evidence without its place, where it stood in a message inside the one that is reported on."""
    return tuple(msgspec.structs.replace(witness, part=None, start=None, end=None) for witness in evidence)
