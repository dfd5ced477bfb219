"""Amazon SES notifications that SNS sends by mail: JSON in the text part.

A module of its own because the recipients stand in a JSON string inside JSON, which no layout row can say.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any

from bouncery.address import read_address
from bouncery.codes.grammar import innermost, preferred, read_status
from bouncery.formats.fields import TYPE
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.model import Action, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.message import Message, Part

# Mail folds long lines, strings in them included.
LENIENT = JSONDecoder(strict=False)
MARKS = ("notificationType", "eventType")
KINDS = {
    "bounce": (Kind.FAILURE, "bouncedRecipients", Action.FAILED),
    "complaint": (Kind.COMPLAINT, "complainedRecipients", None),
    "delivery": (Kind.DELIVERED, "recipients", Action.DELIVERED),
}


def read(message: Message) -> Reading | None:
    """Read an SES event (docs.aws.amazon.com/ses, "Amazon SNS notification contents"); None if the text holds none."""
    for part in message.parts:
        if (part.media_type == "text/plain" and b"otificationType" in part.body) or b"eventType" in part.body:
            event = event_in(part.text)
            if event:
                return read_event(event, part)
    return None


def event_in(text: str) -> dict[str, Any] | None:
    """Give the event in a text, bare or in the envelope of SNS."""
    start = text.find("{")
    try:
        table, _ = LENIENT.raw_decode(text, start) if start >= 0 else (None, 0)
        if isinstance(table, dict) and isinstance(table.get("Message"), str):
            table = LENIENT.decode(table["Message"])
    except (JSONDecodeError, RecursionError):
        return None
    return table if isinstance(table, dict) and any(mark in table for mark in MARKS) else None


def read_event(event: dict[str, Any], part: Part) -> Reading | None:
    """Read the recipients of an event."""
    name = str(event.get(MARKS[0]) or event.get(MARKS[1])).lower()
    if name not in KINDS:
        return None
    kind, key, action = KINDS[name]
    details = event.get(name)
    rows = details.get(key) if isinstance(details, dict) else None
    claims = tuple(claims_in(rows if isinstance(rows, list) else [], action, part))
    return Reading(format="sns", kind=kind, claims=claims)


def claims_in(rows: list[Any], action: Action | None, part: Part) -> Iterator[Claim]:
    """Give a claim for each recipient of an event."""
    for entry in rows:
        row = entry if isinstance(entry, dict) else {"emailAddress": entry}
        address = read_address(str(row.get("emailAddress") or ""))
        if address is None:
            continue
        raw = str(row.get("diagnosticCode") or "")
        found = TYPE.match(raw)
        diagnostic = raw[found.end() :] if found else raw
        code = innermost(diagnostic)
        at = max(part.text.find(diagnostic), 0)
        yield Claim(
            address=address,
            action=action,
            status=preferred(code.status if code else None, read_status(str(row.get("status") or ""))),
            reply=code.reply if code else None,
            diagnostic=diagnostic or None,
            spot=Spot(part.index, at, at + len(diagnostic)),
        )
