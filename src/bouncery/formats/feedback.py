"""Abuse reports (RFC 5965) and complaints that providers send in forms of their own."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bouncery.address import read_address
from bouncery.dates import iso_date
from bouncery.formats.fields import first_value, read_groups, verbatim
from bouncery.formats.reading import Claim, Reading
from bouncery.headers import Headers
from bouncery.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bouncery.formats.fields import Group
    from bouncery.message import Message

# RFC 6591 and RFC 6650, section 4.1: reports in which no recipient complains.
NO_COMPLAINT = frozenset({"auth-failure", "dmarc", "not-spam"})
RECIPIENT_FIELDS = ("original-rcpt-to", "removal-recipient", "x-original-rcpt-to")
# Header fields of the returned message by which providers name the complaining recipient.
RETURNED_FIELDS = ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to")
# RFC 6650, section 4.5 lets a reporter redact addresses; a placeholder is nobody's mailbox.
REDACTED = ("redacted", "undisclosed", "hidden", "removed", "xxx")
# RFC 5965, section 3.1.
REQUIRED = ("Feedback-Type", "User-Agent", "Version")
MOST = 10
"""Notes on addresses that were left out."""
OWN_FORMS = ("complaint about message from", "abuse complaint", "email abuse report", "spam complaint", "abuse report")


def read(message: Message) -> Reading | None:
    """Read an abuse report; also a complaint that only says so and returns the message."""
    part = next((part for part in message.parts if part.media_type == "message/feedback-report"), None)
    if part is None:
        return own_form(message)
    groups = read_groups(part.text)
    feedback = first_value(groups, "feedback-type").strip().lower()
    if not feedback and "final-recipient" in part.text.lower():
        return None  # a delivery status under the wrong media type
    # RFC 5965, section 3.1: without its type a report is malformed, and says nothing that could be acted on.
    kind = Kind.OTHER if feedback in NO_COMPLAINT or not feedback else Kind.COMPLAINT
    named = list(stated(groups)) or list(returned_recipients(message))
    claims = tuple(Claim(address=address) for address in dict.fromkeys(named)) if kind is Kind.COMPLAINT else ()
    arrived = first_value(groups, "arrival-date") or first_value(groups, "received-date")
    return Reading(
        format="feedback",
        kind=kind,
        claims=claims,
        arrival_date=iso_date(arrived) if arrived else None,
        fields=verbatim(groups),
        notes=tuple(flaws(groups)),
    )


def flaws(groups: Sequence[Group]) -> Iterator[str]:
    """Give notes on fields that do not stand exactly once, on dates that exclude each other, and on addresses left out."""
    for name in REQUIRED:
        count = sum(len(group.all(name.lower())) for group in groups)
        if count != 1:
            yield f"malformed: {count} fields {name}"
    if first_value(groups, "arrival-date") and first_value(groups, "received-date"):
        yield "malformed: both Arrival-Date and Received-Date"
    named = (field.value for group in groups for name in RECIPIENT_FIELDS for field in group.all(name))
    yield from islice((f"redacted: {value[:60]!r}" for value in named if not list(real(value))), MOST)


def stated(groups: Iterable[Group]) -> Iterator[str]:
    """Give the recipients that the report itself names."""
    for group in groups:
        for name in RECIPIENT_FIELDS:
            for field in group.all(name):
                yield from real(field.value)


def real(value: str) -> Iterator[str]:
    """Give the address in a value, unless it is a placeholder."""
    address = read_address(value)
    if address and not address.lower().startswith(REDACTED):
        yield address


def returned_recipients(message: Message) -> Iterator[str]:
    """Give the complaining recipient that the returned message's header names; its To field only if it holds one mailbox."""
    part = message.returned()
    if part is None:
        return
    headers = Headers(part.text.partition("\n\n")[0].encode())
    for name in RETURNED_FIELDS:
        if headers.get(name):
            yield from real(headers.get(name))
            return
    recipients = headers.get("to").split(",")
    if len(recipients) == 1 and "list-id" not in headers and "list-post" not in headers:
        yield from real(headers.decoded("to"))


def own_form(message: Message) -> Reading | None:
    """Read a complaint without a report part: the subject names it, and the message is returned."""
    if message.media_type == "multipart/report" or message.returned() is None:
        return None
    subject = message.headers.decoded("subject").lower()
    if not any(form in subject for form in OWN_FORMS):
        return None
    claims = tuple(Claim(address=address) for address in returned_recipients(message))
    return Reading(format="feedback", kind=Kind.COMPLAINT, claims=claims)
