"""From a report of the parser to events of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery.address import comparable
from bouncery.model import Action, Decision, Kind
from bouncery.policy.event import Event, EventKind
from bouncery.policy.template import template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from bouncery.model import Recipient, Report
    from bouncery.policy.trust import Judge, Proof

EXCERPT = 200
"""Characters of a diagnostic that go into an event."""
MILD = (None, Decision.RETRY, Decision.SOFT, Decision.HARD)
"""Decisions from the mildest."""
OF_ACTION = {
    Action.FAILED: EventKind.FAILURE,
    Action.DELAYED: EventKind.DELAY,
    Action.DELIVERED: EventKind.DELIVERED,
    Action.RELAYED: EventKind.RELAYED,
    Action.EXPANDED: EventKind.EXPANDED,
}


def events(
    report: Report,
    judge: Judge,
    at: datetime | float,
    *,
    returned_to: Iterable[str] = (),
    provider_of: Callable[[Recipient], str | None] = lambda _: None,
) -> list[Event]:
    """Give the events of one report, one per address of ours.

    `at` is when the report was received. Where one of our addresses stands for several recipients, as behind a forward, the
    mildest outcome counts: somebody there still reads mail.
    """
    paths = tuple(returned_to)
    if not report.recipients:
        proof = judge.judge(report, None, paths, at)
        return [event_of(report, None, proof, at, None)] if proof.address else []
    found: dict[str, Event] = {}
    for recipient in report.recipients:
        proof = judge.judge(report, recipient, paths, at)
        event = event_of(report, recipient, proof, at, provider_of(recipient))
        key = comparable(event.address)
        found[key] = min(found.get(key, event), event, key=severity)
    return list(found.values())


def severity(event: Event) -> tuple[int, int]:
    """Order outcomes of one address from the mildest."""
    return MILD.index(event.decision), event.kind is not EventKind.DELIVERED


def event_of(report: Report, recipient: Recipient | None, proof: Proof, at: datetime | float, provider: str | None) -> Event:
    """Make the event of one recipient."""
    feedback = next((value.strip().lower() for name, value in report.fields if name.lower() == "feedback-type"), None)
    kind = kind_of(report, recipient, feedback)
    verdict = recipient.verdict if recipient else None
    diagnostic = recipient.diagnostic if recipient else None
    original = report.original
    return Event(
        address=proof.address,
        at=at,
        kind=kind,
        message=proof.message or report.envelope_id or (original.message_id if original else None),
        decision=verdict.decision if verdict else None,
        reason=verdict.reason if verdict else None,
        status=recipient.status if recipient else None,
        confidence=verdict.confidence if verdict else None,
        provider=provider or proof.address.rpartition("@")[2].lower() or None,
        template=template(diagnostic) or None,
        level=proof.level,
        list=proof.list,
        forged=proof.forged,
        feedback=feedback,
        final_address=proof.final_address,
        text=diagnostic[:EXCERPT] if diagnostic else None,
        source=report.source,
    )


def kind_of(report: Report, recipient: Recipient | None, feedback: str | None) -> EventKind:
    """Give the kind of the event: of the recipient where the report is about deliveries, else of the report."""
    if feedback == "not-spam":
        return EventKind.NOT_SPAM
    delivery = report.kind in {Kind.FAILURE, Kind.DELAY, Kind.DELIVERED, Kind.RELAYED, Kind.EXPANDED}
    if delivery and recipient and recipient.action:
        return OF_ACTION[recipient.action]
    return EventKind(report.kind.value)
