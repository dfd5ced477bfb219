"""What the properties are tried on: damaged messages of the corpus, and delivery status notifications by their grammar."""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from tests.messages import NAMES, corpus

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

LINE = re.compile(rb"[^\n]*\n?")
PART = re.compile(rb"(?m)^(?=--)")
INJECTED = [
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n",
    b'Content-Type: multipart/mixed; boundary="\n',
    b"Content-Type: message/delivery-status; charset=utf-7\n",
    b"Content-Type: text/plain; charset=unicode_escape\n",
    b"Content-Type: text/html; charset=utf-16\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b'X-Failed-Recipients: u@example.com, \0@example.com, "\n',
    b"Final-Recipient: rfc822; \x1b[31mu@example.com\n",
    b"Final-Recipient: utf-8; \\x{D800}\\x{A}u@example.com\n",
    b"Original-Recipient: rfc822;u+0Av+00@example.com\n",
    b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n",
    b"Diagnostic-Code: smtp; =?utf-7?q?+2AA-?= 550 no such user\n",
    b"Action: delayed\n",
    b"Status: 9.999.9999\n",
    b"Subject: =?utf-8?b?7aCA?= =?x?q?=?=\n",
    b"Date: Thu, 99 Foo 99999999999999999999 99:99:99 +9999\n",
    b"Return-Path: <>\n",
    b"From: MAILER-DAEMON\n",
    b"To: " + b"<" * 50 + b"u@example.com\n",
    b"\n",
    b"--x\n",
    b'{"notificationType": "Bounce", "bounce": {"bouncedRecipients": [null, {"emailAddress": 5}]}}\n',
]
INSERTED = [
    b"\0",
    b"\r",
    b"\r\r\n",
    b"\x80",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xe2\x80\xa8",
    b"\x1b$B",
    b"=\n",
    b"=00",
    b"@",
    b"<",
    b"\xf0\x9f\x98\x80",
]


def flipped(data: bytes, draw: DrawFn) -> bytes:
    """Change one byte."""
    at = draw(st.integers(0, len(data) - 1))
    return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]


def cut(data: bytes, draw: DrawFn) -> bytes:
    """Take out a stretch, or all behind a place."""
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, len(data)) | st.just(len(data)))
    return data[:start] + data[end:]


def inserted(data: bytes, draw: DrawFn) -> bytes:
    """Put bytes between others that no writer of mail puts there."""
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.sampled_from(INSERTED)) * draw(st.sampled_from([1, 1, 2, 300])) + data[at:]


def injected(data: bytes, draw: DrawFn) -> bytes:
    """Put a field between the lines, as it is or in place of the line behind it."""
    lines = LINE.findall(data)
    at = draw(st.integers(0, len(lines) - 1))
    return b"".join((*lines[:at], draw(st.sampled_from(INJECTED)), *lines[at + draw(st.integers(0, 1)) :]))


def shuffled(cutting: Callable[[bytes], list[bytes]]) -> Callable[[bytes, DrawFn], bytes]:
    """Give a mutation that doubles, deletes or swaps pieces."""

    def mutate(data: bytes, draw: DrawFn) -> bytes:
        pieces = cutting(data)
        one, other = draw(st.integers(0, len(pieces) - 1)), draw(st.integers(0, len(pieces) - 1))
        deed = draw(st.sampled_from(["double", "delete", "swap"]))
        if deed == "swap":
            pieces[one], pieces[other] = pieces[other], pieces[one]
        elif deed == "double":
            pieces.insert(other, pieces[one])
        else:
            del pieces[one]
        return b"".join(pieces)

    return mutate


MUTATIONS = (flipped, cut, inserted, injected, shuffled(LINE.findall), shuffled(PART.split))


@st.composite
def damaged(draw: DrawFn) -> bytes:
    """Give a message of the corpus with up to five damages."""
    data = corpus(draw(st.sampled_from(NAMES)))
    for mutate in draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=5)):
        data = mutate(data, draw) if data else data
    return data


class Told(NamedTuple):
    """What a notification says of one recipient."""

    address: str
    final_address: str | None
    action: str
    status: str
    optional: tuple[str | None, ...]
    """Remote MTA, last attempt, end of the attempts."""
    names: tuple[str, ...]
    """Of its fields, in lower case and in order."""


class Rendered(NamedTuple):
    """A notification, and what it says."""

    data: bytes
    told: list[Told]


ATOM = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&*/?^_{|}~-+=", min_size=1, max_size=12)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
LOCAL = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
DOMAIN = st.tuples(LABEL, st.sampled_from(["example.com", "example.net", "example.org", "test"])).map(".".join)
ADDRESS = st.tuples(LOCAL, DOMAIN).map("@".join)
INTERNATIONAL = st.tuples(st.text("äöüéßжяλω日本", min_size=1, max_size=6), DOMAIN).map("@".join)
CLASSES = {"failed": "45", "delayed": "4", "delivered": "2", "relayed": "2", "expanded": "2"}
COMMENT = st.sampled_from(["", "", " (as it seems)", " (a (nested) comment)"])
NO_COMMENT = st.just("")
SPACE = st.sampled_from(["", " ", "  ", "\t", " \n ", "\n\t"])
CASE: SearchStrategy[Callable[[str], str]] = st.sampled_from([str, str.upper, str.lower, str.title])
BLANK = st.sampled_from(["\n", "\n", "\n\n", "\n \n", "\n\t\n\n"])
# An envelope id is any text, so what looks like a comment behind it is part of it (RFC 3464, section 2.2.1).
PER_MESSAGE = [
    ("Reporting-MTA", "dns; mx.example.org", COMMENT),
    ("Original-Envelope-Id", "QQ314159", NO_COMMENT),
    ("Arrival-Date", "Mon, 23 Nov 2026 10:00:00 +0000", COMMENT),
]


