"""Input that somebody made to be slow: twice of it costs at most two and a half times as much, and the memory has a bound."""

from __future__ import annotations

import base64
import signal
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from bouncery import classify, parse
from tests.growth import growth
from tests.patterns import Use, hostile, inline, named, of_rules, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = (400, 1_600, 6_250, 25_000, 100_000)
"""From small to large, so that what grows steeply is found before it takes minutes."""
FLOOR = 0.02
"""Seconds below which growth cannot be told from noise; what is quadratic takes longer on the largest size."""
MEBIBYTE = 1_048_576
PATIENCE = 60
"""Seconds after which a test is given up, so that what never ends fails."""
BOUNDED = {
    "bouncery.address.QUOTED": 4_096,
    "bouncery.policy.foreign.": 400,
    "bouncery.sources.logs_sendmail.RECIPIENT": 1_600,  # reads what RECIPIENTS has found
    "bouncery.sources.log": 16_384,
}
"""Characters of the longest text that a pattern is given: of recipient strings, of return paths, of lines of a log."""
USES = [*named(), *inline(), *of_rules()]


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Give a test up that takes too long; the engine of regular expressions looks for signals while it works."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def longest(place: str) -> int:
    """Give the bound on the text that a pattern is given, by the beginning of its place."""
    return next((bound for name, bound in BOUNDED.items() if place.startswith(name)), SIZES[-1])


