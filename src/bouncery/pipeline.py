"""The wiring: bytes to a report, a reply to a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bouncery.codes.grammar import accepting, innermost
from bouncery.codes.stage import stage_of
from bouncery.dates import iso_date
from bouncery.decide import conclude, effective_class
from bouncery.formats import FORMATS
from bouncery.formats.forwarded import inner
from bouncery.gather import contradiction, gather, is_complete, witnesses
from bouncery.message import read
from bouncery.model import Action, Decision, Evidence, Kind, Limits, Reason, Recipient, Report, Source, Stage, Verdict
from bouncery.original import message_ids, read_original
from bouncery.rules import Question, RuleSet, shipped
from bouncery.rules.blocklist import blocklist
from bouncery.rules.hosts import providers
from bouncery.rules.moved import new_address
from bouncery.rules.retry_after import retry_after
from bouncery.witness import pointed, unplaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.codes.grammar import Code
    from bouncery.formats.reading import Reading
    from bouncery.gather import Facts
    from bouncery.message import Message

DEFAULT_LIMITS = Limits()


def parse(
    data: bytes, *, envelope_to: str | None = None, limits: Limits = DEFAULT_LIMITS, rules: RuleSet | None = None
) -> Report:
    """Read one message and judge every recipient that it reports on (RFC 3464 and what servers write instead).

    `data` is the message as it arrived. `envelope_to` is the address it was delivered to, where that is known: the sender's
    own, which cannot have failed. Never raises on any bytes: what cannot be read leaves a note in the report. TypeError for
    anything but bytes.
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"data must be bytes, not {type(data).__name__}: read the message in binary mode")
    return report_on(bytes(data), limits, rules, FORWARDS, envelope_to)


FORWARDS = 3
"""How often a notification may have been forwarded whole."""


def report_on(data: bytes, limits: Limits, rules: RuleSet | None, forwards: int, envelope_to: str | None = None) -> Report:
    """Read one message; where it only passes on a notification, read that one."""
    message = read(data, limits)
    message.memo["envelope_to"] = envelope_to or ""
    gathered = gather(read_formats(message))
    if gathered.kind is Kind.OTHER and forwards and (passed_on := inner(message)):
        report = report_on(passed_on, limits, rules, forwards - 1)
        if report.kind is not Kind.OTHER:
            return passed(report, message.notes)
    headers = message.headers
    date = headers.get("date")
    return Report(
        kind=gathered.kind,
        formats=gathered.formats,
        reporting_mta=gathered.reporting_mta,
        arrival_date=gathered.arrival_date,
        envelope_id=gathered.envelope_id,
        date=iso_date(date) if date else None,
        message_id=headers.get("message-id") or None,
        in_reply_to=message_ids(headers.get("in-reply-to")),
        references=message_ids(headers.get("references")),
        fields=gathered.fields,
        original=read_original(message),
        recipients=tuple(judged(facts, message, rules) for facts in gathered.facts[: limits.recipients]),
        notes=(*message.notes, *gathered.notes, *noted(message, gathered.facts)),
    )


def passed(report: Report, notes: Sequence[str]) -> Report:
    """Give the report on a message inside another one as that of the outer one."""
    recipients = [
        msgspec.structs.replace(
            recipient, verdict=msgspec.structs.replace(recipient.verdict, evidence=unplaced(recipient.verdict.evidence))
        )
        for recipient in report.recipients
    ]
    told = (*notes, "forwarded: read the message inside", *report.notes)
    return msgspec.structs.replace(report, recipients=tuple(recipients), notes=told)


def noted(message: Message, facts: Sequence[Facts]) -> Iterator[str]:
    """Give the notes that only the whole message allows."""
    if not message.headers.names(""):
        yield NO_MAIL
    limit = message.limits.match_chars
    longest = max((len(fact.recipient.diagnostic or "") for fact in facts), default=0)
    if longest > limit:
        yield f"limit match_chars: matched {limit} of {longest} characters of a diagnostic"
    yield from filter(None, (contradiction(fact.recipient) for fact in facts[: message.limits.recipients]))


NO_MAIL = "no mail: it begins with no header field"


def read_formats(message: Message) -> list[Reading]:
    """Give what each format makes of a message; prose is read only where the machine-readable part leaves a gap."""
    readings: list[Reading] = []
    for family in FORMATS:
        if family.prose and is_complete(readings):
            break
        reading = family.read(message)
        if reading is not None:
            readings.append(reading)
            if family.prose:
                break  # a notification is no automatic answer besides
    return readings


def judged(facts: Facts, message: Message, rules: RuleSet | None) -> Recipient:
    """Give the facts about a recipient with the verdict on them."""
    verdict = judge(facts.recipient, rules, witnesses(facts.claim), message)
    return msgspec.structs.replace(facts.recipient, verdict=verdict)


