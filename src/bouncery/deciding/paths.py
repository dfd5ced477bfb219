"""Where a message came to: the addresses and bare tokens in which a signed return path may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery.address import addresses, read_address
from bouncery.headers import Headers
from bouncery.original import head
from bouncery.policy.trust import carried

if TYPE_CHECKING:
    from bouncery.model import Report

FIELDS = ("delivered-to", "x-original-to", "envelope-to", "apparently-to", "to")
MOST = 20
LONGEST = 320


def paths_of(data: bytes, envelope_to: str | None, report: Report | None) -> tuple[str, ...]:
    """Give where a message came to, as the envelope and its header tell, and the tokens that it returns."""
    headers = Headers(head(data.replace(b"\r\n", b"\n")))
    found = [address for name in FIELDS for value in headers.all(name)[:MOST] for address in addresses(value)]
    envelope = read_address(envelope_to) if envelope_to else None
    tokens = carried(report) if report else ()
    every = dict.fromkeys(path for path in (envelope, *tokens, *found) if path and len(path) <= LONGEST)
    return tuple(every)[:MOST]
