"""Logs of mail servers as a source: what they did with each recipient, from where the store left off.

The store alone tells how far a log was read: its identities are the file's first line and a position, in the order of
which everything is stored. So the place is found by halving, and nothing has to be kept beside the store.
"""

from __future__ import annotations

import os
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import msgspec

from bouncery.model import Action, SourceError
from bouncery.sources.files import Mail, display
from bouncery.sources.inbox import DEFAULT_OPTIONS, Delivery
from bouncery.sources.log_event import LogEvent
from bouncery.sources.log_files import DAMAGED, LogFile, RotatedError, log_files, trouble
from bouncery.sources.log_memory import Memory
from bouncery.sources.logs_exim import Exim
from bouncery.sources.logs_postfix import Postfix
from bouncery.sources.logs_sendmail import Sendmail
from bouncery.sources.patience import AwayError, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bouncery.sources.inbox import InboxOptions, Outcome, Seen

RUN_UP = 4 << 20
"""Bytes before the place to go on at that are read again: senders and deferrals stand before what came of them."""
CLOSE = 1 << 18
"""Bytes within which that place is not looked for more exactly."""
ASKED = 10
"""Events that the store is asked about at once to find it."""
BEGINNING = 100
"""Events at the beginning of a file of which one must be known if it was read before."""


TURNS = 5


class Reader(Protocol):
    """Reads the log of one kind of server, line by line."""

    def read(self, line: str) -> list[LogEvent]:
        """Give the outcomes that a line tells."""


READERS: dict[str, Callable[[Memory, datetime], Reader]] = {
    "postfix-log": Postfix,
    "exim-log": Exim,
    "sendmail-log": Sendmail,
}


class Place(msgspec.Struct):
    """How far a log was read in this run."""

    key: str | None
    position: int


