"""Readings of several formats to one set of facts for each recipient.

Precedence, field by field (the first one that is known):

    kind          feedback, disposition, sns; else the worst action of the dsn; else text; else autoreply
    address       dsn Original-Recipient; text, where the dsn names no full address; dsn Final-Recipient
    final_address dsn Final-Recipient; text; None where it equals the address
    action        dsn; text
    status        dsn (the server's own code before the Status field); text where the dsn's is generic or missing
    reply         dsn; text
    diagnostic    dsn, unless only the text's holds a reply; text
    stage, remote_mta   dsn; text
    dates         dsn
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery.address import comparable
from bouncery.codes.grammar import is_expired, is_generic, specificity
from bouncery.formats.reading import Claim, Reading
from bouncery.model import ACCEPTED, Action, Evidence, Kind, Recipient, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


KIND_OF_ACTION = {
    Action.FAILED: Kind.FAILURE,
    Action.DELAYED: Kind.DELAY,
    Action.DELIVERED: Kind.DELIVERED,
    Action.RELAYED: Kind.RELAYED,
    Action.EXPANDED: Kind.EXPANDED,
}
ALIVE = ACCEPTED | {Action.DELAYED}
"""Actions on one of several mailboxes by which the address that leads to them is not dead."""
SELF_CONTAINED = frozenset({"feedback", "disposition", "sns"})
"""Formats that need no completion by prose."""


class Facts(NamedTuple):
    """What a message said about one recipient, and the claim that holds the witnesses."""

    recipient: Recipient
    claim: Claim


class Gathered(NamedTuple):
    """All that a message said."""

    kind: Kind
    formats: tuple[str, ...]
    facts: tuple[Facts, ...]
    reporting_mta: str | None = None
    arrival_date: str | None = None
    envelope_id: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def is_complete(readings: Sequence[Reading]) -> bool:
    """Whether what machines read leaves nothing for prose to add."""
    if any(reading.format in SELF_CONTAINED for reading in readings):
        return True
    claims = [claim for reading in readings for claim in reading.claims]
    return bool(claims) and all(map(is_settled, claims))


def is_settled(claim: Claim) -> bool:
    """Whether a claim names a full address, an action, and a cause where there is one to name."""
    full = any(address and "@" in address for address in (claim.address, claim.final_address))
    told = claim.diagnostic is not None and (claim.reply is not None or not is_generic(claim.status))
    return full and claim.action is not None and (told or claim.action not in {Action.FAILED, Action.DELAYED})


def gather(readings: Sequence[Reading]) -> Gathered:
    """Merge readings by the table above."""
    by_format = {reading.format: reading for reading in readings}
    for name in ("feedback", "disposition", "sns"):
        if name in by_format:
            return alone(by_format[name])
    dsn, text = by_format.get("dsn"), by_format.get("text")
    if dsn and dsn.claims:
        return completed(dsn, text)
    if text:
        return alone(text, dsn)
    if "autoreply" in by_format:
        return alone(by_format["autoreply"])
    return Gathered(Kind.OTHER, (), ())


def alone(reading: Reading, other: Reading | None = None) -> Gathered:
    """Take one reading as it is; `other` adds what it knows of the message as a whole."""
    claims = [claim for claim in one_each(reading.claims) if named(claim)]
    kind = reading.kind or kind_of(claims)
    formats = (*((other.format,) if other else ()), *names(reading))
    return Gathered(
        kind,
        formats,
        tuple(facts_of(claim, reading.reporting_mta) for claim in claims),
        (other.reporting_mta if other else None) or reading.reporting_mta,
        (other.arrival_date if other else None) or reading.arrival_date,
        (other.envelope_id if other else None) or reading.envelope_id,
        (other.fields if other else ()) + reading.fields,
        reading.notes,
    )


def completed(dsn: Reading, text: Reading | None) -> Gathered:
    """Take a delivery status, with prose where it leaves a gap."""
    claims = one_each(dsn.claims)
    if text:
        claims = [merged(claim, partner(claim, claims, text.claims)) for claim in claims]
    kept = [claim for claim in one_each(claims) if named(claim)]
    return Gathered(
        kind_of(kept or claims),
        ("dsn", *names(text)) if text else ("dsn",),
        tuple(facts_of(claim, dsn.reporting_mta) for claim in kept),
        dsn.reporting_mta,
        dsn.arrival_date,
        dsn.envelope_id,
        dsn.fields,
        dsn.notes,
    )


def names(reading: Reading) -> tuple[str, ...]:
    """Give the format of a reading, and the program whose layout it is."""
    return (reading.format, reading.program) if reading.program else (reading.format,)


def named(claim: Claim) -> str | None:
    """Give the address that a claim is about."""
    return claim.address or claim.final_address


def kind_of(claims: Iterable[Claim]) -> Kind:
    """Tell the kind of a message by its worst action: failed, delayed, and so on."""
    actions = {claim.action for claim in claims}
    return next((kind for action, kind in KIND_OF_ACTION.items() if action in actions), Kind.OTHER)


def one_each(claims: Iterable[Claim]) -> list[Claim]:
    """Keep one claim for each address that the sender mailed: of several, the worst and best explained, with all fields."""
    best: dict[str, Claim] = {}
    every: dict[str, list[Claim]] = {}
    for number, claim in enumerate(claims):
        address = named(claim)
        key = comparable(address) if address else f"\0{number}"
        every.setdefault(key, []).append(claim)
        if key not in best or weight(claim) > weight(best[key]):
            best[key] = claim
    return [claim if len(every[key]) == 1 else summed_up(claim, every[key]) for key, claim in best.items()]


def summed_up(claim: Claim, every: Sequence[Claim]) -> Claim:
    """Give the claim that stands for several about one address: an alias is alive while one mailbox behind it is."""
    fields = tuple(chain.from_iterable(other.fields for other in every))
    reached = any(other.action in ALIVE and differs(other.final_address, claim.final_address) for other in every)
    return msgspec.structs.replace(claim, fields=fields, reached=claim.reached or reached)


def differs(one: str | None, other: str | None) -> bool:
    """Whether two addresses are both known and not the same."""
    return one is not None and other is not None and comparable(one) != comparable(other)


def weight(claim: Claim) -> tuple[int, int, bool]:
    """How much a claim matters: a final failure most, and more with a cause."""
    severity = {Action.FAILED: 3, Action.DELAYED: 2}.get(claim.action, 1) if claim.action else 0
    return severity, (claim.reply is not None) + (not is_generic(claim.status)), claim.diagnostic is not None


def partner(claim: Claim, claims: Sequence[Claim], others: Sequence[Claim]) -> Claim | None:
    """Find what prose says of the same recipient: by address, by local part, or as the only one."""
    own = {comparable(address) for address in (claim.address, claim.final_address) if address}
    for other in others:
        theirs = {comparable(address) for address in (other.address, other.final_address) if address}
        if own & theirs or {a.rpartition("@")[0] for a in theirs} & {a for a in own if "@" not in a}:
            return other
    return others[0] if len(claims) == len(others) == 1 else None


def merged(claim: Claim, other: Claim | None) -> Claim:
    """Complete a machine-readable claim with what prose says of the same recipient."""
    if other is None:
        return claim
    full = [address for address in (claim.address, claim.final_address) if address and "@" in address]
    # A report that states its own cause is not explained by words about another one, unless they answered this very address.
    vague = is_vague(claim.status) and specificity(other.status) > 0
    agree = vague or is_generic(other.status) or claim.status == other.status or other.heard
    better_words = agree and other.reply is not None and claim.reply is None
    better = specificity(other.status) > specificity(claim.status) or is_expired(claim.status)
    better_status = other.heard or (vague and better)
    words = other if better_words or (agree and claim.diagnostic is None) else claim
    return Claim(
        address=claim.address if full else named(other) or claim.address,
        final_address=claim.final_address if full else other.final_address,
        action=claim.action or other.action,
        status=other.status if other.status and (better_status or claim.status is None) else claim.status,
        reply=other.reply if better_words else claim.reply,
        diagnostic=words.diagnostic,
        source=words.source,
        spot=words.spot,
        status_field=claim.status_field,
        status_spot=claim.status_spot,
        remote_mta=claim.remote_mta or other.remote_mta,
        stage=claim.stage or other.stage,
        last_attempt=claim.last_attempt,
        retry_until=claim.retry_until,
        reached=claim.reached,
        fields=claim.fields,
    )


def is_vague(status: str | None) -> bool:
    """Whether a status leaves the cause open: generic, or the sending server's own that time ran out."""
    return is_generic(status) or is_expired(status)


