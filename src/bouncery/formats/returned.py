"""The returned message's header: who sent it, and to which mailbox, where it points to exactly one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import comparable, read_address
from bouncery.formats.segment import original_headers

if TYPE_CHECKING:
    from collections.abc import Collection

    from bouncery.formats.segment import Segment
    from bouncery.message import Headers

FOR = re.compile(r"\bfor[ \t\n]+<?([^\s<>;]{1,128}@[^\s<>;]{1,255})>?", re.IGNORECASE)
LISTED = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list", "x-beenthere")
SENDER_FIELDS = ("from", "sender", "return-path", "reply-to", "errors-to")


def senders(segment: Segment) -> list[str]:
    """Give the addresses that the returned message came from."""
    if not segment.returned:
        return []
    headers = original_headers(segment)
    return [address for name in SENDER_FIELDS if (address := read_address(headers.get(name)))]


def mailbox_of(segment: Segment, never: Collection[str]) -> str | None:
    """Give the one mailbox that the returned header points to; None if it points to none or to several."""
    if not segment.returned:
        return None
    headers = original_headers(segment)
    for candidates in (received_for(headers), addressed_to(headers)):
        kept = {comparable(address): address for address in candidates if comparable(address) not in never}
        if len(kept) == 1:
            return next(iter(kept.values()))
    return None


def received_for(headers: Headers) -> list[str]:
    """Give the recipient that the last servers on the way noted (RFC 5321, section 4.4)."""
    for value in headers.all("received"):
        found = FOR.search(value)
        if found and (address := read_address(found[1])):
            return [address]
    return []


def addressed_to(headers: Headers) -> list[str]:
    """Give the addresses of the To field; a list's address is nobody's mailbox."""
    if any(name in headers for name in LISTED):
        return []
    return [address for value in headers.all("to") for piece in value.split(",") if (address := read_address(piece))]
