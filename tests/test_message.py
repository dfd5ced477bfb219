"""Bytes to parts: structure, header fields, transfer encodings, limits."""

from __future__ import annotations

import pytest

from bouncery import Limits
from bouncery.headers import Headers
from bouncery.message import read
from tests.rendered import multipart, text_part

STRUCTURES = [
    (b"", [("text/plain", "")]),
    (b"Subject: x\n\nwords\n", [("text/plain", "words\n")]),
    (b"Subject: x\r\n\r\nwords\r\n", [("text/plain", "words\n")]),
    (b"Subject: x\r\rwords\r", [("text/plain", "words\n")]),
    (b"Subject: x\r\r\n\r\r\nwords", [("text/plain", "words")]),
    (b"\xef\xbb\xbfSubject: x\n\nwords", [("text/plain", "words")]),
    (b"\n\nSubject: x\n\nwords", [("text/plain", "words")]),
    (b"From a@b Mon Nov 23 10:00:00 2026\nContent-Type: text/html\n\nwords", [("text/html", "words")]),
    (b">From a@b Mon Nov 23 10:00:00 2026\nContent-Type: text/html\n\nwords", [("text/html", "words")]),
    (b"> Content-Type: text/html\n>\n> words\n", [("text/html", "words\n")]),
    (b"Subject: x", [("text/plain", "")]),
    (b"Content-Type: nonsense\n\nwords", [("text/plain", "words")]),
    (b"Content-Type: multipart/mixed\n\nwords", [("text/plain", "words")]),
    (b"Content-Type: multipart/mixed; boundary=b\n\nwords", [("text/plain", "words")]),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo", [("text/plain", "one"), ("text/plain", "two")]),
    (b"Content-Type: multipart/mixed; boundary='b'\n\n--'b'\n\none\n--'b'--", [("text/plain", "one")]),
    (
        b'Content-Type: multipart/mixed;\n boundary = "b b "\n\n--b b\n\none\n--b b--\n--b b\n\nepilogue',
        [("text/plain", "one")],
    ),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\none\n--b--", [("text/plain", "one")]),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b--", [("text/html", "")]),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nContent-Type: text/html\n\none\n--b--", [("text/html", "one")]),
    (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", [("text/plain", "--b\n")]),
]


@pytest.mark.parametrize(("data", "parts"), STRUCTURES)
def test_structure(data: bytes, parts: list[tuple[str, str]]) -> None:
    """Leaf parts with their media type and text, whatever is missing or wrong around them."""
    assert [(part.media_type, part.text.removesuffix("\n")) for part in read(data).parts] == [
        (media_type, text.removesuffix("\n")) for media_type, text in parts
    ]


def test_nested_parts() -> None:
    """A multipart in a multipart gives its leaves; the same boundary again is no new level; a closed one leads back."""
    again = b"--i\nContent-Type: multipart/mixed; boundary=i\n\ntwo\n--i--\n"
    inner = b"--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\none\n" + again
    data = b"Content-Type: multipart/mixed; boundary=o\n\n" + inner + b"--o\n\nthree\n--o--\n"
    assert [part.text for part in read(data).parts] == ["one\n", "two\n", "three\n"]


def test_unclosed_inner_part() -> None:
    """The outer boundary ends whatever is open inside."""
    inner = b"--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n"
    data = b"Content-Type: multipart/mixed; boundary=o\n\n" + inner + b"--o\n\ntwo\n--o--"
    assert [part.text for part in read(data).parts] == ["one\n", "two\n"]


def test_guessed_boundary() -> None:
    """A wrong boundary is guessed from the lines, and noted; also for a report that says it is text."""
    report = b"--x\nContent-Type: message/delivery-status\n\nAction: failed\n--x--\n"
    for head in (
        b"Content-Type: multipart/report; boundary=y\n",
        b"Content-Type: multipart/report\n",
        b"Content-Type: text/plain\n",
    ):
        message = read(head + b"\n" + report)
        assert [part.media_type for part in message.parts] == ["message/delivery-status"]
        assert message.notes == ["boundary guessed: the Content-Type field names none that occurs"]


