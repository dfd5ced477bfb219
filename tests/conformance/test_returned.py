"""What a report returns of the message (RFC 6522, section 3), and what of it may be broken (RFC 1344, 2045, 7103)."""

from __future__ import annotations

import base64

import msgspec
import pytest

from bouncery import parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups, multipart, only, part

STATUS = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 User unknown"))
TEXT_PART, STATUS_PART = part("Not delivered."), part(STATUS, "message/delivery-status")
HEAD = """\
From: News <news@lists.example.net>
To: Uwe <u@example.com>, v@example.com
Subject: November
Message-ID: <november-1@lists.example.net>
List-Id: The news <news.lists.example.net>
List-Unsubscribe: <https://lists.example.net/leave/77>
X-Subscriber: 4711
X-Campaign: autumn
"""


@pytest.mark.parametrize("returned_type", ["text/rfc822-headers", "message/rfc822"])
def test_rep_12_original_for_correlation(returned_type: str) -> None:
    """Whole or header only, it keeps what ties the report to our own mail."""
    original = parse(dsn(STATUS, returned=f"{HEAD}\nThe news.\n", returned_type=returned_type)).original
    assert original is not None
    assert (original.message_id, original.subject) == ("<november-1@lists.example.net>", "November")
    assert original.to == ("u@example.com", "v@example.com")
    assert original.list_id == "news.lists.example.net"
    assert (original.headers["x-subscriber"], original.headers["x-campaign"]) == ("4711", "autumn")
    assert original.headers["list-unsubscribe"] == "<https://lists.example.net/leave/77>"


def test_rep_13_header_alone_as_a_message() -> None:
    """RFC 6522, section 4 advises against that label."""
    original = parse(dsn(STATUS, returned=HEAD, returned_type="message/rfc822")).original
    assert original is not None
    assert (original.message_id, original.headers["x-campaign"]) == ("<november-1@lists.example.net>", "autumn")


def test_rep_13_message_as_a_header() -> None:
    """Its body is not taken for fields."""
    body = "X-Campaign: spring\nTo: w@example.com\n"
    original = parse(dsn(STATUS, returned=f"{HEAD}\n{body}", returned_type="text/rfc822-headers")).original
    assert original is not None
    assert (original.to, original.headers["x-campaign"]) == (("u@example.com", "v@example.com"), "autumn")


INNER = groups(
    failed("inner@example.org", "5.2.2", "Diagnostic-Code: smtp; 552 5.2.2 Mailbox full"),
    per_message="Reporting-MTA: dns; inner.example.org\nArrival-Date: Mon, 2 Nov 2026 10:00:00 +0000",
)
BOUNCE = dsn(INNER, text="<inner@example.org>: 552 5.2.2 Mailbox full").decode().replace("=_b", "=_inner")


@pytest.mark.parametrize("returned_type", ["message/rfc822", "text/rfc822-headers", "message/global"])
def test_rep_14_bounce_of_a_bounce(returned_type: str) -> None:
    """Nothing of the returned report comes into the outer one."""
    report = parse(dsn(STATUS, returned=BOUNCE, returned_type=returned_type))
    assert [(recipient.address, recipient.status) for recipient in report.recipients] == [("u@example.com", "5.1.1")]
    assert (report.reporting_mta, report.arrival_date) == ("mx.example.org", None)


def test_rep_14_bounce_of_a_bounce_in_prose() -> None:
    """The outer one is for people only."""
    words = "Your message could not be delivered.\n\n<postmaster@example.com>: 550 5.1.1 User unknown"
    data = multipart((part(words), part(BOUNCE, "message/rfc822")), "multipart/mixed")
    assert (only(data).address, only(data).status, parse(data).reporting_mta) == ("postmaster@example.com", "5.1.1", None)


@pytest.mark.parametrize("encoding", ["x-secret", "7-bit", "uu", "none", '"base64"x', "utf-8", "8bit; x"])
def test_rep_15_unknown_encoding(encoding: str) -> None:
    """The part is read as it stands."""
    data = multipart((TEXT_PART, part(STATUS, "message/delivery-status", f"Content-Transfer-Encoding: {encoding}")))
    assert (only(data).address, only(data).status) == ("u@example.com", "5.1.1")


