"""The returned message's header: who sent it, and to which mailbox, where it points to exactly one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import addresses, comparable, read_address
from bouncery.formats.segment import original_headers

if TYPE_CHECKING:
    from collections.abc import Collection

    from bouncery.formats.segment import Segment
    from bouncery.headers import Headers

FOR = re.compile(r"\bfor[ \t\n]+<?([^\s<>;]{1,128}@[^\s<>;]{1,255})>?", re.IGNORECASE)
LISTED = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list", "x-beenthere")
DELIVERED = ("x-original-to", "delivered-to", "envelope-to", "original-recipient", "x-hmxmroriginalrecipient")
SENDER = re.compile(
    r"^[ \t>]{0,4}(?:[Ff]rom|[Ss]ender|[Rr]eturn-[Pp]ath|[Rr]eply-[Tt]o|[Ee]rrors-[Tt]o)[ \t]?:[^\n@]{0,200}?"
    r"([^\s<>,;:\"()\[\]@]{1,128}@[^\s<>,;:\"()\[\]]{1,255})",
    re.MULTILINE,
)
LONGEST = 20_000
"""Characters of a returned header that are looked at."""


def senders(segment: Segment) -> list[str]:
    """Give the addresses that the returned message came from."""
    return [found[1] for found in SENDER.finditer(segment.returned, 0, LONGEST)]


def original_recipient(segment: Segment) -> str | None:
    """Give the recipient that the returned header was delivered to, where it says so."""
    headers = original_headers(segment)
    return next((address for name in DELIVERED if (address := read_address(headers.get(name)))), None)


def mailbox_of(segment: Segment, never: Collection[str]) -> str | None:
    """Give the one mailbox that the returned header points to; None if it points to none or to several."""
    # A header that was cut off may have gone on to name others.
    if "\n\n" not in segment.returned:
        return None
    headers = original_headers(segment)
    named, noted = (kept(addresses, never) for addresses in (addressed_to(headers), received_for(headers)))
    if len(named) > 1:
        named = {key: address for key, address in named.items() if key in noted}
    found = named or ({} if kept(addressed_to(headers), never) else noted or kept(delivered_to(headers), never))
    return next(iter(found.values())) if len(found) == 1 else None


def delivered_to(headers: Headers) -> list[str]:
    """Give the mailboxes that delivery noted (RFC 8098, section 2.3; RFC 9228)."""
    return [address for name in DELIVERED for value in headers.all(name) if (address := read_address(value))]


def mailed_to(segment: Segment) -> list[str]:
    """Give the addresses that the returned message was addressed to."""
    headers = original_headers(segment)
    return [*addressed_to(headers), *received_for(headers)]


def kept(addresses: list[str], never: Collection[str]) -> dict[str, str]:
    """Give addresses by their comparable form, without those that cannot be meant."""
    return {comparable(address): address for address in addresses if comparable(address) not in never}


def received_for(headers: Headers) -> list[str]:
    """Give the recipient that the last servers on the way noted (RFC 5321, section 4.4)."""
    for value in headers.all("received"):
        found = FOR.search(value)
        if found and (address := read_address(found[1])):
            return [address]
    return []


def addressed_to(headers: Headers) -> list[str]:
    """Give the addresses of the To and Cc fields; a list's address is nobody's mailbox."""
    if any(name in headers for name in LISTED):
        return []
    values = [*headers.all("to"), *headers.all("cc")]
    return [address for value in values for address in addresses(value)]
