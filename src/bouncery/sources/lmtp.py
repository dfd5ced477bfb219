"""LMTP (RFC 2033): a mail server hands bounces over, and hears for each recipient whether its message is stored.

The answer comes after the commit. When the store fails it is 451: the mail server keeps the message and tries again.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING

import msgspec

from bouncery.model import SourceError
from bouncery.sources.files import Mail
from bouncery.sources.inbox import Delivery
from bouncery.sources.location import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.sources.inbox import InboxOptions, Outcome, Seen
    from bouncery.sources.lmtp_server import Server

WAIT = 0.25


class Arrival(msgspec.Struct, frozen=True, eq=False):
    """A message for one recipient, and where its sender waits for the answer."""

    data: bytes
    omitted: int
    recipient: str
    answer: Future[bool]


class LmtpInbox:
    """A server for a mail server on this machine or in this network; it runs until it is stopped."""

    by_bytes = False
    total: int | None = None

    def __init__(self, url: str, options: InboxOptions) -> None:
        """Take the URL; the server starts with the first batch."""
        self.options = options
        self.location = locate(url)
        self.name = self.location.name
        if self.location.user or not (self.location.host or self.location.path):
            raise SourceError(f"{self.name}: says not where to listen; give lmtp://127.0.0.1:8024 or lmtp:///PATH/OF/SOCKET")
        if options.readonly:
            raise SourceError(f"{self.name}: there is no dry run of a server; every message it takes has to be stored")
        self.arrivals: queue.Queue[Arrival] = queue.Queue()
        self.waiting: set[Future[bool]] = set()
        self.server: Server | None = None

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:  # noqa: ARG002 - a sender knows best what to send again
        """Give what is handed over, as it comes."""
        from bouncery.sources.lmtp_server import Server

        self.server = Server(self.location, self.options, self.arrivals.put)
        while not self.options.stopped():
            yield self.taken()

    def taken(self) -> list[Delivery]:
        """Give what waits; nothing at once if senders wait for the answers to an earlier batch."""
        batch: list[Delivery] = []
        size = 0
        while not self.options.full(batch, size):
            try:
                arrival = self.arrivals.get(timeout=0 if batch or self.waiting else WAIT)
            except queue.Empty:
                break
            self.waiting.add(arrival.answer)
            batch.append(self.delivery(arrival))
            size += len(arrival.data)
        return batch

    def delivery(self, arrival: Arrival) -> Delivery:
        """Name a message by its content and recipient: there is nothing else that a second try has in common."""
        digest = hashlib.sha256(arrival.data).hexdigest()
        mail = Mail(self.name, 0, arrival.data, arrival.omitted)
        return Delivery(mail, f"{digest}:{arrival.recipient}", arrival.recipient, arrival.answer)

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Tell the senders that their messages are stored."""
        self.answer([delivery for delivery, _ in done], stored=True)

    def refuse(self, batch: Sequence[Delivery]) -> bool:
        """Tell the senders to keep their messages and try again."""
        self.answer(batch, stored=False)
        return True

    def answer(self, batch: Sequence[Delivery], *, stored: bool) -> None:
        """Answer those who wait."""
        for delivery in batch:
            answer = delivery.handle
            if isinstance(answer, Future) and answer in self.waiting:
                self.waiting.discard(answer)
                # A sender that has gone meanwhile cancelled it.
                with contextlib.suppress(InvalidStateError):
                    answer.set_result(stored)

    def close(self) -> None:
        """Take no more messages, have the others kept by their senders, and end when they know."""
        if self.server is None:
            return
        self.server.refuse_new()
        while batch := self.taken():
            self.refuse(batch)
        for answer in self.waiting:
            with contextlib.suppress(InvalidStateError):
                answer.set_result(False)
        self.server.close()
        self.server = None
