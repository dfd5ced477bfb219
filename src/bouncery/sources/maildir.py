"""Maildir: messages of `new` and `cur`; one of `new` goes to `cur` once it is stored.

A message of `cur` was seen by a person, not by us: it is read unless the store has it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery.model import SourceError
from bouncery.sources.files import Mail, count, display
from bouncery.sources.inbox import Delivery, MissingError
from bouncery.sources.patience import pause

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.sources.inbox import InboxOptions, Outcome, Seen

NEW, CUR = "new", "cur"
LOOKED_UP = 1_000
FLAGS = ":2,"


def is_maildir(path: str) -> bool:
    """Whether a path is a Maildir."""
    return all(Path(path, room).is_dir() for room in (NEW, CUR))


def unique(name: str) -> str:
    """Give the part of a file's name that never changes: without its flags."""
    return name.partition(":")[0]


class MaildirInbox:
    """A Maildir; folders in it are sources of their own."""

    by_bytes = False

    def __init__(self, path: str, options: InboxOptions) -> None:
        """Take the path."""
        if not is_maildir(path):
            raise MissingError(f"{display(path)}: no Maildir: there is no new or no cur in it; see the path")
        self.path = path
        self.options = options
        self.name = f"maildir:{display(os.path.abspath(path))}"  # noqa: PTH100 - keeps bytes that are no text
        self.total: int | None = None
        self.given: set[str] = set()

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give what is there; then, while watching, what comes."""
        while True:
            for room in (NEW, CUR):
                yield from self.options.batches(self.messages(room, seen))
            if not self.options.watch or self.options.stopped():
                return
            yield []
            pause(self.options.poll, self.options.stopped)

    def names(self, room: str) -> list[str]:
        """List the messages of a room that this run has not given yet, the oldest first."""
        try:
            with os.scandir(os.path.join(self.path, room)) as entries:  # noqa: PTH118 - as above
                found = sorted(entry.name for entry in entries if not entry.name.startswith("."))
        except OSError as error:
            problem = f"{display(self.path)}: {room} cannot be read ({error.strerror}); see to it and run again"
            raise SourceError(problem) from error
        return [name for name in found if unique(name) not in self.given]

    def messages(self, room: str, seen: Seen) -> Iterator[Delivery]:
        """Give the messages of a room."""
        names = self.names(room)
        self.total = (self.total or 0) + len(names)
        for name in self.unread(names, seen) if room == CUR else names:
            delivery = self.read(room, name)
            if delivery is None:
                continue
            if self.options.watch or room == NEW:
                self.given.add(unique(name))
            yield delivery

    def unread(self, names: list[str], seen: Seen) -> Iterator[str]:
        """Leave out what is stored."""
        for start in range(0, len(names), LOOKED_UP):
            portion = names[start : start + LOOKED_UP]
            known = seen.many([display(unique(name)) for name in portion])
            if self.options.watch:
                self.given.update(unique(name) for name in portion if display(unique(name)) in known)
            self.total = (self.total or 0) - len(known)
            yield from (name for name in portion if display(unique(name)) not in known)

    def read(self, room: str, name: str) -> Delivery | None:
        """Read a message; None for one that went elsewhere meanwhile, or that cannot be read."""
        path = os.path.join(self.path, room, name)  # noqa: PTH118 - as above
        limit = self.options.message_bytes
        try:
            with open(path, "rb") as stream:  # noqa: PTH123 - as above
                data = stream.read(limit)
                omitted = count(stream) if len(data) == limit else 0
        except FileNotFoundError:
            return None
        except OSError as error:
            self.options.skipped(SourceError(f"{display(path)}: cannot be read ({error.strerror}); see to it and run again"))
            return None
        return Delivery(Mail(display(path), 0, data, omitted), display(unique(name)), handle=name if room == NEW else None)

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Move what is stored from `new` to `cur`."""
        if self.options.readonly:
            return
        for delivery, _ in done:
            if isinstance(delivery.handle, str):
                self.move(delivery.handle)

    def move(self, name: str) -> None:
        """Move a message, unless somebody else did, and never onto another one."""
        source, target = Path(self.path, NEW, name), Path(self.path, CUR, unique(name) + FLAGS)
        if target.exists():
            return
        try:
            source.rename(target)
        except FileNotFoundError:
            return
        except OSError as error:
            problem = f"{display(str(source))}: stored, but cannot be moved to cur ({error.strerror}); see to the rights"
            raise SourceError(problem) from error

    def refuse(self, batch: Sequence[Delivery]) -> bool:  # noqa: ARG002 - the messages are where they were
        """Leave everything as it is."""
        return False

    def close(self) -> None:
        """Leave the Maildir."""
