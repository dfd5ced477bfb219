"""A log and what rotation made of it: the file that is written to, and older ones beside it, compressed or not.

A file is known by its first line, which stays the same when it is renamed, copied or compressed and whose date makes it
unlike that of any other; the number of an inode is given to the next file soon after.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import re
import stat
import zlib
from typing import TYPE_CHECKING, NamedTuple, cast

from bouncery.model import SourceError
from bouncery.sources.files import display
from bouncery.sources.inbox import MissingError
from bouncery.sources.patience import AwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

LONGEST_LINE = 16_384
"""Bytes of a line that are read; the others are passed over."""
FIRST_LINE = 1_024
CHUNK = 1 << 16
ROTATED = re.compile(r"[.\-](?:\d{1,5}|\d{4}-?\d\d-?\d\d(?:[-.T]?\d{1,10})?)(\.gz|\.bz2|\.xz)?")
COMPRESSED: dict[str, Callable[[str, str], object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
DAMAGED = (EOFError, zlib.error, lzma.LZMAError)
"""What reading of a compressed file may raise besides OSError."""


class RotatedError(Exception):
    """A file that is another one than it was a moment ago."""


class Piece(NamedTuple):
    """One line without its end, where it begins and where the next one does."""

    start: int
    end: int
    data: bytes


class LogFile(NamedTuple):
    """One file of a log. `key` is None as long as it has no whole line."""

    path: str
    key: str | None
    size: int
    compressed: bool
    current: bool

    def lines(self, start: int = 0) -> Iterator[Piece]:
        """Give the lines from a position on; of the file that is written to only whole ones."""
        with self.at(start) as stream:
            while found := line(stream, start):
                piece, whole = found
                if self.current and not whole:
                    return
                yield piece
                start = piece.end

    def at(self, start: int) -> BinaryIO:
        """Open the file at a position. Raises RotatedError if it has become another one."""
        try:
            stream = opened(self.path)
        except FileNotFoundError as error:
            raise RotatedError from error
        if key_of(stream.readline(FIRST_LINE)) != self.key:
            stream.close()
            raise RotatedError
        stream.seek(start)
        return stream

    def whole_from(self, position: int) -> int:
        """Give where the first line begins that begins at a position or behind it."""
        if position <= 0:
            return 0
        with self.at(position - 1) as stream:
            found = line(stream, position - 1)
        return found[0].end if found else position


def line(stream: BinaryIO, start: int) -> tuple[Piece, bool] | None:
    """Read a line, and tell whether its end was there; None at the end."""
    data = more = stream.readline(LONGEST_LINE)
    if not data:
        return None
    end = start + len(data)
    while more and not more.endswith(b"\n"):
        more = stream.readline(CHUNK)
        end += len(more)
    return Piece(start, end, data.rstrip(b"\r\n")), more.endswith(b"\n")


def opened(path: str) -> BinaryIO:
    """Open a file, whatever it is compressed with."""
    opening = COMPRESSED.get(os.path.splitext(path)[1])  # noqa: PTH122 - keeps bytes that are no text
    return cast("BinaryIO", opening(path, "rb") if opening else open(path, "rb"))  # noqa: PTH123 - as above


def key_of(first: bytes) -> str | None:
    """Name a file by its first line; None as long as that is not whole."""
    whole = first.endswith(b"\n") or len(first) == FIRST_LINE
    return hashlib.sha256(first).hexdigest()[:16] if whole else None


def log_files(path: str, skipped: Callable[[SourceError], object]) -> list[LogFile]:
    """Give the files of a log, the newest first. An older one that cannot be read is handed to `skipped`.

    Raises SourceError where there is no log, or none that can be read.
    """
    names = rotated(path)
    found = []
    # Between the renaming of one file and the beginning of the next there is none by that name.
    if not names or os.path.lexists(path):
        try:
            found.append(log_file(path, current=True))
        except OSError as error:
            if not (names and isinstance(error, FileNotFoundError)):
                raise trouble(path, error) from error
    for name in names:
        try:
            found.append(log_file(name, current=False))
        except (OSError, *DAMAGED) as error:
            skipped(trouble(name, error))
    return found


def log_file(path: str, *, current: bool) -> LogFile:
    """Look at one file."""
    with opened(path) as stream:
        key = key_of(stream.readline(FIRST_LINE))
    compressed = os.path.splitext(path)[1] in COMPRESSED  # noqa: PTH122 - keeps bytes that are no text
    return LogFile(path, key, os.stat(path).st_size, compressed, current)  # noqa: PTH116 - as above


def rotated(path: str) -> list[str]:
    """Give the older files beside a log, the newest first; of one that is being compressed the file that is whole."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            names = {entry.name: entry.stat() for entry in entries if is_rotated(name, entry)}
    except OSError as error:
        raise trouble(path, error) from error
    kept = [one for one in names if os.path.splitext(one)[0] not in names]  # noqa: PTH122 - as above
    kept.sort(key=lambda one: names[one].st_mtime_ns, reverse=True)
    return [os.path.join(folder, one) for one in kept]  # noqa: PTH118 - as above


def is_rotated(name: str, entry: os.DirEntry[str]) -> bool:
    """Whether a file is an older part of a log: mail.log.1, mail.log.2.gz, mail.log-20261123."""
    if not entry.name.startswith(name) or not ROTATED.fullmatch(entry.name, len(name)):
        return False
    return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)


def trouble(path: str, error: Exception) -> SourceError:
    """Say what cannot be read and what to do about it."""
    told = f"{display(path)}: cannot be read ({getattr(error, 'strerror', None) or error})"
    if isinstance(error, FileNotFoundError):
        return MissingError(f"{told}; see where the mail server logs to")
    if isinstance(error, PermissionError):
        return SourceError(f"{told}; run as a user that may read it, such as one of the group adm")
    return AwayError(f"{told}; see to it and run again")
