"""What stands beside a delivery status: the words for people and the returned message, where they tell more than its fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bouncery.address import addresses, comparable, read_address
from bouncery.codes.stage import stage_of
from bouncery.formats.notice import own_addresses
from bouncery.formats.reading import Spot
from bouncery.formats.segment import own_words
from bouncery.formats.transcript import from_session
from bouncery.headers import Headers
from bouncery.model import Source, Stage

if TYPE_CHECKING:
    from bouncery.formats.reading import Claim
    from bouncery.message import Message


def mailed_to(message: Message) -> tuple[str, ...]:
    """Give the addresses in the To field of the returned message, by which xtext is told from an address."""
    known = message.memo.get("mailed_to")
    if not isinstance(known, tuple):
        part = message.returned()
        field = Headers(part.body[:HEADER].lstrip(b"\n").partition(b"\n\n")[0]).get("to") if part else ""
        known = message.memo["mailed_to"] = tuple(addresses(field))
    return known


HEADER = 8_192
"""Bytes of a returned message in which its To field is looked for."""


def told_by_text(message: Message, claim: Claim) -> Claim:
    """Add what a notification of a single recipient says beside the report: the stage, and Exim's name for a forwarded one."""
    changes: dict[str, object] = {}
    if claim.stage is None and (stage := stage_in(message, claim.address or claim.final_address)):
        changes["stage"] = stage
    if claim.address is None and claim.final_address is None and (found := BLAMED.match(claim.diagnostic or "")):
        own = own_addresses(message, own_words(message))
        changes["final_address"] = found[1] if comparable(found[1]) not in own else None
    if claim.reply == SEQUENCE:
        changes.update(refused_before(message, claim.address or claim.final_address))
    tried = read_address(message.headers.get("x-failed-recipients"))
    child, parent = generated_from(message) if claim.address is None and claim.final_address else (None, None)
    if parent and comparable(parent) != comparable(claim.final_address or ""):
        changes.update(address=parent, final_address=claim.final_address)
    elif parent and child:
        changes.update(address=claim.final_address, final_address=child)
    elif tried and claim.address is None and claim.final_address and comparable(tried) != comparable(claim.final_address):
        changes.update(address=claim.final_address, final_address=tried)
    return msgspec.structs.replace(claim, **changes) if changes else claim


def about_sender(message: Message, claim: Claim) -> Claim:
    """Take a refusal that names the sender's address for one of MAIL; servers put it off until RCPT (RFC 5321, section 3.3)."""
    found = FIRST_NAMED.match(claim.diagnostic or "")
    if found is None or found[1] in {claim.address, claim.final_address}:
        return claim
    named = comparable(found[1])
    if named in {comparable(address) for address in (claim.address, claim.final_address) if address}:
        return claim
    known = named in own_addresses(message, own_words(message))
    return msgspec.structs.replace(claim, stage=Stage.MAIL) if known else claim


FIRST_NAMED = re.compile(
    r"\s*[45]\d\d[ \-](?:#?[45]\.\d\.\d{1,3}[ \-:]{1,3})?<?([^\s<>:,;@]{1,128}@[^\s<>:,;@]{1,255})(?=[\s>:,;])"
)
"""The address that begins the words of a refusal."""


SEQUENCE = 503
"""What a server says to DATA once it has refused all recipients (RFC 2033, section 4.2)."""


def refused_before(message: Message, address: str | None) -> dict[str, object]:
    """Give the refusal in a transcript that a report quotes only the consequence of."""
    part, words = message.words()
    heard = from_session(words[:HUMAN_WORDS], address) if "<<<" in words[:HUMAN_WORDS] else None
    if part is None or heard is None:
        return {}
    code, start, end, stage = heard
    spot, diagnostic = Spot(part.index, start, end), " ".join(words[start:end].split())
    found: dict[str, object] = {
        "reply": code.reply,
        "diagnostic": diagnostic,
        "source": Source.TEXT,
        "spot": spot,
        "stage": stage,
    }
    return found | ({"status": code.status} if code.status else {})


BLAMED = re.compile(r"\s*5\d\d[ \-](?:#?5\.1\.\d{1,3}[ \-]{1,3})?<([^<>\s]{1,128}@[^<>\s]{1,255})>(?!: sender)", re.IGNORECASE)
"""The address that a server names first in its reply."""
GENERATED = re.compile(
    r"(?:([^\s<>()@]{1,128}@[^\s<>()@]{1,255})\s{1,20}\()?generated from:?[\s<]{0,8}([^\s<>()@]{1,128}@[^\s<>()@]{1,255})"
)


def generated_from(message: Message) -> tuple[str | None, str | None]:
    """Give the only recipient and the address that it was generated from, as Exim says in its text alone."""
    words = message.words()[1][:HUMAN_WORDS]
    found = GENERATED.search(words) if "generated from" in words else None
    return (read_address(found[1] or ""), read_address(found[2])) if found else (None, None)


def stage_in(message: Message, address: str | None) -> Stage | None:
    """Give the stage that the words for people tell."""
    words = message.words()[1][:HUMAN_WORDS]
    if "<<<" in words:
        heard = from_session(words, address)
        return heard[3] if heard else None
    at = next((at for mark in ("in reply", " after ") if (at := words.find(mark)) >= 0), -1)
    return stage_of(words[at : at + 80]) if at >= 0 else None


HUMAN_WORDS = 4_000
"""Characters of the words for people that are looked at beside a report."""
