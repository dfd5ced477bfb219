"""Messages from files, directories, Maildirs, mbox files and standard input, in an order that does not change."""

from __future__ import annotations

import os
import stat
import sys
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, cast

import msgspec

from bouncery.model import SourceError
from bouncery.sources import mbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

STANDARD_INPUT = "-"
MESSAGE_BYTES = 256 << 20
"""Bytes that are read of one message; `Mail.omitted` counts the others."""
MAILDIR = ("new", "cur")
OWN_ROOMS = frozenset({"new", "cur", "tmp"})


class Mail(msgspec.Struct, frozen=True):
    """A message and where it stood: the source as given, and its number in a mailbox file (else 0)."""

    source: str
    index: int
    data: bytes
    omitted: int = 0


def mails(
    source: str | os.PathLike[str],
    *,
    skipped: Callable[[SourceError], object] | None = None,
    limit: int = MESSAGE_BYTES,
) -> Iterator[Mail]:
    """Give the messages of a source one by one.

    `source` is a file with one message, an mbox file, a Maildir, a directory of any of these (read to the bottom, in the
    order of names, hidden names and the `.toml` beside an `.eml` left out) or "-" for standard input. What cannot be read
    is handed to `skipped` as SourceError, and reading goes on behind it; without `skipped` the error is raised. Of each
    message at most `limit` bytes are read.
    """
    for path in paths(os.fspath(source), skipped):
        try:
            yield from read(path, limit)
        except OSError as error:
            report(error, path, skipped)


def report(error: OSError, path: str, skipped: Callable[[SourceError], object] | None) -> None:
    """Say what cannot be read and what to do about it."""
    cure = (
        "give a file, a directory or - for standard input"
        if isinstance(error, FileNotFoundError)
        else "see to it and run again"
    )
    problem = SourceError(f"{display(path)}: cannot be read ({error.strerror or error}); {cure}")
    if skipped is None:
        raise problem from error
    skipped(problem)


def display(path: str) -> str:
    """Give a path as text that can be encoded, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def paths(source: str, skipped: Callable[[SourceError], object] | None = None) -> Iterator[str]:
    """Give the files below a source, or the source itself."""
    if source == STANDARD_INPUT or not os.path.isdir(source):  # noqa: PTH112 - Path drops the "./" that was given
        yield source
        return
    try:
        with os.scandir(source) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        report(error, source, skipped)
        return
    if all(os.path.isdir(os.path.join(source, room)) for room in MAILDIR):  # noqa: PTH112, PTH118 - as above
        yield from maildir(source, found, skipped)
        return
    yield from plain(found, skipped)


def maildir(source: str, found: list[os.DirEntry[str]], skipped: Callable[[SourceError], object] | None) -> Iterator[str]:
    """Give the messages of a Maildir, then those of the folders in it."""
    for room in MAILDIR:
        yield from paths(os.path.join(source, room), skipped)  # noqa: PTH118 - keeps the path as it was given
    for entry in found:
        if entry.name not in OWN_ROOMS and entry.is_dir(follow_symlinks=False):
            yield from paths(entry.path, skipped)


def plain(found: list[os.DirEntry[str]], skipped: Callable[[SourceError], object] | None) -> Iterator[str]:
    """Give the files of a directory and of those below it; what is no regular file is passed over."""
    names = {entry.name for entry in found}
    for entry in found:
        stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122 - a name, not a path
        if entry.name.startswith(".") or (suffix == ".toml" and f"{stem}.eml" in names):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from paths(entry.path, skipped)
        elif is_regular(entry):
            yield entry.path


def is_regular(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file; also of one that leads nowhere, so that reading it names the problem."""
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return True


def read(path: str, limit: int) -> Iterator[Mail]:
    """Give the messages of one file, or of standard input."""
    name = display(path)
    if path == STANDARD_INPUT:
        yield from read_stream(sys.stdin.buffer, name, limit)
        return
    with open(path, "rb") as stream:  # noqa: PTH123 - a path with odd bytes stays as it is
        yield from read_stream(stream, name, limit)


class Joined:
    """A stream whose beginning was read already."""

    def __init__(self, beginning: bytes, stream: BinaryIO) -> None:
        """Put the beginning back."""
        self.parts = chain((BytesIO(beginning), stream))
        self.part: BinaryIO | None = next(self.parts)

    def read(self, size: int) -> bytes:
        """Give up to `size` bytes; none at the end."""
        while self.part is not None:
            if data := self.part.read(size):
                return data
            self.part = next(self.parts, None)
        return b""


def read_stream(stream: BinaryIO, name: str, limit: int) -> Iterator[Mail]:
    """Give the messages of an open stream, which is an mbox if it begins like one."""
    beginning = stream.read(mbox.LOOK_AHEAD)
    if mbox.is_mbox(beginning):
        joined = cast("BinaryIO", Joined(beginning, stream))
        for index, piece in enumerate(mbox.split(joined, limit)):
            yield Mail(name, index, piece.data, piece.omitted)
        return
    data = beginning + stream.read(max(0, limit - len(beginning)))
    yield Mail(name, 0, data[:limit], max(0, len(data) - limit) + count(stream))


def count(stream: BinaryIO) -> int:
    """Count the bytes that are left in a stream, without keeping them."""
    return sum(map(len, iter(lambda: stream.read(mbox.CHUNK), b"")))


def size(source: str | os.PathLike[str]) -> int | None:
    """Give the bytes of all files of a source; None for standard input and what is no regular file."""
    total = 0
    for path in paths(os.fspath(source), lambda _: None):
        if path == STANDARD_INPUT:
            return None
        try:
            status = os.stat(path)  # noqa: PTH116 - a path with odd bytes stays as it is
        except OSError:
            continue
        if not stat.S_ISREG(status.st_mode):
            return None
        total += status.st_size
    return total
