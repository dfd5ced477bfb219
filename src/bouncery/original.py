"""The returned message's header, for matching a bounce with what was sent (RFC 3464, appendix C)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery.address import addresses, read_address
from bouncery.formats.segment import Segment, original_headers
from bouncery.headers import Headers
from bouncery.model import Original

if TYPE_CHECKING:
    from bouncery.message import Message

KEPT = ("list-unsubscribe", "list-unsubscribe-post", "feedback-id", "cfbl-address", "cfbl-feedback-id")
MOST = 100
"""Extension fields of the returned header that are kept."""


def head(body: bytes) -> bytes:
    """Give the header block of a returned message."""
    start = len(body) - len(body.lstrip(b"\n")) if body[:1] == b"\n" else 0
    end = body.find(b"\n\n", start)
    return body[start : end if end >= 0 else len(body)]


def returned_headers(message: Message) -> Headers | None:
    """Give the returned header: a part of its own, or what follows the notification's own words where they were read."""
    part = message.returned()
    if part is not None:
        return Headers(head(part.body)) if not part.encoding else Headers(part.text.encode("utf-8", "replace"))
    segment = message.memo.get("own_words")
    return original_headers(segment) if isinstance(segment, Segment) and segment.returned else None


def read_original(message: Message) -> Original | None:
    """Give the header of the returned message; None if the notification shows none."""
    headers = returned_headers(message)
    if headers is None:
        return None
    extensions = headers.extensions(MOST)
    extensions.update((name, headers.get(name)) for name in KEPT if name in headers)
    to = [address for value in headers.all("to") for address in addresses(value)]
    return Original(
        message_id=headers.get("message-id") or None,
        sender=read_address(headers.get("from")) if "from" in headers else None,
        to=tuple(to[:MOST]),
        subject=headers.decoded("subject") or None,
        date=headers.get("date") or None,
        list_id=headers.get("list-id") or None,
        headers=extensions,
    )