def xtext(address: str) -> str:
    """Write an address in xtext (RFC 3461, section 4)."""
    return "".join(f"+{ord(char):02X}" if char in "+=" or not "!" <= char <= "~" else char for char in address)


def unicode_form(address: str) -> str:
    r"""Write an address with `\x{HHHH}` (RFC 6533, section 3)."""
    return "".join(char if char.isascii() else f"\\x{{{ord(char):X}}}" for char in address)


@st.composite
def field(draw: DrawFn, name: str, body: str, comment: SearchStrategy[str] = COMMENT) -> str:
    """Write a field in one of the ways that RFC 5322 allows: case of the name, folding, a comment."""
    return f"{draw(CASE)(name)}:{draw(SPACE)}{body}{draw(comment)}"


@st.composite
def recipient_group(draw: DrawFn, final: str, mailed: str | None) -> tuple[str, Told]:
    """Write the fields on one recipient in any order (RFC 3464, section 2.3)."""
    action = draw(st.sampled_from(sorted(CLASSES)))
    status = f"{draw(st.sampled_from(CLASSES[action]))}.{draw(st.integers(0, 7))}.{draw(st.integers(0, 199))}"
    kind, spelled = ("rfc822", final) if final.isascii() else ("utf-8", draw(st.sampled_from([final, unicode_form(final)])))
    separator = draw(st.sampled_from([";", "; ", " ; ", ";\n "]))
    rows = [
        draw(field("Final-Recipient", f"{draw(CASE)(kind)}{separator}{spelled}")),
        draw(field("Action", draw(CASE)(action))),
        draw(field("Status", status)),
    ]
    if mailed is not None:
        rows.append(draw(field("Original-Recipient", f"rfc822{separator}{xtext(mailed)}", NO_COMMENT)))
    if action in {"failed", "delayed"} and draw(st.booleans()):
        rows.append(
            draw(field("Diagnostic-Code", f"smtp; {status[0]}50 {status} not now,{draw(SPACE)}says the host", NO_COMMENT))
        )
    optional = {name: body for name, body in OPTIONAL.items() if draw(st.booleans())}
    rows.extend(draw(field(name, body)) for name, (body, _) in optional.items())
    rows.extend(["X-Local-Extension: 550 9.9.9 <nobody@example.org>"] * draw(st.integers(0, 2)))
    address = final if mailed is None else mailed
    rows = draw(st.permutations(rows))
    meant = tuple(optional[name][1] if name in optional else None for name in OPTIONAL)
    names = tuple(row.partition(":")[0].strip().lower() for row in rows)
    return "\n".join(rows) + "\n", Told(address, None if address == final else final, action, status, meant, names)


OPTIONAL = {
    "Remote-MTA": ("dns; mail.example.com", "mail.example.com"),
    "Last-Attempt-Date": ("Tue, 24 Nov 2026 08:30:00 -0500", "2026-11-24T08:30:00-05:00"),
    "Will-Retry-Until": ("28 Nov 26 10:00 GMT", "2026-11-28T10:00:00Z"),
}
"""Fields that a group may leave out, and what they mean."""


@st.composite
def notification(draw: DrawFn) -> Rendered:
    """Give a delivery status notification by the grammar of RFC 3464, in any of its spellings."""
    finals = draw(st.lists(ADDRESS | INTERNATIONAL, min_size=1, max_size=4, unique_by=str.casefold))
    taken = {address.casefold() for address in finals}
    groups, told = [], []
    for final in finals:
        mailed = draw(st.none() | ADDRESS.filter(lambda address: address.casefold() not in taken))
        taken.add((mailed or final).casefold())
        group, fact = draw(recipient_group(final, mailed))
        groups.append(group)
        told.append(fact)
    about_message = [draw(field(*row)) for row in draw(st.permutations(PER_MESSAGE))]
    report = draw(st.sampled_from(["", "\n"])) + "\n".join(about_message) + "\n"
    for group in groups:
        report += draw(BLANK) + group
    encoding, body = draw(st.sampled_from(ENCODERS))
    kind = "delivery-status" if report.isascii() else "global-delivery-status"
    return Rendered(wrapped(kind, encoding, body(report.encode()), draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))), told)


ENCODERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("8bit", bytes),
    ("base64", base64.encodebytes),
    ("quoted-printable", quopri.encodestring),
]


def wrapped(kind: str, encoding: str, report: bytes, line_end: bytes) -> bytes:
    """Put a report into its multipart (RFC 6522)."""
    head = f"""\
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: sender@lists.example.net
Subject: Delivery report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_x"

--=_x

This is a report on your message.

--=_x
Content-Type: message/{kind}
Content-Transfer-Encoding: {encoding}

"""
    return (head.encode() + report + b"\n--=_x--\n").replace(b"\n", line_end)
