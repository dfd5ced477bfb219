"""Bytes to parts: header blocks and MIME structure, in one pass over the lines that can be boundaries.

The scanner never fails. It stops at `Limits`, never reads on into a returned message, and leaves a note on everything that it
had to guess. RFC 5322, section 4 and RFC 7103 list the oddities that it lives with.
"""

from __future__ import annotations

import binascii
import re

from bouncery.headers import Headers, boundary_of, media_type
from bouncery.model import Limits

BOUNDARY_LINE = re.compile(rb"\n--([^\n]{1,250})")
CHARSET = re.compile(r"charset(?<!\wcharset)[ \t]*=[ \t\n]*\"?([^\s;\"]{1,60})")
QUOTED = re.compile(rb"(?m)^>[ ]?")
MBOX_FROM = re.compile(rb">?From [^\n]*\n")
PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary", "none"})
PLAIN_CHARSETS = frozenset({"", "us-ascii", "ascii", "utf-8", "utf8"})
RETURNED = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers", "message/rfc822-headers"}
)
REPORT_MARK = re.compile(rb"\ncontent-type:\s*message/[a-z0-9-]*(?:delivery-status|disposition-notification|feedback-report)")
REPORT = re.compile(r"message/(?!rfc822|global$|global-headers)")
SCAN_FOR_MARK = 65_536
LONGEST_PART_HEADER = 4_096
"""Bytes in which the header of a nested multipart is looked for."""


class Part:
    """A leaf of the MIME structure. `body` is as transferred; `text` is decoded, with LF line ends."""

    __slots__ = ("_text", "body", "headers", "index", "limits", "media_type", "notes")

    def __init__(self, headers: Headers, media_type: str, body: bytes, *, index: int, limits: Limits, notes: list[str]) -> None:
        """Hold a part; `notes` collects what decoding finds."""
        self.index = index
        self.headers = headers
        self.media_type = media_type
        self.body = body
        self.limits = limits
        self.notes = notes
        self._text: str | None = None

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case (RFC 2045, section 6)."""
        return self.headers.get("content-transfer-encoding").partition(" ")[0].lower()

    @property
    def charset(self) -> str:
        """The declared charset in lower case, empty if there is none."""
        value = self.headers.get("content-type").lower()
        found = CHARSET.search(value)
        return found[1].strip("'") if found else ""

    @property
    def text(self) -> str:
        """The decoded body, up to the limits."""
        if self._text is None:
            self._text = self._read()
        return self._text

    def _read(self) -> str:
        is_report = self.media_type.startswith("message/")
        limit = self.limits.report_bytes if is_report else self.limits.text_bytes
        body = self.body
        if len(body) > limit:
            self.notes.append(
                f"limit {'report_bytes' if is_report else 'text_bytes'}: read {limit} of {len(body)} bytes of part {self.index}"
            )
            body = body[:limit]
        text = self._decode(body)
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def _decode(self, body: bytes) -> str:
        encoding, charset = self.encoding, self.charset
        if encoding == "quoted-printable" and charset in PLAIN_CHARSETS:
            body, encoding = binascii.a2b_qp(body), ""
        plain = b"\x1b$" not in body and (charset in PLAIN_CHARSETS or (body.isascii() and b"\x1b" not in body))
        if plain and encoding in PLAIN_ENCODINGS:
            try:
                return body.decode("utf-8")
            except UnicodeDecodeError:
                pass
        from bouncery._flanker import decode_body

        text, notes = decode_body(body, encoding, charset or None)
        self.notes.extend(notes)
        return text


class Message:
    """A message cut into its leaf parts."""

    __slots__ = ("data", "headers", "limits", "media_type", "memo", "notes", "parts")

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Cut normalised data (LF line ends) into parts."""
        self.limits = limits
        self.notes: list[str] = []
        self.memo: dict[str, object] = {}
        self.data = data
        end = header_end(data)
        self.headers = Headers(self._bounded(data[:end]))
        self.media_type = media_type(self.headers, "text/plain")
        self.parts: list[Part] = []
        self._cut(end)
        if self.media_type == "message/partial":
            self.notes.append(fragment(self.headers.get("content-type")))

    def returned(self) -> Part | None:
        """Give the part that holds the returned message or its header (RFC 6522, section 3)."""
        return next((part for part in self.parts if part.media_type in RETURNED), None)

    def words(self) -> tuple[Part | None, str]:
        """Give the first part in plain text and what it says: in a report, the words for people (RFC 6522, section 3)."""
        part = next((part for part in self.parts if part.media_type == "text/plain"), None)
        return part, part.text if part else ""

    def _bounded(self, block: bytes) -> bytes:
        limit = self.limits.header_bytes
        if len(block) <= limit:
            return block
        self.notes.append(f"limit header_bytes: read {limit} of {len(block)} bytes of a header")
        return block[:limit]

    def _cut(self, start: int) -> None:
        boundary = boundary_of(self.headers) if self.media_type.startswith("multipart/") else None
        if boundary:
            self._scan(start, boundary)
        if not self.parts and (
            self.media_type.startswith("multipart/") or REPORT_MARK.search(self.data[start : start + SCAN_FOR_MARK].lower())
        ):
            guessed = guess_boundary(self.data, start)
            if guessed:
                self.notes.append("boundary guessed: the Content-Type field names none that occurs")
                self._scan(start, guessed)
        if self.parts and not any(part.media_type.startswith("text/") or REPORT.match(part.media_type) for part in self.parts):
            self._loose(start, boundary or b"")
        if not self.parts:
            kind = "text/plain" if self.media_type.startswith("multipart/") else self.media_type
            self._add(self.headers, kind, self.data[start:].lstrip(b"\n"))

    def _loose(self, start: int, boundary: bytes) -> None:
        """Add what stands before and after the parts, where they hold no words (RFC 2046, section 5.1.1 ignores it)."""
        first, last = self.data.find(b"\n--" + boundary, start - 1), self.data.rfind(b"\n--" + boundary + b"--")
        for begin, end in ((start, first), (last + len(boundary) + 5, len(self.data) if last >= 0 else 0)):
            if self.data.find(b"@", begin, end) >= 0:
                self._add(Headers(b""), "text/plain", self.data[begin:end].lstrip(b"\n"))

    def _add(self, headers: Headers, kind: str, body: bytes) -> None:
        part = Part(headers, kind, body, index=len(self.parts), limits=self.limits, notes=self.notes)
        self.parts.append(part)

    def _scan(self, start: int, boundary: bytes) -> None:
        """Walk the boundary lines once, with a stack of the boundaries that are open (RFC 2046, section 5.1)."""
        stack = [boundary]
        opened: int | None = None
        for line in BOUNDARY_LINE.finditer(self.data, max(0, start - 1)):
            token = line[1].rstrip()
            closing = token not in stack and token[-2:] == b"--" and token[:-2] in stack
            if not closing and token not in stack:
                continue
            if opened is not None:
                self._leaf(opened, line.start() + 1)
            name = token[:-2] if closing else token
            del stack[stack.index(name) + 1 :]
            opened = None if closing else line.end() + 1
            if closing:
                stack.pop()
                if not stack:
                    return
            elif len(self.parts) >= self.limits.parts:
                self.notes.append(f"limit parts: read {self.limits.parts} parts")
                return
            elif opened is not None and self._container(opened, stack):
                opened = None
        if opened is not None and opened < len(self.data):
            self._leaf(opened, len(self.data))

    def _container(self, start: int, stack: list[bytes]) -> bool:
        """Push the boundary of a nested multipart that begins here."""
        stop = self.data.find(b"\n\n", start, start + LONGEST_PART_HEADER)
        if b"multipart/" not in self.data[start : stop if stop > start else start + LONGEST_PART_HEADER].lower():
            return False
        headers, _ = self._part_header(start, len(self.data))
        boundary = boundary_of(headers)
        if not boundary or not media_type(headers, "").startswith("multipart/") or boundary in stack:
            return False
        if len(stack) >= self.limits.depth:
            self.notes.append(f"limit depth: did not go deeper than {self.limits.depth} multiparts")
            return False
        stack.append(boundary)
        return True

    def _part_header(self, start: int, end: int) -> tuple[Headers, int]:
        data = self.data
        if data.startswith(b"\n", start) and data[start + 1 : start + 9].lower() == b"content-":
            start += 1  # a blank line before a part's header: seen in real reports
        if data.startswith(b"\n", start):
            return Headers(b""), start + 1
        stop = data.find(b"\n\n", start, end)
        if stop < 0:
            stop = end
        headers = Headers(self._bounded(data[start:stop]))
        if "final-recipient" in headers or "reporting-mta" in headers:
            return headers, start  # no blank line between the part's header and the report
        return headers, stop + 2

    def _leaf(self, start: int, end: int) -> None:
        # RFC 2046, section 5.1.1 gives the line end before a boundary to it; kept, it tells a whole line from a cut one.
        headers, body = self._part_header(start, end)
        self._add(headers, media_type(headers, "text/plain"), self.data[min(body, end) : end])


