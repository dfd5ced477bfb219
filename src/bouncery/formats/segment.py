"""The notification's own words: decoded, unquoted, and cut where the returned message begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bouncery.codes.grammar import innermost
from bouncery.formats.cut import cut
from bouncery.formats.html import to_text
from bouncery.headers import Headers

if TYPE_CHECKING:
    from bouncery.message import Message, Part

QUOTE = re.compile(r"(?m)^[ \t]{0,4}>[ ]?")


class Segment(NamedTuple):
    """The own words of a notification, the part they stand in, and what of the returned message follows them."""

    text: str
    part: int
    returned: str


def own_words(message: Message) -> Segment:
    """Give the notification's own words, from the first text part that has any; worked out once for each message."""
    known = message.memo.get("own_words")
    if not isinstance(known, Segment):
        known = message.memo["own_words"] = find_own_words(message)
    return known


def find_own_words(message: Message) -> Segment:
    """Look for the own words of a notification: the first part that names an address and a code, or failing that, any."""
    found: list[Segment] = []
    returned = ""
    parts = text_parts(message)
    for part in parts:
        words = to_text(part.text) if part.media_type == "text/html" else part.text
        text, behind = cut(unquoted(words))
        text = unsigned(text)
        returned = returned or behind
        if text.strip():
            found.append(Segment(text, part.index, behind))
            if len(parts) == 1 or ("@" in text and innermost(text)):
                break
    best = found[-1] if len(found) == 1 else max(found, key=telling, default=Segment("", 0, ""))
    return best._replace(returned=best.returned or returned or returned_header(message))


def unsigned(text: str) -> str:
    """Take off a signature, whose addresses are the reporter's own (RFC 3676, section 4.3)."""
    at = max(text.rfind("\n-- \n"), text.rfind("\n--\n"))
    return text[: at + 1] if at > 0 and "@" in text[:at] else text


def telling(segment: Segment) -> tuple[bool, bool]:
    """How much a text tells: whom it speaks of, and a code."""
    return "@" in segment.text, innermost(segment.text) is not None


def text_parts(message: Message) -> list[Part]:
    """Give the parts with words for people: plain text before HTML."""
    plain = [part for part in message.parts if part.media_type in {"text/plain", "text", "text/enriched", "text/x-plain"}]
    html = [part for part in message.parts if part.media_type == "text/html"]
    loose = [part for part in message.parts if part.media_type.startswith("text/") and part not in plain + html]
    unnamed = [part for part in loose if "rfc822" not in part.media_type]
    return [*plain, *html, *unnamed]


def returned_header(message: Message) -> str:
    """Give the header block of the returned message, where it is a part of its own; it ends in a blank line if it is whole."""
    part = message.returned()
    if part is None:
        return ""
    header, blank, _ = part.text.lstrip("\n").partition("\n\n")
    closed = blank or message.data[-20:].rstrip().endswith(b"--")
    return f"{header}\n\n" if closed else header


def unquoted(text: str) -> str:
    """Take off "> " where a forwarded notification is quoted as a whole."""
    if text.count(">") < 3:
        return text
    lines = [line for line in text.split("\n") if line.strip()]
    quoted = sum(line.lstrip(" \t").startswith(">") for line in lines)
    return QUOTE.sub("", text) if quoted > 0.8 * len(lines) else text


def original_headers(segment: Segment) -> Headers:
    """Give the header of the returned message."""
    block = QUOTE.sub("", segment.returned) if segment.returned.startswith(">") else segment.returned
    return Headers(block.lstrip("\n").partition("\n\n")[0].encode("utf-8", "replace"))