def facts_of(claim: Claim, reporting_mta: str | None) -> Facts:
    """Give the facts about a recipient; a local part alone lives at the reporting host (RFC 3464, section 2.3.2)."""
    address = full(claim.address or claim.final_address or "", reporting_mta)
    final = full(claim.final_address, reporting_mta) if claim.final_address else None
    differs = final is not None and comparable(final) != comparable(address)
    recipient = Recipient(
        address=address,
        final_address=final if differs else None,
        action=claim.action,
        final=claim.action is Action.FAILED,
        status=claim.status,
        reply=claim.reply,
        diagnostic=claim.diagnostic,
        remote_mta=claim.remote_mta,
        stage=claim.stage,
        last_attempt=claim.last_attempt,
        retry_until=claim.retry_until,
        reached=claim.reached,
        fields=claim.fields,
    )
    return Facts(recipient, claim)


def contradiction(recipient: Recipient) -> str | None:
    """Say where a report speaks against itself: the Action field tells whether a delivery failed, the reply how."""
    status = int(recipient.status[0]) if recipient.status else 0
    reply = recipient.reply // 100 if recipient.reply else 0
    if status and reply and status != reply:
        return f"contradiction: reply {recipient.reply} with status {recipient.status} of {recipient.address}"
    told = reply or status
    if told and recipient.action and (told == DONE) != (recipient.action in ACCEPTED):
        return f"contradiction: {recipient.action} with {recipient.reply or recipient.status} of {recipient.address}"
    return None


DONE = 2
"""The class of success."""


def full(address: str, reporting_mta: str | None) -> str:
    """Complete a local part with the reporting host."""
    return address if "@" in address or not reporting_mta or not address else f"{address}@{reporting_mta}"


def witnesses(claim: Claim) -> tuple[Evidence, ...]:
    """Give the evidence of a claim and where it stands: the words first, then the Status field."""
    found = []
    if claim.diagnostic and claim.spot:
        found.append(Evidence(claim.source, claim.diagnostic, claim.spot.part, claim.spot.start, claim.spot.end))
    if claim.status and claim.status_spot:
        spot = claim.status_spot
        found.append(Evidence(Source.STATUS, claim.status_field or claim.status, spot.part, spot.start, spot.end))
    if not found and claim.action:
        found.append(Evidence(Source.ACTION, claim.action.value))
    return tuple(found)