class LogInbox:
    """A log with what rotation made of it. Nothing of it is ever changed."""

    by_bytes = True

    def __init__(self, kind: str, path: str, options: InboxOptions, now: Callable[[], datetime]) -> None:
        """Take the path; `now` gives the time, in the zone that the log's dates are in."""
        self.kind = kind
        self.path = path
        self.options = options
        self.now = now
        self.memory = Memory()
        self.place: Place | None = None
        # The same file is the same source, whichever way it is called.
        self.name = f"{kind}:{display(os.path.realpath(path))}"
        self.total: int | None = next((file.size for file in log_files(path, options.skipped)), None)

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give what is there; then, while watching, what comes."""
        while True:
            for batch in self.options.batches(self.new(seen)):
                known = seen.many([delivery.identity for delivery in batch])
                if new := [delivery for delivery in batch if delivery.identity not in known]:
                    yield new
            if not self.options.watch or self.options.stopped():
                return
            yield []
            pause(self.options.poll, self.options.stopped)

    def new(self, seen: Seen) -> Iterator[Delivery]:
        """Give the events behind the place; from a new look at the files if they were rotated while they were read."""
        for _ in range(TURNS):
            try:
                yield from self.pass_over(seen)
            except RotatedError:
                continue
            except OSError as error:
                raise trouble(self.path, error) from error
            return
        raise AwayError(f"{display(self.path)}: is rotated again and again while it is read; run again")

    def pass_over(self, seen: Seen) -> Iterator[Delivery]:
        """Give the events behind the place, the oldest file first."""
        files = log_files(self.path, self.options.skipped)
        first = self.first(files, seen)
        start = self.start(files[first], files[first + 1 :][:1], seen) if files else 0
        for file in files[first::-1] if files else ():
            try:
                if file.key is not None:
                    yield from self.file(file, start)
            except DAMAGED as error:
                self.options.skipped(trouble(file.path, error))
            start = 0

    def first(self, files: list[LogFile], seen: Seen) -> int:
        """Give the number of the file that was read last; a log that never was begins with the newest one."""
        place = self.place
        if place:
            return next((number for number, file in enumerate(files) if file.key == place.key), 0)
        for number, file in enumerate(files):
            if file.key is not None and self.any_known(file, 0, BEGINNING, seen):
                return number
        return 0

    def start(self, file: LogFile, before: list[LogFile], seen: Seen) -> int:
        """Give where to go on in a file, with the memory of what stands before."""
        if self.place:
            return self.place.position if self.place.key == file.key and self.place.position <= file.size else 0
        if file.key is None or file.compressed:
            return 0
        start = self.halved(file, seen)
        run_up = file.whole_from(start - RUN_UP)
        reader = self.reader()
        if run_up == 0:
            for older in before:
                if not older.compressed:
                    self.recall(reader, older, older.whole_from(older.size - RUN_UP + start), older.size)
        self.place = Place(file.key, start)
        return run_up

    def recall(self, reader: Reader, file: LogFile, start: int, end: int) -> None:
        """Read lines only to remember what they say."""
        for piece in file.lines(start):
            if piece.start >= end:
                return
            reader.read(text_of(piece.data))

    def halved(self, file: LogFile, seen: Seen) -> int:
        """Find the place behind which the store knows nothing, or one a little before it."""
        low, high = 0, file.size
        while high - low > CLOSE:
            middle = file.whole_from((low + high) // 2)
            known = middle < high and self.any_known(file, middle, ASKED, seen, high)
            low, high = (middle, high) if known else (low, (low + high) // 2)
        return low

    def any_known(self, file: LogFile, start: int, count: int, seen: Seen, end: int | None = None) -> bool:
        """Whether the store knows one of the events behind a position."""
        reader = READERS[self.kind](Memory(), self.now())
        events = self.events(file, reader, start, file.size if end is None else end)
        return bool(seen.many([delivery.identity for delivery in islice(events, count)]))

    def reader(self) -> Reader:
        """Give a reader that remembers."""
        return READERS[self.kind](self.memory, self.now())

    def file(self, file: LogFile, start: int) -> Iterator[Delivery]:
        """Give the events of a file. What was deferred before the place is known, or as good as."""
        again = self.place.position if self.place and self.place.key == file.key else 0
        self.place = Place(file.key, max(start, again))
        for delivery in self.events(file, self.reader(), start, None):
            event = delivery.handle
            if delivery.mail.index < again and isinstance(event, LogEvent) and event.action is Action.DELAYED:
                continue
            yield delivery

    def events(self, file: LogFile, reader: Reader, start: int, end: int | None) -> Iterator[Delivery]:
        """Give the events between two positions."""
        for piece in file.lines(start):
            if end is not None and piece.start >= end:
                return
            for event in reader.read(text_of(piece.data)):
                yield self.delivery(event, f"{file.key}:{piece.start}{event.identity}", piece.data, piece.start)
            if end is None and self.place:
                self.place.position = max(self.place.position, piece.end)

    def delivery(self, event: LogEvent, identity: str, line: bytes, position: int) -> Delivery:
        """Give an event with the line that told it; of a line about several recipients each has its own bytes."""
        data = b"%b\n%b" % (line, event.identity.encode()) if event.identity else line
        handle = msgspec.structs.replace(event, identity=identity)
        return Delivery(Mail(display(self.path), position, data), identity, handle=handle)

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Change nothing: the store knows what was read."""

    def refuse(self, batch: Sequence[Delivery]) -> bool:  # noqa: ARG002 - the lines are where they were
        """Leave everything as it is."""
        return False

    def close(self) -> None:
        """Leave the log."""


def text_of(line: bytes) -> str:
    """Give a line as text; a NUL stands for nothing."""
    return line.decode("utf-8", "replace").replace("\0", "")


def local_time() -> datetime:
    """Give the time in this machine's zone, which is that of its logs."""
    return datetime.now().astimezone()


def open_log(
    url: str, options: InboxOptions = DEFAULT_OPTIONS, *, now: datetime | Callable[[], datetime] = local_time
) -> LogInbox:
    """Give the log that a URL names: postfix-log:PATH, exim-log:PATH or sendmail-log:PATH.

    What the store does not know is read, from older files first if rotation was faster. `now` is aware; its zone is that of
    dates without one, its year that of dates without one. Each Delivery has the LogEvent as its handle. Raises SourceError.
    """
    kind, _, path = url.partition(":")
    if kind not in READERS or not path:
        raise SourceError(f"{url}: no log of a mail server; give one of {', '.join(READERS)}, a colon and the path")
    return LogInbox(kind, path, options, now if callable(now) else lambda: now)