PURE = base64.encodebytes(STATUS.encode()).decode()
BROKEN = {
    "base64 with junk": ("base64", PURE[:40] + "*\t#\n" + PURE[40:]),
    "base64 without padding": ("base64", base64.b64encode(STATUS.encode()).decode().rstrip("=")),
    "base64 with a trailer": ("base64", PURE + "\n-- \nSent by a gateway!\n"),
    "quoted-printable with a bare =": ("quoted-printable", STATUS + "\nX-Note: a=b =Z9 =\n"),
    "quoted-printable in lower case": ("quoted-printable", STATUS.replace("@", "=40").replace("User", "=55ser=3a")),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_rep_15_illegal_encoding(damage: str) -> None:
    """RFC 7103, section 8.2: what can be decoded is."""
    encoding, body = BROKEN[damage]
    data = multipart((TEXT_PART, part(body, "message/delivery-status", f"Content-Transfer-Encoding: {encoding}")))
    assert (only(data).address, only(data).status) == ("u@example.com", "5.1.1")


REJECTION = """\
A message of yours was rejected. Its particulars were:

From: News <news@lists.example.net>
Message-ID: <november-1@lists.example.net>
To: u@example.com
Subject: November
Rejection-reason: User unknown

The message itself follows.
"""


def test_rep_16_rejection_of_rfc_1344() -> None:
    """The form of RFC 1344, appendix A: the first part names the recipient and the reason."""
    data = multipart((part(REJECTION), part(RETURNED, "message/rfc822")), "multipart/mixed")
    report = parse(data)
    assert (report.kind, only(data).address, only(data).verdict.reason) == ("failure", "u@example.com", "user_unknown")
    assert only(data).diagnostic is not None
    assert "User unknown" in str(only(data).diagnostic)
    assert report.original is not None
    assert report.original.message_id == "<november-1@lists.example.net>"


FRAGMENT = 'Content-Type: message/partial; id="p77@gw.example.org"; number=2; total=3'


def test_rep_17_fragment_returned() -> None:
    """A gateway that returns a fragment (RFC 2046, section 5.2.2) reports all the same."""
    data = multipart((TEXT_PART, STATUS_PART, part(f"{HEAD}{FRAGMENT}\n\nsecond of three\n", "message/rfc822")))
    report = parse(data)
    assert (only(data).status, report.original and report.original.message_id) == ("5.1.1", "<november-1@lists.example.net>")


def test_rep_17_fragment_of_a_notification() -> None:
    """A report that itself arrives in pieces says which piece this is, and of what."""
    report = parse(f"{HEADERS}{FRAGMENT}\n\n{STATUS}".encode())
    (note,) = [note for note in report.notes if note.startswith("partial: ")]
    assert "2 of 3" in note
    assert "p77@gw.example.org" in note


@pytest.mark.parametrize("data", [dsn(STATUS), dsn(STATUS, media_type="message/global-delivery-status")])
def test_rep_18_missing_mime_version(data: bytes) -> None:
    """RFC 7103, section 8.1: it is MIME all the same."""
    report = parse(data.replace(b"MIME-Version: 1.0\n", b""))
    assert (report.formats[0], report.recipients[0].status, report.notes) == ("dsn", "5.1.1", ())


UUENCODED = "begin 644 message.txt\n%5&AE(&YE=W,*\n`\nend\n"
BINHEX = "(This file must be converted with BinHex 4.0)\n\n:#&0KEQ0bG(0PC@9cFf`!N!\n"
ATTACHED = {
    "uuencode": part(UUENCODED, "text/plain", "Content-Transfer-Encoding: x-uuencode"),
    "uuencode in a message": part(f"{HEAD}\n{UUENCODED}", "message/rfc822"),
    "binhex": part(BINHEX, "application/mac-binhex40"),
    "tnef": part("eJ8+IgAA\n", "application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64"),
    "broken tnef": part("eJ8+I\x00*\n", "application/ms-tnef; name=winmail.dat", "Content-Transfer-Encoding: base64"),
}


@pytest.mark.parametrize("kind", ATTACHED)
def test_rep_19_foreign_encodings(kind: str) -> None:
    """Old and proprietary encodings of what is returned change nothing, and what is reported can be written down."""
    report = parse(multipart((TEXT_PART, STATUS_PART, ATTACHED[kind])))
    assert [(recipient.address, recipient.status) for recipient in report.recipients] == [("u@example.com", "5.1.1")]
    assert msgspec.json.decode(msgspec.json.encode(report))["kind"] == "failure"
