"""POP3: what was read is remembered by UIDL, and a message is deleted, if at all, once it is stored.

A server forgets its DELEs when a session is lost (RFC 1939, section 6), so sessions are kept short; the messages then come
again and are deleted then.
"""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING

from bouncery.model import SourceError
from bouncery.sources.files import Mail
from bouncery.sources.inbox import After, Delivery, Outcome
from bouncery.sources.location import mail_account
from bouncery.sources.patience import AwayError, pause, pauses
from bouncery.sources.pop3_session import TROUBLE, Pop3Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from bouncery.sources.inbox import InboxOptions, Seen

    T = TypeVar("T")

SESSION_MESSAGES = 1_000


class Pop3Inbox:
    """A mailbox on a POP3 server."""

    by_bytes = False

    def __init__(self, url: str, options: InboxOptions) -> None:
        """Take the URL; the connection is made with the first batch."""
        self.options = options
        self.location = mail_account(url)
        self.name = self.location.name
        if options.after in {After.MOVE, After.MARK}:
            raise SourceError(f"{self.name}: POP3 has neither folders nor marks; give --after keep or delete")
        self.deletes = options.after is After.DELETE and not options.readonly
        self.total: int | None = None
        self.session: Pop3Session | None = None
        self.given: set[str] = set()

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give what the mailbox holds; then, while watching, what comes."""
        while True:
            wanted = self.wanted(seen)
            while names := list(islice(wanted, SESSION_MESSAGES)):
                yield from self.options.batches(self.messages(names))
                # All of these are stored and acknowledged before the session ends, which makes the server delete them.
                yield []
                self.leave()
            self.leave()
            if not self.options.watch or self.options.stopped():
                return
            yield []
            pause(self.options.poll, self.options.stopped)

    def wanted(self, seen: Seen) -> Iterator[str]:
        """List the messages that this run has not given yet; without those that are stored, if these stay."""
        names = list(self.attempt(lambda session: session.numbers))
        known = frozenset() if self.deletes else seen.many(names)
        self.given &= set(names)
        new = [name for name in names if name not in known and name not in self.given]
        self.total = (self.total or 0) + len(new)
        return iter(new)

    def messages(self, names: list[str]) -> Iterator[Delivery]:
        """Give messages; one that the server cannot give is passed over."""
        for name in names:
            delivery = self.fetched(name)
            self.given.add(name)
            if delivery is not None:
                yield delivery

    def fetched(self, name: str) -> Delivery | None:
        """Fetch a message, a second time if the server fails on it; None for what cannot be had."""
        problem: AwayError | None = None
        for _ in range(2):
            try:
                return self.attempt(lambda session: self.fetch(session, name), tries=1)
            except AwayError as error:
                problem = error
                self.attempt(lambda session: session.ask("NOOP"))
        self.options.skipped(SourceError(f"{problem} (message {name} stays where it is)"))
        return None

    def fetch(self, session: Pop3Session, name: str) -> Delivery | None:
        """Fetch a message, unless somebody else removed it meanwhile."""
        number = session.numbers.get(name)
        if number is None:
            return None
        data, omitted = session.retrieve(number, self.options.message_bytes)
        return Delivery(Mail(self.name, number, data, omitted), name)

    def attempt(self, work: Callable[[Pop3Session], T], tries: int | None = None) -> T:
        """Run commands, in a new session and after growing pauses if the server fails. Raises AwayError in the end."""
        waits = pauses(self.options)
        number = 0
        while True:
            number += 1
            try:
                if self.session is None:
                    self.session = Pop3Session(self.location, self.options)
                return work(self.session)
            except TROUBLE as error:
                self.drop()
                problem = AwayError(f"{self.name}: {' '.join(str(error).split())}; see to the server and run again")
                wait = next(waits, None)
                if wait is None or number == tries or self.options.stopped():
                    raise problem from error
            self.options.notice(problem)
            pause(wait, self.options.stopped)

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Delete what is stored, if that is asked for and it was recognised."""
        names = [delivery.identity for delivery, became in done if became is not Outcome.UNRECOGNISED]
        if self.deletes and names:
            self.attempt(lambda session: session.delete(names))

    def refuse(self, batch: Sequence[Delivery]) -> bool:  # noqa: ARG002 - the messages are where they were
        """Leave everything as it is."""
        return False

    def leave(self) -> None:
        """End the session, so that the server deletes what was acknowledged."""
        session, self.session = self.session, None
        if session is not None:
            with contextlib.suppress(*TROUBLE):
                session.quit()
            session.close()

    def drop(self) -> None:
        """Give the session up."""
        session, self.session = self.session, None
        if session is not None:
            session.close()

    def close(self) -> None:
        """End the session."""
        self.leave()
