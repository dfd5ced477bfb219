"""What one outcome weighs, and against whom: the table of evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from bouncery.model import Decision, Fault, Reason
from bouncery.policy.event import EventKind

if TYPE_CHECKING:
    from bouncery.policy.event import Event
    from bouncery.policy.numbers import Numbers

SPECIFIC = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced codes that say by themselves that an address is dead (RFC 3463, section 3; RFC 7505 for 5.1.10)."""
DEAD = frozenset(
    {
        Reason.USER_UNKNOWN,
        Reason.MAILBOX_DISABLED,
        Reason.MAILBOX_MOVED,
        Reason.DOMAIN_UNKNOWN,
        Reason.NULL_MX,
        Reason.BAD_ADDRESS_SYNTAX,
    }
)
TRAFFIC = frozenset(
    {Reason.GREYLISTED, Reason.RATE_LIMITED, Reason.TOO_MANY_CONNECTIONS, Reason.TOO_MANY_RECIPIENTS, Reason.SUPPRESSED}
)
"""Reasons that say nothing about anybody; a provider's own suppression list repeats what was counted before."""
OURS = (
    frozenset(reason for reason in Reason if reason.fault in (Fault.SENDER, Fault.MESSAGE))
    | {Reason.RELAY_DENIED, Reason.TLS_FAILURE}
) - TRAFFIC
"""Reasons that count against the sender or the campaign, never against the address."""


class Against(StrEnum):
    """Whom an outcome counts against."""

    NOBODY = "nobody"
    ADDRESS = "address"
    SENDER = "sender"


class Weight(NamedTuple):
    """What an outcome weighs; `hard` where it says that the address is dead."""

    value: float
    hard: bool
    against: Against


NOTHING = Weight(0.0, hard=False, against=Against.NOBODY)
SENDER = Weight(0.0, hard=False, against=Against.SENDER)


def weigh(event: Event, numbers: Numbers) -> Weight:
    """Give what a failure weighs against the address; 0 for all that is no failure."""
    reason = event.reason
    if event.kind is not EventKind.FAILURE or event.decision is None or reason in TRAFFIC:
        return NOTHING
    if reason in OURS:
        return SENDER
    if event.decision is Decision.HARD and reason in DEAD:
        value = numbers.weight_hard if agrees(event, numbers) else numbers.weight_hard_doubtful
        return Weight(value, hard=True, against=Against.ADDRESS)
    if reason is Reason.MAILBOX_FULL:
        value = numbers.weight_full_inactive if event.inactive else numbers.weight_full
    else:
        value = numbers.weight_expired if event.decision is Decision.RETRY else numbers.weight_soft
    return Weight(value, hard=False, against=Against.ADDRESS)


def agrees(event: Event, numbers: Numbers) -> bool:
    """Whether code and text both say that the address is dead, or the code is specific."""
    if event.agreement is not None:
        return event.agreement
    return event.status in SPECIFIC or (event.confidence or 0.0) >= numbers.sure