def test_report_without_a_blank_line() -> None:
    """Report fields that follow the part's header at once are its body."""
    part = read(multipart("Content-Type: message/delivery-status\nReporting-MTA: dns; a\n\nAction: failed\n")).parts[0]
    assert part.media_type == "message/delivery-status"
    assert "Reporting-MTA" in part.text
    assert "Action" in part.text


def test_returned_message() -> None:
    """The returned message is found by its type and is one part, whatever it holds."""
    message = read(
        multipart(
            text_part("a"), "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=z\n\n--z\n\nx\n--z--\n"
        )
    )
    returned = message.returned()
    assert returned is message.parts[1]
    assert read(b"a: b\n\nc").returned() is None


ENCODINGS = [
    ("7bit", "us-ascii", b"plain", "plain"),
    ("", "", "grün".encode(), "grün"),
    ("8bit", "iso-8859-1", "grün".encode("latin-1"), "grün"),
    ("", "", "grün".encode("latin-1"), "grün"),
    ("quoted-printable", "utf-8", b"gr=C3=BCn =\nund", "grün und"),
    ("Quoted-Printable (yes)", "iso-8859-1", b"gr=FCn", "grün"),
    ("BASE64", "utf-8", b"Z3LDvG4NCng=", "grün\nx"),
    ("7bit", "iso-2022-jp", "宛先".encode("iso-2022-jp"), "宛先"),
    ("7bit", "us-ascii", "宛先".encode("iso-2022-jp"), "宛先"),
    ("7bit", "'utf-8'", b"plain", "plain"),
]


@pytest.mark.parametrize(("encoding", "charset", "body", "text"), ENCODINGS)
def test_encodings(encoding: str, charset: str, body: bytes, text: str) -> None:
    """Text is decoded by transfer encoding and charset, declared or not."""
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    assert read(head.encode() + body).parts[0].text == text


LIMITS = [
    (Limits(text_bytes=4), b"a: b\n\nwords", "limit text_bytes: read 4 of 5 bytes of part 0"),
    (
        Limits(report_bytes=4),
        b"Content-Type: message/delivery-status\n\nwords",
        "limit report_bytes: read 4 of 5 bytes of part 0",
    ),
    (Limits(header_bytes=4), b"a: bcd\n\nwords", "limit header_bytes: read 4 of 7 bytes of a header"),
    (Limits(parts=1), multipart(text_part("a"), text_part("b")), "limit parts: read 1 parts"),
    (
        Limits(depth=1),
        multipart("Content-Type: multipart/mixed; boundary=i\n\n--i\n\na\n--i--\n"),
        "limit depth: did not go deeper than 1 multiparts",
    ),
]


@pytest.mark.parametrize(("limits", "data", "note"), LIMITS)
def test_limits(limits: Limits, data: bytes, note: str) -> None:
    """Each limit leaves a note that names it and what was read."""
    message = read(data, limits)
    texts = [part.text for part in message.parts]
    assert note in message.notes
    assert all(len(text) < 60 for text in texts)


def test_header_fields() -> None:
    """Fields by lower-case name: folding, white space before the colon, repetition, raw bytes, encoded words."""
    repeated = "X-A : one\nX-A:two\n\tthree\nX-a\t:four\n"
    block = f"Subject: =?utf-8?q?gr=C3=BCn?=\n{repeated}no field\nName: grün\nSubjectline: no\nEmpty:\n"
    headers = Headers(block.encode())
    assert headers.get("subject") == "=?utf-8?q?gr=C3=BCn?="
    assert headers.decoded("subject") == "grün"
    assert headers.decoded("name") == "grün"
    assert headers.all("x-a") == ["one", "two three", "four"]
    assert headers.get("missing") == headers.get("empty") == ""
    assert "x-a" in headers
    assert "missing" not in headers
    assert list(headers) == ["subject", "x-a", "name", "subjectline", "empty"]
    assert Headers("a: grün".encode("latin-1")).get("a") == "grün"