def question(recipient: Recipient, limits: Limits = DEFAULT_LIMITS) -> Question:
    """Put what is known of a recipient into the form that rules are asked in."""
    return Question(
        text=(recipient.diagnostic or "")[: limits.match_chars],
        reply=recipient.reply,
        status=effective_status(recipient),
        reply_class=effective_class(recipient),
        stage=recipient.stage,
        providers=providers(recipient.remote_mta),
        reached=recipient.reached,
    )


def effective_status(recipient: Recipient) -> str | None:
    """Give the status code to match: of class 4 where the reply is, since the first digit counts; none that was made up."""
    if is_made_up(recipient):
        return None
    temporary = recipient.status and recipient.reply and recipient.reply // 100 == 4
    return f"4{recipient.status[1:]}" if temporary and recipient.status else recipient.status


def is_made_up(recipient: Recipient) -> bool:
    """Whether Sendmail made the status: it gives 5.1.1 to any 550 of a server that states no enhanced code."""
    if recipient.status != "5.1.1" or recipient.reply != 550 or recipient.diagnostic is None:
        return False
    code = innermost(recipient.diagnostic)
    stated = code is None or code.status is not None
    return not stated and any(name.lower() == "x-actual-recipient" for name, _ in recipient.fields)


def judge(
    recipient: Recipient, rules: RuleSet | None = None, evidence: Sequence[Evidence] = (), message: Message | None = None
) -> Verdict:
    """Conclude from what a message said about one recipient; also for facts that were stored long ago.

    `evidence` tells where the facts stood in the `message`, which is needed to point at the very words.
    """
    if recipient.action not in {Action.FAILED, Action.DELAYED}:
        return Verdict(new_address=new_address(recipient.diagnostic or "")) if recipient.reply == FORWARDED else Verdict()
    limits = message.limits if message else DEFAULT_LIMITS
    match = (rules or shipped()).match(question(recipient, limits))
    phrase = match.winner.phrase if match.winner else ""
    verdict = conclude(recipient, match, pointed(evidence, phrase, message.parts if message else ()))
    return advised(verdict, recipient)


FORWARDED = 251
"""The reply of a server that takes the message for a mailbox elsewhere (RFC 5321, section 3.4)."""


def advised(verdict: Verdict, recipient: Recipient) -> Verdict:
    """Add what a reply tells besides its reason: when to try again, which blocklist it means, where the mailbox is now."""
    text = recipient.diagnostic or ""
    if verdict.reason is Reason.MAILBOX_MOVED:
        return msgspec.structs.replace(verdict, new_address=new_address(text, recipient.address, recipient.final_address))
    if verdict.decision is Decision.RETRY and verdict.reason not in UNADVISED:
        seconds = retry_after(text)
        return msgspec.structs.replace(verdict, retry_after=seconds) if seconds else verdict
    if verdict.reason in LISTING_REASONS:
        listing = blocklist(text)
        return msgspec.structs.replace(verdict, blocklist=listing) if listing else verdict
    return verdict


UNADVISED = frozenset({Reason.EXPIRED, Reason.CONNECTION_FAILED, Reason.DNS_FAILURE, Reason.MAILBOX_FULL})
"""Reasons that no server can tell the end of; the times in such texts are those of the sender's own queue."""
LISTING_REASONS = frozenset({Reason.BLOCKLISTED, Reason.BAD_REPUTATION, Reason.SPAM})
"""Reasons for which a reply may name a blocklist."""


def classify(
    reply: str,
    *,
    action: Action | None = None,
    mta: str | None = None,
    stage: Stage | None = None,
    rules: RuleSet | None = None,
) -> Verdict:
    """Judge an SMTP reply that came without a message (RFC 5321, section 4.2).

    `reply` is the reply as heard, logged or sent by a webhook, multi-line or not; `mta` the host that gave it; `stage` the
    command that it answered. `action` None means that it was heard in session, where a reply of class 4 is never final.
    """
    if not isinstance(reply, str):
        raise TypeError(f"reply must be str, not {type(reply).__name__}: decode it first")
    return judge(heard(reply, action, mta, stage), rules, (Evidence(Source.DIAGNOSTIC, reply),))


def action_heard(reply: str, code: Code | None) -> Action:
    """Give what a reply heard in session means: class 4 is no end yet, class 2 and 3 refuse nobody."""
    if code:
        return Action.DELAYED if code.reply_class == 4 else Action.FAILED
    return Action.RELAYED if accepting(reply) else Action.FAILED


def heard(reply: str, action: Action | None = None, mta: str | None = None, stage: Stage | None = None) -> Recipient:
    """Give the facts in a reply that came without a message."""
    code = innermost(reply)
    if action is None:
        action = action_heard(reply, code)
    return Recipient(
        address="",
        action=action,
        final=action is Action.FAILED,
        status=code.status if code else None,
        reply=code.reply if code else accepting(reply),
        diagnostic=reply,
        remote_mta=mta,
        stage=stage or stage_of(reply),
    )
