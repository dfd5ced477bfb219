"""Envelope and header of a notification: RFC 5321, 5322, 1123, 3834, 7103, and what others add to a header."""

from __future__ import annotations

import pytest

from bouncery import Kind, Report, parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups

UNKNOWN = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 No such user"))
REFUSED = "Your message could not be delivered to one recipient.\n\n<u@example.com>: 550 5.1.1 No such user\n"
RETURNS = "\n----- The returned message -----\n\n"
PERSON = "From: Ann <ann@example.com>\nTo: news@lists.example.net\nSubject: Your letter\n"
ANSWER = "Thank you for the letter. I shall read it on Monday.\n"


def letter(headers: str, words: str) -> Report:
    """Read a message without MIME parts."""
    return parse(f"{headers}\n{words}".encode())


def named(report: Report) -> list[str]:
    """Give the addresses of the recipients of a report."""
    return [recipient.address for recipient in report.recipients]


NULL_PATH = [
    ("Return-Path: <>\nFrom: robot@mx.example.org\nSubject: Message status\n", REFUSED, Kind.FAILURE),
    ("From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail\n", REFUSED, Kind.FAILURE),
    ("Return-Path: <robot@mx.example.org>\nFrom: MAILER-DAEMON@mx.example.org\nSubject: x\n", REFUSED, Kind.FAILURE),
    ("Return-Path: <>\nFrom: ann@example.com\nSubject: Out of office\n", "I am on holiday until Monday.\n", Kind.AUTO_REPLY),
]


@pytest.mark.parametrize(("headers", "words", "kind"), NULL_PATH)
def test_hdr_1_null_path_is_a_hint(headers: str, words: str, kind: Kind) -> None:
    """RFC 5321, section 4.5.5 and RFC 3834, section 3.3: notifications and automatic answers have it, and some have not."""
    assert letter(headers, words).kind is kind


def test_hdr_1_receipts_have_the_null_path_as_well() -> None:
    """RFC 8098, section 2.1."""
    fields = "Final-Recipient: rfc822; u@example.com\nDisposition: manual-action/MDN-sent-manually; displayed\n"
    report = parse(dsn(fields, media_type="message/disposition-notification", returned=None))
    assert report.kind is Kind.RECEIPT
    assert [recipient.verdict.decision for recipient in report.recipients] == [None]


@pytest.mark.parametrize("field", ["List-Id: <news.lists.example.net>", "List-Post: <mailto:news@lists.example.net>"])
def test_hdr_2_null_path_is_no_list_mail(field: str) -> None:
    """A server that copies the fields of the list into its notification makes it no letter of the list."""
    report = letter(f"{HEADERS}{field}\n", REFUSED)
    assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])


def test_hdr_3_reporter_and_sender_never_failed() -> None:
    """The reporting server, its postmaster, the list's own addresses and the author are spoken of without having failed."""
    headers = HEADERS + "Reply-To: postmaster@mx.example.org\nSender: mail-report@mx.example.org\n"
    words = f"""\
Message from news@lists.example.net, sent by owner@lists.example.net.
For help write to postmaster@mx.example.org or mail-report@mx.example.org.
{REFUSED}{RETURNS}{RETURNED}"""
    report = letter(headers, words)
    assert named(report) == ["u@example.com"]


OBSOLETE = [
    ("From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n", ""),
    (">From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n", ""),
    ("", "X-Long: one\n\ttwo\n three\n"),
    ("", "X-Spaced   : one\n"),
    ("", "a line that is no field\n"),
    ("", "Reply-To: <@gate.example.org,@mx.example.org:postmaster@mx.example.org>\n"),
]


