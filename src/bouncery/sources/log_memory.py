"""What is known of the messages in a queue while a log is read; bounded, whatever the log holds."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from bouncery.address import comparable
from bouncery.model import Action

if TYPE_CHECKING:
    from bouncery.sources.log_event import LogEvent

MESSAGES = 20_000
"""Messages that are remembered; the ones seen longest ago go first."""
CHARACTERS = 16 << 20
"""Characters that are remembered of all their recipients."""
OVERHEAD = 500
LONGEST_NAME = 1_000
DIGITS = re.compile(r"\d+")


class Queued:
    """A message in the queue. `own` tells that it is a notification of this very server, no mail of a sender."""

    __slots__ = ("host", "message_id", "origins", "own", "sender", "waiting", "weight")

    def __init__(self, host: str) -> None:
        """Begin with nothing known."""
        self.host = host
        self.sender: str | None = None
        self.message_id: str | None = None
        self.own = False
        self.origins: dict[str, str] = {}
        self.waiting: dict[str, LogEvent] = {}
        self.weight = 0


class Memory:
    """The messages of a queue by their ids."""

    def __init__(self, messages: int = MESSAGES, characters: int = CHARACTERS) -> None:
        """Begin with an empty queue."""
        self.messages = messages
        self.characters = characters
        self.weight = 0
        self.queue: OrderedDict[str, Queued] = OrderedDict()

    def get(self, queue_id: str, host: str) -> Queued:
        """Give what is known of a message; of two servers with one id only the later one's."""
        queued = self.queue.get(queue_id)
        if queued is None or queued.host != host:
            return self.begin(queue_id, host)
        self.queue.move_to_end(queue_id)
        return queued

    def begin(self, queue_id: str, host: str) -> Queued:
        """Forget an earlier message that had this id."""
        earlier = self.queue.pop(queue_id, None)
        if earlier:
            self.weight -= earlier.weight
        queued = self.queue[queue_id] = Queued(host)
        self.shrink()
        return queued

    def find(self, queue_id: str) -> Queued | None:
        """Give a message if its arrival was seen."""
        return self.queue.get(queue_id)

    def again(self, queue_id: str, queued: Queued) -> Queued | None:
        """Give the message that an id in a server's reply names, if it is this one, back in a queue of this log."""
        other = self.find(queue_id)
        if other is None or other is queued:
            return None
        both = other.message_id and queued.message_id
        return other if not both or other.message_id == queued.message_id else None

    def origin(self, queued: Queued, recipient: str, stated: str) -> None:
        """Remember which address the sender mailed before the message came back from a filter."""
        if len(stated) <= LONGEST_NAME:
            queued.origins[comparable(recipient)] = stated
            self.grow(queued, len(stated) + OVERHEAD)
            self.shrink()

    def defer(self, queued: Queued, event: LogEvent) -> bool:
        """Remember a deferral; False for one that says what the one before it said."""
        key = comparable(event.recipient)
        before = queued.waiting.get(key)
        queued.waiting[key] = event
        self.grow(queued, len(event.text) + OVERHEAD - (len(before.text) + OVERHEAD if before else 0))
        self.shrink()
        return before is None or said(before) != said(event)

    def settle(self, queued: Queued, recipient: str) -> LogEvent | None:
        """Forget the deferral of a recipient that has its outcome, and give it."""
        event = queued.waiting.pop(comparable(recipient), None)
        if event:
            self.grow(queued, -len(event.text) - OVERHEAD)
        return event

    def expire(self, queued: Queued) -> list[LogEvent]:
        """Give the recipients that waited until the server gave up, as failed for the reason they waited for."""
        waiting = list(queued.waiting.values())
        self.forget(queued)
        return [
            msgspec.structs.replace(event, action=Action.FAILED, identity=f"/{comparable(event.recipient)}")
            for event in waiting
        ]

    def forget(self, queued: Queued) -> None:
        """Forget the recipients of a message that has left the queue; that it was there is still known."""
        queued.waiting.clear()
        self.grow(queued, -queued.weight)

    def shrink(self) -> None:
        """Forget the messages seen longest ago, and of the last one the recipients seen first."""
        while len(self.queue) > self.messages or (self.weight > self.characters and len(self.queue) > 1):
            self.weight -= self.queue.popitem(last=False)[1].weight
        last = next(reversed(self.queue.values()))
        while self.weight > self.characters and last.waiting:
            event = last.waiting.pop(next(iter(last.waiting)))
            self.grow(last, -len(event.text) - OVERHEAD)

    def grow(self, queued: Queued, weight: int) -> None:
        """Count what is remembered."""
        queued.weight += weight
        self.weight += weight


def said(event: LogEvent) -> tuple[str | None, str]:
    """Give what a deferral says apart from the numbers in it, which count down."""
    return event.status, DIGITS.sub("0", event.text)
