"""From an outcome in a log to the report that a message about it would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bouncery.address import comparable
from bouncery.codes.grammar import find_codes, innermost, preferred
from bouncery.model import Action, Evidence, Kind, Original, Recipient, Report, Source
from bouncery.pipeline import judge

if TYPE_CHECKING:
    from bouncery.codes.grammar import Code
    from bouncery.rules import RuleSet
    from bouncery.sources.log_event import LogEvent

KINDS = {Action.FAILED: Kind.FAILURE, Action.DELAYED: Kind.DELAY, Action.DELIVERED: Kind.DELIVERED}


def to_report(event: LogEvent, rules: RuleSet | None = None) -> Report:
    """Judge an outcome that a mail server logged, as the notification about it would be judged.

    `rules` are the shipped ones by default. The report names one recipient and the message that was sent, so that
    notification and log line can be known for one.
    """
    recipient = facts(event)
    evidence = witnesses(event)
    date = event.at.isoformat().replace("+00:00", "Z")
    return Report(
        kind=KINDS[event.action],
        formats=("log", event.program),
        reporting_mta=event.reporting_mta,
        date=date,
        fields=(("Queue-ID", event.queue_id),),
        original=Original(message_id=event.message_id, sender=event.sender, to=(recipient.address,)),
        recipients=(msgspec.structs.replace(recipient, last_attempt=date, verdict=judge(recipient, rules, evidence)),),
    )


def facts(event: LogEvent) -> Recipient:
    """Give what a line says about its recipient, in the terms of a delivery status."""
    code = code_of(event)
    mailed = event.original_recipient or event.recipient
    differs = comparable(mailed) != comparable(event.recipient)
    return Recipient(
        address=mailed,
        final_address=event.recipient if differs else None,
        action=event.action,
        final=event.action is Action.FAILED,
        status=status_of(event, code),
        reply=code.reply if code else None,
        diagnostic=event.text or None,
        remote_mta=event.remote_mta,
        stage=event.stage,
    )


def code_of(event: LogEvent) -> Code | None:
    """Give the code of the refusing server's reply; of one that took the message, its first."""
    if event.action is Action.DELIVERED:
        return next(find_codes(event.text), None)
    return innermost(event.text)


def status_of(event: LogEvent, code: Code | None) -> str | None:
    """Give the server's own enhanced code before that of the log; Sendmail makes up one for each reply that has none."""
    quoted = code.status if code else None
    made_up = event.program == "sendmail" and code is not None and code.reply is not None
    return preferred(quoted, None if made_up else event.status)


def witnesses(event: LogEvent) -> tuple[Evidence, ...]:
    """Give what a verdict stands on: the words, the status, or only that it failed."""
    if event.text:
        return (Evidence(Source.DIAGNOSTIC, event.text),)
    if event.status:
        return (Evidence(Source.STATUS, event.status),)
    return (Evidence(Source.ACTION, event.action.value),)
