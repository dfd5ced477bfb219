"""What a header tells beside the report: RFC 3834 and 5321, correlation and trace fields, recipients by VERP or Received."""

from __future__ import annotations

import pytest

from bouncery import Kind, Report, parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups

UNKNOWN = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 No such user"))
UNNAMED = "Your message could not be delivered. The server said:\n\n550 5.1.1 No such user\n"
PERSON = "From: Ann <ann@example.com>\nTo: news@lists.example.net\n"
AUTOMATIC = f"{PERSON}Auto-Submitted: auto-replied\n"


def letter(headers: str, words: str) -> Report:
    """Read a message without MIME parts."""
    return parse(f"{headers}\n{words}".encode())


def returning(*fields: str, words: str = UNNAMED) -> Report:
    """Read a notification that names nobody, with a returned message that has these fields."""
    returned = "\n".join(("From: News <news@lists.example.net>", *fields, "Subject: November", "", "The news.", ""))
    return letter(HEADERS, f"{words}\n----- Returned message -----\n\n{returned}")


def named(report: Report) -> list[str]:
    """Give the addresses of the recipients of a report."""
    return [recipient.address for recipient in report.recipients]


ANSWERS = [
    ("Out of office", "I am on holiday until 7 December.", Kind.AUTO_REPLY),
    ("Automatische Antwort: November", "Ich bin bis zum 7. Dezember nicht im Büro.", Kind.AUTO_REPLY),
    ("New address", "My address has changed. Please write to new@example.net from now on.", Kind.AUTO_REPLY),
    ("Automatic reply: November", "Ann Example no longer works here. Please write to office@example.com.", Kind.AUTO_REPLY),
    ("Please confirm your message", "To deliver your message to Ann, confirm that you are a person.", Kind.CHALLENGE),
]


@pytest.mark.parametrize(("subject", "words", "kind"), ANSWERS)
def test_hdr_9_automatic_answers_are_no_failure(subject: str, words: str, kind: Kind) -> None:
    """Whoever answers has a mailbox; "no longer works here" is for a person to decide."""
    report = letter(f"{AUTOMATIC}Subject: {subject}\n", words)
    assert report.kind is kind
    assert {recipient.verdict.decision for recipient in report.recipients} <= {None}


def test_hdr_10_message_ids() -> None:
    """RFC 3834, section 3.1.6: what ties a notification to what was sent."""
    headers = (
        f"{HEADERS}In-Reply-To: <november-1@lists.example.net>\nReferences: <1@lists.example.net>\n <2@lists.example.net>\n"
    )
    returned = f"In-Reply-To: <october-1@example.com>\nReferences: <october-1@example.com>\n{RETURNED}"
    report = parse(dsn(UNKNOWN, headers=headers, returned=returned))
    assert report.message_id == "<report-1@mx.example.org>"
    assert report.in_reply_to == ("<november-1@lists.example.net>",)
    assert report.references == ("<1@lists.example.net>", "<2@lists.example.net>")
    assert report.original is not None
    assert report.original.message_id == "<november-1@lists.example.net>"
    assert report.original.headers["in-reply-to"] == report.original.headers["references"] == "<october-1@example.com>"


def test_hdr_10_answers_have_ids_too() -> None:
    """An automatic answer tells the message that it answers, and no more."""
    report = letter(f"{AUTOMATIC}Message-ID: <a@example.com>\nIn-Reply-To: <n@lists.example.net>\nSubject: x\n", "Thank you.")
    assert (report.message_id, report.in_reply_to, report.references) == ("<a@example.com>", ("<n@lists.example.net>",), ())
    assert letter(PERSON, "Hello.").message_id is None


@pytest.mark.parametrize("value", ["bulk", "list", "junk", "first-class", "special-delivery", "quux"])
def test_hdr_11_precedence_decides_nothing(value: str) -> None:
    """No standard defines the values: a notification stays one, and a letter becomes none."""
    report = parse(dsn(UNKNOWN, headers=f"{HEADERS}Precedence: {value}\n"))
    assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])
    assert letter(f"{PERSON}Subject: Lunch\nPrecedence: {value}\n", "See you at noon.").kind is Kind.OTHER


HINTS = [
    "Delivered-To: u@example.com",
    "X-Original-To: u@example.com",
    "Original-Recipient: rfc822; u@example.com",
    "Envelope-To: u@example.com",
    "To: u@example.com",
]


@pytest.mark.parametrize("field", HINTS)
def test_hdr_12_returned_fields_are_hints(field: str) -> None:
    """RFC 8098, section 2.3 and RFC 9228: fields that delivery added name the mailbox where the notification does not."""
    report = returning(field)
    assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])


@pytest.mark.parametrize("field", [hint.replace("u@", "w@") for hint in HINTS])
def test_hdr_12_hints_rank_below_the_report(field: str) -> None:
    """What the report says counts, whatever the returned header tells."""
    assert named(parse(dsn(UNKNOWN, returned=f"{field}\n{RETURNED}"))) == ["u@example.com"]
    assert named(returning(field, words=f"{UNNAMED}\nThe recipient was: <u@example.com>\n")) == ["u@example.com"]


@pytest.mark.parametrize(
    "to", ["owner@lists.example.net", "news@lists.example.net", "News <news@lists.example.net>", "u@example.com"]
)
def test_hdr_13_notifications_to_the_author(to: str) -> None:
    """RFC 1123, section 5.3.7: gateways that answer the From field, or anybody, send notifications all the same."""
    headers = HEADERS.replace("owner@lists.example.net", to)
    for report in (parse(dsn(UNKNOWN, headers=headers)), letter(headers, f"<u@example.com>: {UNNAMED}")):
        (recipient,) = report.recipients
        assert (report.kind, recipient.address, recipient.verdict.decision) == (Kind.FAILURE, "u@example.com", "hard")


IDENTS = [
    "from mail.example.net (news@[192.0.2.7])",
    "from mail.example.net (root@mail.example.net [192.0.2.7])",
    "from mail.example.net ([192.0.2.7] ident=news)",
    "from mail.example.net (HIDDEN-USER@mail.example.net [192.0.2.7])",
    "from mail.example.net (UNKNOWN-ERROR@[192.0.2.7])",
]


@pytest.mark.parametrize("sender", IDENTS)
def test_hdr_14_recipient_by_received(sender: str) -> None:
    """RFC 5321, section 4.4 tells for whom a server took the message; RFC 1413 only who ran the client."""
    received = (
        f"Received: {sender}\n\tby mx.example.com with ESMTP id 1\n\tfor <u@example.com>; Mon, 23 Nov 2026 10:00:00 +0000"
    )
    assert named(returning(received)) == ["u@example.com"]
    nobody = f"Received: {sender}\n\tby mx.example.com with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000"
    assert named(returning(nobody)) == []


SMTP = ["SMTP", "ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA"]
LMTP = ["LMTP", "LMTPA", "LMTPS", "LMTPSA"]
UTF8 = [f"UTF8{protocol}{suffix}" for protocol in ("SMTP", "LMTP") for suffix in ("", "A", "S", "SA")]


@pytest.mark.parametrize("keyword", [*SMTP, *LMTP, *UTF8])
def test_hdr_15_protocols_of_received(keyword: str) -> None:
    """RFC 3848 and RFC 6531, section 4.3: each protocol that a server can have received with."""
    received = f"Received: from a.example by b.example with {keyword} id 1 for <u@example.com>; Mon, 23 Nov 2026 10:00:00 +0000"
    assert named(returning(received)) == ["u@example.com"]