@pytest.mark.parametrize("use", USES, ids=[f"{use.place}-{use.method}" for use in USES])
def test_regular_expressions_are_linear(use: Use) -> None:
    """Each regular expression, used as the library uses it, on texts that invite it to backtrack."""
    for piece in hostile(use.pattern):
        for size in (size for size in SIZES if size <= longest(use.place)):
            found = growth(use.on, repeated(piece, size // 2), repeated(piece, size), FLOOR)
            assert found.double <= FLOOR or found.is_linear, (piece, size, found)


HEAD = b"From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
REPORT = HEAD + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
STATUS = b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
FAILED = (
    b"Final-Recipient: rfc822; u%d@example.com\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
)
WORDS = b"Your message could not be delivered to the following recipient:\n\n"


def attachment(size: int) -> bytes:
    """Give a report that returns a base64 attachment."""
    encoded = base64.encodebytes(bytes(range(256)) * (size // 345))
    return REPORT + STATUS + FAILED % 1 + b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\n" + encoded + b"--b--\n"


def encoded_text(size: int) -> bytes:
    """Give a notification whose text is in base64."""
    return (
        HEAD
        + b"Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(WORDS + b"550 5.1.1 <u@example.com> unknown\n" * (size // 46))
    )


def one_line(size: int) -> bytes:
    """Give a notification that is a single long line."""
    return HEAD + b"\n" + WORDS + b"x" * size


def crlf_text(size: int) -> bytes:
    """Give a long text with the line ends of the wire."""
    return (HEAD + b"\n" + WORDS + b"u@example.com: 550 5.1.1 user unknown, try later\n" * (size // 49)).replace(b"\n", b"\r\n")


def nested(count: int) -> bytes:
    """Give multiparts in multiparts."""
    opened = b"".join(
        b'--b%d\nContent-Type: multipart/mixed; boundary="b%d"\n\n' % (level, level + 1) for level in range(count)
    )
    return HEAD + b'Content-Type: multipart/report; boundary="b0"\n\n' + opened


def forwarded(count: int) -> bytes:
    """Give messages in messages."""
    return REPORT + b"--b\n" + b"Content-Type: message/rfc822\n\n" * count + FAILED % 1 + b"--b--\n"


def boundary_lines(count: int) -> bytes:
    """Give nothing but boundaries."""
    return REPORT + b"--b\n" * count


def other_boundaries(count: int) -> bytes:
    """Give lines that could be boundaries and are none."""
    return REPORT + STATUS + b"".join(b"--%d\n" % number for number in range(count))


def recipients(count: int) -> bytes:
    """Give a report on many recipients."""
    return REPORT + STATUS + b"".join(FAILED % number for number in range(count)) + b"--b--\n"


def header_lines(count: int) -> bytes:
    """Give many header fields."""
    return HEAD + b"".join(b"X-Field-%d: value\n" % number for number in range(count)) + b"\n" + WORDS + b"u@example.com\n"


def folded_header(count: int) -> bytes:
    """Give one field on many lines."""
    return HEAD + b"References:" + b"\n <1@example.com>" * count + b"\n\n" + WORDS + b"u@example.com\n"


def comments(count: int) -> bytes:
    """Give comments in comments in a recipient field."""
    return (
        REPORT
        + STATUS
        + b"Final-Recipient: rfc822; "
        + b"(" * count
        + b"u@example.com"
        + b")" * count
        + b"\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )


def field_of(piece: bytes) -> Callable[[int], bytes]:
    """Give recipient, diagnostic and header fields that repeat a piece."""

    def render(count: int) -> bytes:
        hostile = piece * count
        head = b"From: " + hostile + b"x\nTo: " + hostile + b"x\nX-Failed-Recipients: " + hostile + b"\n"
        group = (
            b"Final-Recipient: rfc822; "
            + hostile
            + b"\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 "
            + hostile
            + b"\n"
        )
        return head + REPORT[len(HEAD) :] + STATUS + group + b"--b--\n"

    return render


def prose_of(piece: bytes) -> Callable[[int], bytes]:
    """Give a notification in prose that repeats a piece."""
    return lambda count: HEAD + b"\n" + WORDS + piece * count


def markup_of(piece: bytes) -> Callable[[int], bytes]:
    """Give a notification in HTML that repeats a piece."""
    return lambda count: (
        HEAD + b"Content-Type: text/html\n\n<html><body><p>Your message could not be delivered</p>" + piece * count
    )


MESSAGES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "15 MiB attachment": (attachment, 15 * MEBIBYTE),
    "15 MiB encoded text": (encoded_text, 15 * MEBIBYTE),
    "15 MiB line": (one_line, 15 * MEBIBYTE),
    "15 MiB text, CR LF": (crlf_text, 15 * MEBIBYTE),
    "10,000 nested parts": (nested, 10_000),
    "10,000 messages in messages": (forwarded, 10_000),
    "100,000 boundary lines": (boundary_lines, 100_000),
    "100,000 other boundaries": (other_boundaries, 100_000),
    "50,000 recipients": (recipients, 50_000),
    "100,000 header lines": (header_lines, 100_000),
    "100,000 folded lines": (folded_header, 100_000),
    "50,000 comments": (comments, 50_000),
    "one folded field": (lambda size: b"Subject: a" + b" " * size + b"b\n c\n\n" + WORDS, 100_000),
    "one line of an mbox": (lambda size: b"From " * size, 200_000),
    **{
        f"fields of {piece!r}": (field_of(piece), 100_000 // len(piece))
        for piece in (
            b"@",
            b"<",
            b"a@",
            b" ",
            b'"',
            b"a b ",
            b"\n ",
            b"u@example.com, ",
            b"550-5.1.1 ",
            b"=?utf-8?q?a?= ",
        )
    },
    **{
        f"prose of {piece!r}": (prose_of(piece), 300_000 // len(piece))
        for piece in (
            b"@",
            b" ",
            b"\n",
            b"To: ",
            b"a@b.c ",
            b"u@example.com\n",
            b"550 ",
            b"550-5.1.1 user\n",
            b"<<< 550 a\n",
            b">>> RCPT TO:<u@example.com>\n<<< 550 no\n",
            b"> ",
            b"--- ",
            b"Received: by\n",
            b"user: ",
            b"following ",
            b"(",
            b"original message ",
        )
    },
    **{
        f"markup of {piece!r}": (markup_of(piece), 300_000 // len(piece))
        for piece in (b"<div>", b"<", b"<p>u@example.com</p>", b"&#64;", b"<table><tr><td>", b"<!--", b"<a href='", b"</b>")
    },
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_linear(name: str) -> None:
    """Whole messages: each kind of input that may grow without an end."""
    render, size = MESSAGES[name]
    for part in (32, 8, 1):
        found = growth(parse, render(size // part // 2), render(size // part), FLOOR)
        assert found.double <= FLOOR or found.is_linear, (size // part, found)


@pytest.mark.parametrize("name", MESSAGES)
def test_memory_is_bounded(name: str) -> None:
    """What reading takes beyond the message itself does not exceed copies of it and what the limits allow."""
    render, size = MESSAGES[name]
    data = render(size)
    parse(HEAD)
    tracemalloc.start()
    parse(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(data) + 48 * MEBIBYTE, (peak, len(data))


NOTED = {
    "15 MiB encoded text": "text_bytes",
    "15 MiB line": "text_bytes",
    "15 MiB text, CR LF": "text_bytes",
    "10,000 nested parts": "depth",
    "100,000 boundary lines": "parts",
    "50,000 recipients": "recipients",
    "100,000 header lines": "header_bytes",
    "100,000 folded lines": "header_bytes",
}


@pytest.mark.parametrize("name", NOTED)
def test_limits_leave_a_note(name: str) -> None:
    """Whatever is left out is told, with the name of the limit."""
    render, size = MESSAGES[name]
    assert any(note.startswith(f"limit {NOTED[name]}") for note in parse(render(size)).notes)


def test_attachments_leave_no_note() -> None:
    """The returned message is not read, so its size is no limit."""
    report = parse(attachment(15 * MEBIBYTE))
    assert report.notes == ()
    assert [recipient.address for recipient in report.recipients] == ["u1@example.com"]


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "550 ",
        "550-5.1.1 user\n",
        "user unknown ",
        "@",
        "a@b ",
        "try again ",
        "blocked using ",
        "temporarily … ",
        "é",
        "mailbox ",
    ],
)
def test_replies_are_linear(piece: str) -> None:
    """Replies of any length, which the matcher reads up to its limit."""
    for size in (6_250, 25_000, 100_000):
        found = growth(classify, repeated(piece, size // 2), repeated(piece, size), FLOOR)
        assert found.double <= FLOOR or found.is_linear, (size, found)