@pytest.mark.parametrize(("before", "among"), OBSOLETE)
def test_hdr_4_obsolete_syntax(before: str, among: str) -> None:
    """RFC 5322, section 4 and RFC 7103, section 7: folding, old syntax and lines that are no fields cost nothing."""
    data = dsn(UNKNOWN, headers=f"{before}Return-Path : <>\n{among}{HEADERS}")
    report = parse(data)
    assert (report.kind, report.date, named(report)) == (Kind.FAILURE, "2026-11-23T10:00:05Z", ["u@example.com"])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 23 Nov 26 10:00:05 EST", "2026-11-23T10:00:05-05:00"),
        ("23 Nov 2026 10:00:05 GMT", "2026-11-23T10:00:05Z"),
        ("Mon,\n 23 Nov 2026\n\t10:00:05 +0100", "2026-11-23T10:00:05+01:00"),
        ("Mon, 23 Nov 2026 10:00:05 +0100 (a comment (in it))", "2026-11-23T10:00:05+01:00"),
    ],
)
def test_hdr_4_obsolete_dates(written: str, read: str) -> None:
    """RFC 5322, section 4.3."""
    assert letter(f"Date: {written}\n{PERSON}", ANSWER).date == read


BROKEN = [
    HEADERS + HEADERS,
    HEADERS.replace("From:", "X-From:"),
    HEADERS.replace("Date:", "X-Date:"),
    HEADERS.replace("To:", "X-To:"),
    HEADERS.replace("Delivery report", "Unzustellbar: schöne Grüße"),
    HEADERS.replace("Mail Delivery System", '"Mail Delivery System'),
    HEADERS.replace("<MAILER-DAEMON@mx.example.org>", "<MAILER-DAEMON@mx.example.org"),
    HEADERS.replace("Mail Delivery System", "Mail Delivery System (mx"),
    "From: \nTo: \nMIME-Version: 1.0\n",
]


@pytest.mark.parametrize("headers", BROKEN)
def test_hdr_5_broken_headers(headers: str) -> None:
    """RFC 7103, sections 7.1 and 7.5: repeated, missing, 8-bit and unbalanced fields."""
    report = parse(dsn(UNKNOWN, headers=headers))
    assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])
    (recipient,) = report.recipients
    assert recipient.verdict.decision == "hard"


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?sch=C3=B6n?=",
        "=?utf-8?q?sch=C3?= =?utf-8?q?=B6n?=",
        "=?utf-8?b?c2Noww==?=\n =?utf-8?b?tm4=?=",
        "=?iso-8859-1?Q?sch=F6n?=",
        "schön",
    ],
)
def test_hdr_5_words_split_within_a_character(subject: str) -> None:
    """RFC 2047, section 5 forbids to split a character; senders do it."""
    original = parse(dsn(UNKNOWN, returned=RETURNED.replace("November\n", f"{subject}\n", 1))).original
    assert original is not None
    assert original.subject == "schön"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("auto-replied", Kind.AUTO_REPLY),
        ("Auto-Replied", Kind.AUTO_REPLY),
        ("auto-replied (vacation); owner-email=ann@example.com", Kind.AUTO_REPLY),
        ("(vacation) auto-replied", Kind.AUTO_REPLY),
        ('auto-replied; x=1; y="a;b"', Kind.AUTO_REPLY),
        ("auto-notified; owner=ann", Kind.AUTO_REPLY),
        ("auto-unheard-of", Kind.AUTO_REPLY),
        ("no", Kind.OTHER),
        ("No (a person)", Kind.OTHER),
    ],
)
def test_hdr_6_auto_submitted(value: str, kind: Kind) -> None:
    """RFC 3834, section 5: comments, parameters and unknown keywords; only `no` says that a person wrote it."""
    assert letter(f"{PERSON}Auto-Submitted: {value}\n", ANSWER).kind is kind


@pytest.mark.parametrize("value", ["auto-generated", "auto-replied", "auto-generated (failure)", "auto-notified", "no"])
def test_hdr_7_notifications_with_auto_submitted(value: str) -> None:
    """RFC 3834, section 5.2: whichever keyword a server takes, its notification is one."""
    headers = f"{HEADERS}Auto-Submitted: {value}\n"
    for report in (parse(dsn(UNKNOWN, headers=headers)), letter(headers, REFUSED)):
        assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])


@pytest.mark.parametrize("subject", ["Auto: a new car", "Automatic doors", "Re: Your letter", "Auto", "RE: Auto: the offer"])
def test_hdr_8_subject_prefix_proves_nothing(subject: str) -> None:
    """RFC 3834, section 3.1.5: people write `Auto:` as well."""
    assert letter(PERSON.replace("Your letter", subject), ANSWER).kind is Kind.OTHER
