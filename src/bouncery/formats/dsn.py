"""Delivery status notifications (RFC 3464, RFC 6533), as their own part or as fields among the human text."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from bouncery.address import comparable, original, read_address, typed, uncommented
from bouncery.codes.grammar import find_codes, innermost, preferred, read_status
from bouncery.codes.stage import stage_of
from bouncery.dates import iso_date
from bouncery.formats.beside import about_sender, mailed_to, told_by_text
from bouncery.formats.cut import cut
from bouncery.formats.fields import TYPE, Group, first_value, read_groups, verbatim
from bouncery.formats.notice import may_report
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.model import ACCEPTED, Action, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.formats.fields import Field
    from bouncery.message import Message, Part
    from bouncery.model import Limits

STATUS_TYPES = ("delivery-status", "tracking-status", "deliverystatus")
ACTIONS = (
    ("undeliver", Action.FAILED),
    ("deliver", Action.DELIVERED),
    ("delay", Action.DELAYED),
    ("relay", Action.RELAYED),
    ("expand", Action.EXPANDED),
    ("fail", Action.FAILED),
    ("err", Action.FAILED),
    ("expire", Action.FAILED),
    ("reject", Action.FAILED),
    ("fehl", Action.FAILED),
)
# RFC 3886, section 3.3.3: beyond what can be tracked, so neither delivered nor failed.
UNTRACKED = ("transferred", "opaque")
SMTP_TYPES = frozenset({"smtp", "esmtp", "lmtp", "dns", ""})
REPLY_ONLY = re.compile(r"\s*([245]\d\d)\b(?!\.)")
# Fields that say whom a server tried, better than an X.400 name or a pipe in Final-Recipient does.
ALIASES = ("x-actual-recipient", "smtp-remote-recipient", "x-failed-recipients")


def read(message: Message) -> Reading | None:
    """Read every delivery status of a message, or what looks like one inside its text."""
    parts = [
        part for part in message.parts if part.media_type.startswith("message/") and part.media_type.endswith(STATUS_TYPES)
    ]
    if not parts:
        parts = [part for part in message.parts if part.media_type.startswith("text/") and has_fields(part)][:1]
        parts = parts if parts and may_report(message) else []
    if not parts:
        return None
    known = partial(mailed_to, message)
    readings = [read_part(part, message.limits, known) for part in parts]
    if not any(reading.claims or reading.reporting_mta for reading in readings):
        return None
    first = readings[0]
    claims = [about_sender(message, claim) for reading in readings for claim in reading.claims]
    return Reading(
        format="dsn",
        claims=(told_by_text(message, claims[0]),) if len(claims) == 1 else tuple(claims),
        reporting_mta=first.reporting_mta,
        arrival_date=first.arrival_date,
        envelope_id=first.envelope_id,
        fields=tuple(field for reading in readings for field in reading.fields),
        notes=tuple(note for reading in readings for note in reading.notes),
    )


INLINE = re.compile(r"(?im)^[ \t>]{0,8}f?inal-recipient[ \t]*:[ \t]*(?:rfc822|utf-8|[a-z0-9\-]{1,20})?[ \t]*;?")
INLINE_START = re.compile(
    r"(?im)^[ \t>]{0,8}(?:reporting-mta|arrival-date|final-recipient|original-recipient|action|status"
    r"|diagnostic-code|inal-recipient)[ \t]*:"
)


def has_fields(part: Part) -> bool:
    """Whether report fields stand among the words of a text part."""
    if part.media_type == "text/html" or part.media_type.startswith("text/rfc822"):
        return False
    return "inal-recipient" in part.text.lower() and INLINE.search(cut(part.text)[0]) is not None


def read_part(part: Part, limits: Limits, known: Callable[[], tuple[str, ...]] = tuple) -> Reading:
    """Read one report: the per-message fields and a claim for each recipient."""
    text, offset = part.text, 0
    if part.media_type.startswith("text/"):
        text = cut(text)[0]  # a returned message may quote a report of its own
        begin = INLINE_START.search(text)
        offset = begin.start() if begin else 0
    groups = read_groups(text[offset:])
    about, others = divided(groups, Group.names_recipient)
    notes = []
    if len(about) > limits.recipients:
        notes.append(f"limit recipients: read {limits.recipients} of {len(about)}")
    if not about:
        about, others = divided(groups, Group.tells_outcome)
    head = groups[0] if groups else None
    return Reading(
        format="dsn",
        claims=tuple(read_group(group, part.index, offset, notes, known) for group in about[: limits.recipients]),
        reporting_mta=name_of(first_value(groups, "reporting-mta")),
        arrival_date=date_of(first_value(groups, "arrival-date"), notes),
        envelope_id=head.get("original-envelope-id") or None if head else None,
        fields=verbatim(others),
        notes=tuple(notes),
    )


def divided(groups: list[Group], is_about: Callable[[Group], bool]) -> tuple[list[Group], list[Group]]:
    """Part the groups that are about a recipient from those about the message."""
    about: list[Group] = []
    others: list[Group] = []
    for group in groups:
        (about if is_about(group) else others).append(group)
    return about, others


def date_of(value: str, notes: list[str]) -> str | None:
    """Give a date field as ISO 8601; a note where it cannot be read."""
    if not value:
        return None
    date = iso_date(value)
    if date is None:
        notes.append(f"date unreadable: {value[:60]!r}")
    return date


def name_of(value: str) -> str | None:
    """Give the name in a `type; name` field (RFC 3464, section 2.2.2)."""
    value = uncommented(value) if "(" in value else value
    name = (value.partition(";")[2] if ";" in value else value).strip()
    host = HOST.fullmatch(name)
    return host[1] if host else name or None


HOST = re.compile(r"((?:[A-Za-z0-9_\-]{1,63}\.){1,20}[A-Za-z0-9\-]{1,63}\.?)(?:[ \t]*\[[^\]]*\])?(?::\d{1,5})?")
"""A host name, without the address and the port that some servers put behind it."""


def action_of(value: str) -> Action | None:
    """Read an Action field in the spellings that occur (RFC 3464, section 2.3.3)."""
    word = value.strip().lower()
    return next((action for prefix, action in ACTIONS if word.startswith(prefix)), None)


def action_from_status(status: str | None, group: Group) -> Action | None:
    """Tell the action of a report without one by the class of its status."""
    if status is None:
        return Action.FAILED if group.find("diagnostic-code") else None
    if status[0] == "2":
        return Action.DELIVERED
    return Action.DELAYED if status[0] == "4" and group.find("will-retry-until") else Action.FAILED


def read_group(group: Group, part: int, offset: int, notes: list[str], known: Callable[[], tuple[str, ...]] = tuple) -> Claim:
    """Read the claim of one per-recipient group (RFC 3464, section 2.3)."""
    status_field = group.find("status")
    field = read_status(status_field.value) if status_field else None
    diagnostic, spot, code_type = best_diagnostic(group, part, offset)
    said = group.get("action")
    untracked = said.strip().lower().startswith(UNTRACKED)
    action = None if untracked else action_of(said) or action_from_status(field, group)
    code = innermost(diagnostic) if diagnostic else None
    if code is None and action in ACCEPTED:
        code = next(find_codes(diagnostic), None)
    reply = code.reply if code else None
    if code and code.reply and not code.status and code_type not in SMTP_TYPES and code.start == 0:
        reply = None  # an exit status or a gateway's own number (RFC 3464, section 2.3.6)
    if reply is None and status_field and field is None and (number := REPLY_ONLY.match(status_field.value)):
        reply = int(number[1])
    address, final = recipients_of(group, known)
    if address is None and (final is None or "@" not in final) and (raw := group.get("final-recipient")):
        notes.append(f"recipient unreadable: {raw[:60]!r}")
    status_spot = Spot(part, status_field.start + offset, status_field.end + offset) if status_field else None
    return Claim(
        address=address,
        final_address=final,
        action=action,
        status=preferred(code.status if code else None, field),
        reply=reply,
        diagnostic=diagnostic or None,
        source=Source.DIAGNOSTIC,
        spot=spot,
        status_field=status_field.value if status_field else None,
        status_spot=status_spot,
        remote_mta=name_of(group.get("remote-mta")),
        stage=stage_of(diagnostic) if diagnostic else None,
        last_attempt=date_of(group.get("last-attempt-date"), notes),
        retry_until=date_of(group.get("will-retry-until"), notes),
        fields=group.verbatim(),
    )


def best_diagnostic(group: Group, part: int, offset: int) -> tuple[str, Spot | None, str]:
    """Give the text, place and type of the Diagnostic-Code that says most."""
    fields = group.all("diagnostic-code") or group.all("x-supplementary-info") or comment(group)
    if not fields:
        return "", None, ""
    best = fields[0]
    if len(fields) > 1:
        best = max(fields, key=lambda field: (innermost(field.value) is not None, len(field.value)))
    found = TYPE.match(best.value)
    kind = found[1].lower() if found else ""
    text = best.value[found.end() :] if found and kind in SMTP_TYPES else best.value
    if "=?" in text:
        from bouncery._flanker import decode_header

        text = decode_header(text)
    start = best.start + (found.end() if found and kind in SMTP_TYPES else 0)
    return text, Spot(part, start + offset, best.end + offset), kind


def comment(group: Group) -> list[Field]:
    """Give the Status field for the words in its comment, where there is no diagnostic (RFC 3464, section 2.3.4)."""
    field = group.find("status")
    return [field] if field and "(" in field.value else []


def recipients_of(group: Group, known: Callable[[], tuple[str, ...]]) -> tuple[str | None, str | None]:
    """Give the address the sender mailed, and the one that was tried."""
    final = address_in(group.get("final-recipient"))
    if final is None or "@" not in final:
        final = next((found for name in ALIASES if (found := read_address(group.get(name)))), final)
    first = group.get("original-recipient")
    mailed = original(first, final, *(known() if "+" in first else ())) if first else None
    if mailed:
        return mailed, final if final and "@" in final else None
    tried = read_address(group.get("x-actual-recipient"))
    return (final, tried) if final and tried and comparable(tried) != comparable(final) else (None, final)


LOCAL_PART = re.compile(r"[<\"]?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64})[>\"]?")


def address_in(value: str) -> str | None:
    """Give the address of a recipient field, or a local part alone; None if it names neither."""
    if not value:
        return None
    kind, raw = typed(value)
    if kind == "x400":
        return None
    address = read_address(value)
    if address:
        return address
    local = LOCAL_PART.fullmatch(raw)
    return local[1] if local and kind in {"rfc822", "local", ""} else None
