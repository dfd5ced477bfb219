"""Files, mbox files, directories of them and standard input as a source. Nothing of them is ever changed.

An mbox is locked, as its writers lock it, while a batch is read and no longer: judging and storing keep no delivery waiting.
"""

from __future__ import annotations

import hashlib
import os
import sys
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from bouncery.sources import mbox
from bouncery.sources.files import STANDARD_INPUT, Mail, count, display, paths, read_stream, report, size
from bouncery.sources.inbox import Delivery, MissingError
from bouncery.sources.locking import locked
from bouncery.sources.patience import pause

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from bouncery.sources.inbox import InboxOptions, Outcome, Seen


class Mark(NamedTuple):
    """How far a file was read, and what it was then."""

    inode: int
    size: int
    changed: int
    offset: int
    number: int


UNREAD = Mark(0, 0, 0, 0, 0)


def digest(data: bytes) -> str:
    """Give the hash that is part of a message's identity."""
    return hashlib.sha256(data).hexdigest()


class MailboxInbox:
    """A file, an mbox, a directory or standard input."""

    by_bytes = True

    def __init__(self, path: str, options: InboxOptions, kind: str = "file") -> None:
        """Take the path."""
        if path != STANDARD_INPUT and not os.path.lexists(path):
            raise MissingError(f"{display(path)}: no such file or directory; see the path")
        self.path = path
        self.options = options
        self.only_mbox = kind == "mbox"
        # The same file is the same source, whichever way it is called.
        self.name = path if path == STANDARD_INPUT else f"file:{display(os.path.realpath(path))}"
        self.total = size(path)
        self.marks: dict[str, Mark] = {}

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give what is there; then, while watching, what comes."""
        while True:
            for batch in self.options.batches(chain.from_iterable(self.pieces())):
                known = seen.many([delivery.identity for delivery in batch])
                if self.total is not None:
                    self.total -= sum(len(delivery.mail.data) for delivery in batch if delivery.identity in known)
                if new := [delivery for delivery in batch if delivery.identity not in known]:
                    yield new
            if not self.options.watch or self.path == STANDARD_INPUT or self.options.stopped():
                return
            yield []
            pause(self.options.poll, self.options.stopped)

    def pieces(self) -> Iterator[list[Delivery]]:
        """Give the messages of one file after the other."""
        if self.path == STANDARD_INPUT:
            for mail in read_stream(sys.stdin.buffer, self.path, self.options.message_bytes):
                yield [Delivery(mail, f"{mail.index}:{digest(mail.data)}")]
            return
        for path in paths(self.path, self.options.skipped):
            try:
                yield from self.file(path)
            except OSError as error:
                report(error, path, self.options.skipped)

    def file(self, path: str) -> Iterator[list[Delivery]]:
        """Give what is new in a file."""
        mark = self.marks.get(path, UNREAD)
        status = os.stat(path)  # noqa: PTH116 - keeps bytes that are no text
        if mark[:3] == (status.st_ino, status.st_size, status.st_mtime_ns):
            return
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            if not (self.only_mbox or mbox.is_mbox(stream.read(mbox.LOOK_AHEAD))):
                stream.seek(0)
                yield [self.single(path, stream)]
                self.remember(path, Mark(status.st_ino, status.st_size, status.st_mtime_ns, 0, 0))
                return
        yield from self.mbox(path, mark)

    def remember(self, path: str, mark: Mark) -> None:
        """Keep how far a file was read, if it will be looked at again."""
        if self.options.watch:
            self.marks[path] = mark

    def single(self, path: str, stream: BinaryIO) -> Delivery:
        """Give the message of a file that holds one."""
        data = stream.read(self.options.message_bytes)
        return Delivery(Mail(display(path), 0, data, count(stream)), self.below(path) + digest(data))

    def below(self, path: str) -> str:
        """Give what a message's name begins with: in a directory the path below it."""
        found = display(os.path.relpath(path, self.path))
        return "" if found == "." else f"{found}:"

    def mbox(self, path: str, mark: Mark) -> Iterator[list[Delivery]]:
        """Give the messages of an mbox in batches, each read under its locks; from the beginning if it was rewritten."""
        more = True
        while more:
            with locked(path, self.options) as stream:
                status = os.fstat(stream.fileno())
                if not continues(stream, mark, status):
                    mark = UNREAD
                batch, offset, more = self.portion(path, stream, mark)
            mark = Mark(status.st_ino, status.st_size, status.st_mtime_ns, offset, mark.number + len(batch))
            yield batch
        self.remember(path, mark)

    def portion(self, path: str, stream: BinaryIO, mark: Mark) -> tuple[list[Delivery], int, bool]:
        """Read a batch, where it ends, and whether there is more."""
        stream.seek(mark.offset)
        batch: list[Delivery] = []
        size, offset, below = 0, mark.offset, self.below(path)
        for place in mbox.place(stream, self.options.message_bytes):
            if self.options.full(batch, size):
                return batch, offset, True
            piece = place.piece
            offset = mark.offset + place.end
            if place.start == place.end:
                continue
            # What ends the last message of an mbox now stands between two when the next one has come.
            name = digest(piece.data.rstrip(b"\r\n"))
            mail = Mail(display(path), mark.number + len(batch), piece.data, piece.omitted)
            batch.append(Delivery(mail, f"{below}{mark.offset + place.start}:{name}"))
            size += len(piece.data)
        return batch, offset, False

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Change nothing: the store knows what was read."""

    def refuse(self, batch: Sequence[Delivery]) -> bool:  # noqa: ARG002 - the messages are where they were
        """Leave everything as it is."""
        return False

    def close(self) -> None:
        """Leave the files."""


def continues(stream: BinaryIO, mark: Mark, status: os.stat_result) -> bool:
    """Whether a mailbox goes on at the place where it was left, as one does that only grew."""
    if mark.offset == 0:
        return True
    if mark.inode != status.st_ino or status.st_size < mark.offset:
        return False
    stream.seek(mark.offset)
    beginning = stream.read(mbox.LOOK_AHEAD)
    return not beginning or mbox.is_mbox(beginning)
