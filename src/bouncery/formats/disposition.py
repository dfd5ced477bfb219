"""Message disposition notifications (RFC 8098), and rejections that arrive in their form (RFC 5429, section 2.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import original, read_address
from bouncery.formats.fields import first_value, read_groups, verbatim
from bouncery.formats.prose import signals
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.model import Action, Kind, Source

if TYPE_CHECKING:
    from bouncery.message import Message, Part

TYPES = ("message/disposition-notification", "message/global-disposition-notification")
DISPOSITION = re.compile(r"\s*([a-z\-]+)\s*/\s*([a-z\-]+)\s*;\s*([a-z\-]+)\s*(?:/\s*(.*))?", re.IGNORECASE)
FIELD = re.compile(r"(?im)^disposition[ \t]*:")
REASON_GIVEN = re.compile(
    r"(?i)(?:reason(?: was)? given|reason(?: for rejection)?|grund|motif|motivo)[^\n:]{0,40}:\s*(\S.{0,2000})", re.DOTALL
)


def read(message: Message) -> Reading | None:
    """Read a receipt: the person who displayed or deleted the message, or the filter that refused it."""
    part = next((part for part in message.parts if part.media_type in TYPES), None) or mislabelled(message)
    if part is None:
        return None
    groups = read_groups(part.text)
    fields = verbatim(groups)
    address = read_address(first_value(groups, "final-recipient"))
    first = first_value(groups, "original-recipient")
    mailed = original(first, address) if first else None
    if not refused(first_value(groups, "disposition"), message):
        receipt = Claim(address=mailed, final_address=address)
        return Reading(format="disposition", kind=Kind.RECEIPT, claims=(receipt,), fields=fields)
    words, spot = stated_reason(message, part)
    # RFC 5429, section 2.2.1: a filter at the mailbox refuses, so there is a mailbox, whatever reason it gives.
    claim = Claim(
        address=mailed,
        final_address=address,
        action=Action.FAILED,
        diagnostic=words,
        source=Source.TEXT,
        spot=spot,
        reached=True,
    )
    return Reading(format="disposition", kind=Kind.FAILURE, claims=(claim,), fields=fields)


def mislabelled(message: Message) -> Part | None:
    """Give the report that stands in a text part, where the container says that there is one (RFC 6522, section 3)."""
    told = message.headers.get("content-type").lower()
    if message.media_type != "multipart/report" or "disposition-notification" not in told:
        return None
    return next((part for part in message.parts if part.media_type == "text/plain" and FIELD.search(part.text)), None)


def refused(value: str, message: Message) -> bool:
    """Whether a disposition tells of a rejection: an automatic "deleted" that the text calls so, or a failure type."""
    found = DISPOSITION.match(value.lower())
    if found is None:
        return False
    if found[3] in {"denied", "failed"}:
        return False
    automatic = found[1].startswith("automatic") and found[3] == "deleted"
    return automatic and bool({"failure", "refusal"} & signals(message.headers.decoded("subject"), message.words()[1]))


def stated_reason(message: Message, report: Part) -> tuple[str, Spot | None]:
    """Give the reason that the notification states in prose."""
    for part in message.parts:
        if part.media_type == "text/plain" and part is not report:
            found = REASON_GIVEN.search(part.text)
            start = found.start(1) if found else 0
            words = part.text[start:].strip()
            return " ".join(words.split())[:2000], Spot(part.index, start, len(part.text))
    return "", None
