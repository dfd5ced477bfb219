"""When two messages are one: by their bytes, by their Message-ID, or by all that no delivery on the way changes."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bouncery.model import Report
    from bouncery.store.entry import Entry

# The author's fields (RFC 5322, section 3.6). Servers on the way add trace fields and others of their own, no end of names.
AUTHORS = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"date", b"in-reply-to", b"references"})
HEADER_END = re.compile(rb"\n\n|\Z")
FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:.*)(?:\n[ \t].*)*)", re.MULTILINE)
EVENT_KEY_BYTES = 16
LONGEST = 500
"""Characters of a name that stand in an index."""


def content_digest(data: bytes) -> bytes:
    """Give the SHA-256 of what two copies of a message have in common, whichever way they came.

    That are the author's header fields, unfolded, and the body; line endings, blank lines at the end and the ">" before
    "From " that an mbox adds make no difference.
    """
    text = data.replace(b"\r\n", b"\n")
    end = HEADER_END.search(text)
    header, body = (text[: end.start()], text[end.end() :]) if end else (text, b"")
    digest = hashlib.sha256()
    for name, value in FIELD.findall(header):
        if name.lower() in AUTHORS:
            digest.update(name.lower() + b":" + b" ".join(value.split()) + b"\n")
    digest.update(b"\n" + body.replace(b"\n>From ", b"\nFrom ").rstrip())
    return digest.digest()


def message_key(entry: Entry) -> bytes:
    """Give what two copies of one message share: its Message-ID and reporting server, else its content."""
    report = entry.report
    if report is None or not report.message_id:
        return entry.content or entry.digest
    return hashlib.sha256(b"\0".join((b"id", encoded(report.message_id), encoded(reporter(report))))).digest()


def reporter(report: Report) -> str:
    """Give the reporting server's name in the form for comparing."""
    return (report.reporting_mta or "").rstrip(".").casefold()


def event_key(key: bytes, recipient: bytes, outcome: str) -> bytes:
    """Give what makes an event one: message, recipient and outcome."""
    return hashlib.sha256(key + recipient + outcome.encode()).digest()[:EVENT_KEY_BYTES]


def encoded(text: str) -> bytes:
    """Give a text as bytes, whatever characters it has."""
    return text.encode("utf-8", "backslashreplace")


def storable(text: str, longest: int = LONGEST) -> str:
    """Give a text that both databases take: no NUL, no lone surrogates, and short enough for an index."""
    if not text.isascii():
        text = encoded(text).decode()
    text = text.replace("\0", "\\x00")
    if len(text) <= longest:
        return text
    return f"{text[: longest - 65]}#{hashlib.sha256(text.encode()).hexdigest()}"
