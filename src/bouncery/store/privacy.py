"""Addresses in clear, or as keyed hashes so that the record names nobody without the key."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bouncery.address import comparable
from bouncery.masking import masked
from bouncery.model import Original, Report, StoreError
from bouncery.store.identity import encoded

if TYPE_CHECKING:
    from bouncery.model import Recipient

SHORTEST_KEY = 16
TOKEN = re.compile(r"(?:\A|\+)[a-z2-7]{37}(?:@|\Z)", re.IGNORECASE)
CHECK = b"bouncery: is this the key?"


class Clear:
    """Keeps everything as it was said. Addresses are found by the plain hash of their form for comparing."""

    check: bytes | None = None

    def digest(self, text: str) -> bytes:
        """Give the hash of a text."""
        return hashlib.sha256(encoded(text)).digest()

    def recipient_key(self, address: str) -> bytes:
        """Give what an address is found by: of one length, whatever a message takes for an address."""
        return self.digest(comparable(address))

    def identity(self, identity: str) -> str:
        """Give a message's name within its source."""
        return identity

    def text(self, text: str) -> str:
        """Give words of a message."""
        return text

    def paths(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Give the addresses that a message came to."""
        return paths

    def recipient(self, recipient: Recipient) -> Recipient:
        """Give the facts about a recipient."""
        return recipient

    def report(self, report: Report) -> Report:
        """Give what a message says beside its recipients."""
        return replace(report, recipients=())


class Hashed(Clear):
    """Keeps HMAC-SHA256 in the place of addresses.

    Replies have all addresses masked; of the returned header only Message-ID and List-Id stay. The domains of addresses
    stay: they are the providers of the statistics.
    """

    def __init__(self, key: bytes) -> None:
        """Take the key."""
        if len(key) < SHORTEST_KEY:
            raise StoreError(f"the key for addresses has {len(key)} bytes; give at least {SHORTEST_KEY}, from a random source")
        self.key = key
        self.check = hmac.digest(key, CHECK, "sha256")

    def digest(self, text: str) -> bytes:
        """Give the keyed hash of a text."""
        return hmac.digest(self.key, encoded(text), "sha256")

    def pseudonym(self, address: str | None) -> str | None:
        """Give the name that stands for an address."""
        return self.recipient_key(address).hex() if address else None

    def identity(self, identity: str) -> str:
        """Give a message's name within its source; one that may hold an address is hashed."""
        return self.digest(identity).hex() if "@" in identity else identity

    def text(self, text: str) -> str:
        """Give words of a message without the addresses in them."""
        return masked(text)

    def paths(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Give those in which a token may be; it names a number, and every other address might name a person."""
        return tuple(path for path in paths if TOKEN.search(path))

    def recipient(self, recipient: Recipient) -> Recipient:
        """Give the facts about a recipient without any address."""
        verdict = recipient.verdict
        known = (recipient.address, recipient.final_address, verdict.new_address)
        evidence = tuple(replace(witness, text=masked(witness.text, *known)) for witness in verdict.evidence)
        return replace(
            recipient,
            address=self.pseudonym(recipient.address) or "",
            final_address=self.pseudonym(recipient.final_address),
            diagnostic=masked(recipient.diagnostic, *known) if recipient.diagnostic else None,
            fields=(),
            verdict=replace(verdict, new_address=self.pseudonym(verdict.new_address), evidence=evidence),
        )

    def report(self, report: Report) -> Report:
        """Give what a message says beside its recipients, without any address and without the returned header's words."""
        original = report.original
        return Report(
            v=report.v,
            source=report.source,
            index=report.index,
            kind=report.kind,
            formats=report.formats,
            reporting_mta=report.reporting_mta,
            arrival_date=report.arrival_date,
            envelope_id=self.digest(report.envelope_id).hex() if report.envelope_id else None,
            date=report.date,
            message_id=report.message_id,
            original=Original(message_id=original.message_id, list_id=original.list_id) if original else None,
            token=self.digest(report.token).hex() if report.token else None,
            notes=tuple(masked(note) for note in report.notes),
        )
