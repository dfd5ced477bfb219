"""The returned message's header, for matching a bounce with what was sent (RFC 3464, appendix C)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import addresses, read_address, uncommented
from bouncery.formats.segment import Segment, original_headers
from bouncery.headers import Headers
from bouncery.model import Original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.message import Message

KEPT = frozenset({"return-path", "delivered-to", "in-reply-to", "references", "auto-submitted", "precedence", "feedback-id"})
KEPT_PREFIXES = ("x-", "list-", "cfbl-")
MOST = 100
"""Extension fields, recipients and identifiers of a header that are kept."""
MESSAGE_ID = re.compile(r"<[^<>\s]{1,998}>")
# RFC 2369, section 2: URIs in brackets, parted by commas; what comes behind anything else is to be ignored.
URI = re.compile(r"\s*<([^<>]{1,2000})>\s*(?:,|$)")
PIECE = re.compile(r"<[^<>]*>?|[^<]+")
# RFC 2919, section 3: behind a phrase, in brackets, at most 255 octets, the same in any case.
LIST_ID = re.compile(r"(?:<\s*|\A)([^<>\s]{1,255})\s*>?\s*\Z")
ONE_CLICK = "list-unsubscribe=one-click"


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
    kept = [name for name in headers if name.startswith(KEPT_PREFIXES) or name in KEPT]
    unsubscribe = tuple(uris(headers.get("list-unsubscribe"))) if "list-unsubscribe" in headers else ()
    to = [address for value in headers.all("to") for address in addresses(value)]
    return Original(
        message_id=headers.get("message-id") or None,
        sender=read_address(headers.get("from")) if "from" in headers else None,
        to=tuple(to[:MOST]),
        subject=headers.decoded("subject") or None,
        date=headers.get("date") or None,
        list_id=list_id(headers.get("list-id")) if "list-id" in headers else None,
        unsubscribe=unsubscribe,
        one_click=any(map(is_https, unsubscribe)) and headers.get("list-unsubscribe-post").lower() == ONE_CLICK,
        headers={name: headers.get(name) for name in kept[:MOST]},
    )


def list_id(field: str) -> str | None:
    """Give the identifier of a List-Id field in lower case (RFC 2919, section 3)."""
    found = LIST_ID.search(uncommented(field))
    return found[1].lower() if found else None


def message_ids(field: str) -> tuple[str, ...]:
    """Give the identifiers in an In-Reply-To or References field (RFC 5322, section 3.6.4)."""
    return tuple(MESSAGE_ID.findall(field)[:MOST]) if field else ()


def uris(field: str) -> Iterator[str]:
    """Give the URIs of a List-Unsubscribe field up to the first that is malformed (RFC 2369, section 2)."""
    if "(" in field:  # which a URI may hold as well
        field = "".join(piece if piece[0] == "<" else uncommented(piece) for piece in PIECE.findall(field))
    at = 0
    while found := URI.match(field, at):
        yield "".join(found[1].split())
        at = found.end()


def is_https(uri: str) -> bool:
    """Whether a URI can be posted to (RFC 8058, section 3.1)."""
    return uri[:8].lower() == "https://"
