"""The messages of the corpus for the tests that look at all of them, and what a reader can find in a message."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bouncery import Limits
from bouncery.address import comparable, decode_utf8_form, decode_xtext
from bouncery.formats.html import to_text
from bouncery.headers import Headers
from bouncery.message import Message, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery import Recipient, Report

CORPUS = Path(__file__).parent.parent / "corpus"
PATHS = {path.relative_to(CORPUS).with_suffix("").as_posix(): path for path in sorted(CORPUS.rglob("*.eml"))}
NAMES = list(PATHS)
DOMAIN = re.compile(r"@([\w.\-]+)")


@cache
def corpus(name: str) -> bytes:
    """Read a message of the corpus."""
    return PATHS[name].read_bytes()


def texts(message: Message) -> Iterator[str]:
    """Give every text that a reader of a message sees: header values and parts, decoded."""
    for headers in (message.headers, *(part.headers for part in message.parts)):
        yield headers.block
        yield from (headers.decoded(name) for name in headers)
    for part in message.parts:
        yield part.text
        if part.media_type == "text/html":
            yield to_text(part.text)
        block = Headers(part.text.encode("utf-8", "replace"))
        yield from (block.decoded(name) for name in block)


def spellings(text: str) -> Iterator[str]:
    """Give a text with each escape of addresses undone: entities, xtext, RFC 6533, JSON, folding, white space."""
    for variant in (text, html.unescape(text), decode_xtext(text), decode_utf8_form(text), unescaped(text)):
        yield variant
        yield re.sub(r"\n[ \t>|]*", "", variant)
        yield re.sub(r"\s+", "", variant)


def unescaped(text: str) -> str:
    """Undo the escapes of JSON inside JSON, where a text has some."""
    return re.sub(r"\\+u([0-9a-f]{4})", lambda found: json.loads(f'"\\u{found[1]}"'), text)


class Seen(NamedTuple):
    """All that can be read in a message, as one text, and the domains of those who sent it."""

    text: str
    senders: frozenset[str]


def see(data: bytes) -> Seen:
    """Read all of a message, in every spelling."""
    message = read(data, Limits())
    seen = (spelling for text in texts(message) for spelling in spellings(text))
    text = "\0".join(dict.fromkeys((data.decode("utf-8", "replace"), data.decode("latin-1"), *seen))).casefold()
    return Seen(text, frozenset(DOMAIN.findall(message.headers.get("from").casefold())))


def is_stated(address: str, seen: Seen, report: Report) -> bool:
    """Whether an address stands in a message, whole or as a local part that lives at the host which reports."""
    if address.casefold() in seen.text or comparable(address) in seen.text:
        return True
    local, _, domain = address.casefold().rpartition("@")
    return bool(local) and local in seen.text and domain in {*seen.senders, (report.reporting_mta or "").casefold()}


def addresses(report: Report) -> Iterator[str]:
    """Give every address that a report names."""
    for recipient in report.recipients:
        yield recipient.address
        if recipient.final_address is not None:
            yield recipient.final_address


def hard(report: Report) -> list[Recipient]:
    """Give the recipients that a report wants removed."""
    return [recipient for recipient in report.recipients if recipient.verdict.decision == "hard"]
