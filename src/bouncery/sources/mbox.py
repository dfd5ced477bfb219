r"""The mbox format (RFC 4155, appendix A), split in chunks: memory holds one message, whatever the mailbox's size.

A message begins at a line "From " behind a blank line. Many programs write such a line of a text unquoted, so it counts
only with a time of day in it, as every mbox has, or before a line that can begin a header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

CHUNK = 1 << 20
LOOK_AHEAD = 2048
"""Bytes behind a separator that are looked at: two lines of the longest length that RFC 5322, section 2.1.1 allows."""
LOOK_BEHIND = 3
FROM = b"From "
SEPARATOR = re.compile(rb"From (?:[^\n]{0,1000}?\d:\d\d|[^\n]{0,1000}\n(?:[!-9;-~]{1,76}[ \t]?:|>From ))")


class Piece(NamedTuple):
    """One message without its "From " line, and how many bytes of it were left out at its end."""

    data: bytes
    omitted: int


class Placed(NamedTuple):
    """A message and the bytes of the mailbox that it takes, from `start` up to `end`."""

    start: int
    end: int
    piece: Piece


class Collector:
    """Gathers the bytes of one message up to a limit."""

    def __init__(self, limit: int) -> None:
        """Begin with nothing."""
        self.limit = limit
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take more bytes of the message."""
        room = max(0, self.limit - self.size)
        self.size += len(data)
        if room:
            self.chunks.append(data[:room])

    def take(self) -> Piece:
        """Give the message and begin the next one."""
        data = b"".join(self.chunks)
        piece = Piece(without_separator(data), self.size - len(data))
        self.chunks, self.size = [], 0
        return piece


def without_separator(data: bytes) -> bytes:
    """Cut the "From " line off the beginning of a message."""
    return data[data.find(b"\n") + 1 or len(data) :] if data.startswith(FROM) else data


def is_mbox(beginning: bytes) -> bool:
    """Whether the beginning of a file is that of an mbox."""
    return SEPARATOR.match(beginning) is not None


def separators(window: bytes, end: int) -> Iterator[int]:
    r"""Give the positions of the "\n" that end the blank lines before separators, below an end."""
    at = window.find(b"\n" + FROM)
    while 0 <= at < end:
        blank = window[max(0, at - 2) : at]
        if (blank.endswith(b"\n") or blank == b"\n\r") and SEPARATOR.match(window, at + 1):
            yield at
        at = window.find(b"\n" + FROM, at + 1)


def split(stream: BinaryIO, limit: int) -> Iterator[Piece]:
    """Give the messages of an mbox stream; of each at most `limit` bytes."""
    return (placed.piece for placed in place(stream, limit))


def place(stream: BinaryIO, limit: int) -> Iterator[Placed]:
    """Give the messages of an mbox stream and where they stand, counted from where the stream stood."""
    message = Collector(limit)
    window, more = b"", True
    base = begin = 0
    while more:
        chunk = stream.read(CHUNK)
        more = bool(chunk)
        window += chunk
        judged = len(window) - LOOK_AHEAD if more else len(window)
        start = 0
        for at in separators(window, judged):
            message.add(window[start:at].removesuffix(b"\r"))
            start = at + 1
            yield Placed(begin, base + start, message.take())
            begin = base + start
        rest = max(start, judged - LOOK_BEHIND) if more else len(window)
        message.add(window[start:rest])
        base += rest
        window = window[rest:]
    yield Placed(begin, base, message.take())