PARAMETER = re.compile(r'\b(id|number|total)[ \t]*=[ \t]*(?:"([^"]{0,200})"|([^\s;"]{1,200}))', re.IGNORECASE)


def fragment(content_type: str) -> str:
    """Tell which piece of what message this is (RFC 2046, section 5.2.2)."""
    told = {found[1].lower(): found[2] or found[3] for found in PARAMETER.finditer(content_type)}
    return f"partial: fragment {told.get('number', '?')} of {told.get('total', '?')} of {told.get('id', '')!r}"


def read(data: bytes, limits: Limits | None = None) -> Message:
    """Cut a message into its parts. Total over bytes: what cannot be read leaves a note."""
    return Message(normalise_lines(data), limits or Limits())


def normalise_lines(data: bytes) -> bytes:
    """Give LF line ends, without BOM, leading blank lines, mbox separator and the quoting of a forwarded message."""
    if b"\r" in data:
        usual = data.replace(b"\r\n", b"\n")
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in usual else usual
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    data = data.lstrip(b"\n")
    if data[:5] == b"From " or data[:6] == b">From ":
        separator = MBOX_FROM.match(data)
        data = data[separator.end() :] if separator else data
    if data[:2] == b"> " and re.match(rb"> [!-9;-~]{1,80}:", data):
        data = QUOTED.sub(b"", data)
    return data


def header_end(data: bytes) -> int:
    """Give where the header block ends: at the first blank line, else before the first line that is no header."""
    end = data.find(b"\n\n")
    if end >= 0:
        return end + 1
    first = re.match(rb"(?:[!-9;-~]{1,100}[ \t]*:[^\n]*\n?(?:[ \t][^\n]*\n?)*)*", data)
    return first.end() if first else 0


def guess_boundary(data: bytes, start: int) -> bytes | None:
    """Give the first line that looks like a boundary because a part's header follows it."""
    for line in BOUNDARY_LINE.finditer(data, max(0, start - 1), start + SCAN_FOR_MARK):
        if data[line.end() : line.end() + 9].lower() == b"\ncontent-":
            return line[1].rstrip()
    return None
