"""One outcome about one address, as the policy sees it: the classifier's verdict, who sent what, and how it is proven."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from hashlib import blake2b

import msgspec

from bouncery.model import BounceryError, Decision, Reason

LONGEST_KEY = 24
"""Characters of a message key that are kept as they stand; longer ones are hashed, so a state stays small."""


class EventKind(StrEnum):
    """What happened. The first eleven are the kinds of a report (`bouncery.Kind`); the host tells the others."""

    FAILURE = "failure"
    DELAY = "delay"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    AUTO_REPLY = "auto_reply"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    CHALLENGE = "challenge"
    UNSUBSCRIBE = "unsubscribe"
    OTHER = "other"
    SENT = "sent"
    """A mail went out to the address."""
    CLEAN = "clean"
    """A mail went out, and the host knows that it did not bounce."""
    CLICK = "click"
    OPEN = "open"
    REPLY = "reply"
    NOT_SPAM = "not_spam"
    """The recipient took a mail out of the spam folder (Feedback-Type: not-spam)."""
    PROBE = "probe"
    """A probe with a token of its own went out to the address."""
    WARNING = "warning"
    """A suspended subscriber was told."""
    ADDED = "added"
    """The address was put on a list by an import or a sign-up: until a mail arrives, nobody knows that it exists."""
    OWNER = "owner"
    """The owner edited or confirmed the address: what was held against it is about somebody else, or about the past."""


LIFE = frozenset(
    {
        EventKind.DELIVERED,
        EventKind.AUTO_REPLY,
        EventKind.RECEIPT,
        EventKind.CLICK,
        EventKind.OPEN,
        EventKind.REPLY,
        EventKind.NOT_SPAM,
    }
)
"""Signs that somebody or something reads the mailbox."""
OPT_OUT = frozenset({EventKind.COMPLAINT, EventKind.UNSUBSCRIBE})


class Level(IntEnum):
    """How well an event is proven to be about a mail of ours."""

    L0 = 0
    """Nothing but the address in a text that anyone could have written."""
    L1 = 1
    """The send log has a mail to that address in the last days."""
    L2 = 2
    """Our Message-ID or token in the returned header matches a mail to that recipient."""
    L3 = 3
    """A signed return path or envelope id was verified."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One outcome about one address.

    `at` is an aware datetime or seconds since 1970. `message` identifies the mail that the outcome is about (its
    Message-ID, envelope id, or list and day of a token); the same one for all reports on one mail. `agreement` tells whether
    code and text led to the same reason; None leaves it to status and confidence. `list` is None where the outcome
    holds for the address itself. `forged` was given a token that does not hold, or none where all our mail carries one.
    """

    address: str
    at: datetime | float
    kind: EventKind
    message: str | None = None
    decision: Decision | None = None
    reason: Reason | None = None
    status: str | None = None
    confidence: float | None = None
    agreement: bool | None = None
    inactive: bool = False
    """A full mailbox that its provider calls inactive as well."""
    provider: str | None = None
    template: str | None = None
    level: Level = Level.L0
    list: str | None = None
    forged: bool = False
    held: bool = False
    """The outage guard was open when it arrived: it counts only once the address fails again after the outage."""
    feedback: str | None = None
    """Feedback-Type of a complaint (RFC 5965, section 3.1); None for an abuse report that states none."""
    final_address: str | None = None
    """The address that refused, where the mail was forwarded; the one that counts is `address`."""
    text: str | None = None
    """An excerpt of the diagnostic, for reports and for undoing by text."""
    source: str | None = None
    """Where the message lies: file, or mailbox and UID."""


class PolicyError(BounceryError):
    """A policy or an event that cannot be used: says where, which key, and what is wrong with it."""

    def __init__(self, path: str, key: str | None, problem: str) -> None:
        """Name the place, the key (None for the table as a whole) and the problem."""
        super().__init__(f"{path}: {f'{key}: ' if key else ''}{problem}")
        self.path = path
        self.key = key
        self.problem = problem


def seconds(at: datetime | float) -> float:
    """Give a moment as seconds since 1970; a datetime without a zone is a PolicyError."""
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        raise PolicyError("event", "at", f"{at.isoformat()} has no time zone; give an aware datetime, such as UTC")
    return at.timestamp()


def short(key: str) -> str:
    """Give a key of bounded length that is equal for equal keys."""
    return key if len(key) <= LONGEST_KEY else blake2b(key.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def message_key(event: Event, at: float) -> str:
    """Give the bounded key of the mail that an event is about; without one, each moment is a mail of its own."""
    return short(event.message) if event.message else f"@{at:.0f}"
