"""Complaints, receipts, events of SES, automatic answers, markup: what each family makes of small messages."""

from __future__ import annotations

import json

import pytest

from bouncery import Kind, parse
from bouncery.formats.html import to_text
from tests.rendered import HEAD, multipart, prose, text_part

RETURNED = "Content-Type: message/rfc822\n\nFrom: s@example.net\n{}\nSubject: hello\n\nwords"
COMPLAINTS = [
    ("Feedback-Type: abuse\nOriginal-Rcpt-To: <u@example.com>", "To: v@example.com", Kind.COMPLAINT, ["u@example.com"]),
    (
        "Feedback-Type: fraud\nOriginal-Rcpt-To: u@example.com\nOriginal-Rcpt-To: v@example.com",
        "To: x@example.com",
        Kind.COMPLAINT,
        ["u@example.com", "v@example.com"],
    ),
    ("Feedback-Type: abuse", "To: U <u@example.com>", Kind.COMPLAINT, ["u@example.com"]),
    ("Feedback-Type: abuse", "To: u@example.com, v@example.com", Kind.COMPLAINT, []),
    ("Feedback-Type: abuse", "To: list@example.net\nList-Id: <list.example.net>", Kind.COMPLAINT, []),
    ("Feedback-Type: abuse", "To: list@example.net\nX-Original-To: u@example.com", Kind.COMPLAINT, ["u@example.com"]),
    ("Feedback-Type: abuse\nOriginal-Rcpt-To: redacted@example.com", "To: redacted@example.com", Kind.COMPLAINT, []),
    ("Feedback-Type: not-spam\nOriginal-Rcpt-To: u@example.com", "To: u@example.com", Kind.OTHER, []),
    ("Feedback-Type: auth-failure\nOriginal-Rcpt-To: u@example.com", "To: u@example.com", Kind.OTHER, []),
]


@pytest.mark.parametrize(("fields", "header", "kind", "addresses"), COMPLAINTS)
def test_feedback(fields: str, header: str, kind: Kind, addresses: list[str]) -> None:
    """Who complained stands in the report, else in a returned header that names one mailbox (RFC 5965)."""
    part = f"Content-Type: message/feedback-report\n\n{fields}\n"
    report = parse(multipart(text_part("This is a report."), part, RETURNED.format(header)))
    assert (report.kind, [recipient.address for recipient in report.recipients]) == (kind, addresses)
    assert all(recipient.verdict.decision is None for recipient in report.recipients)


def test_feedback_without_a_report() -> None:
    """A complaint that only its subject names, with the message returned; without one nobody is named."""
    head = "From: abuse@isp.example\nTo: s@example.net\nSubject: Email abuse report\nMIME-Version: 1.0\n"
    report = parse(multipart(text_part("See below."), RETURNED.format("To: u@example.com"), head=head, subtype="mixed"))
    assert (report.kind, [recipient.address for recipient in report.recipients]) == (Kind.COMPLAINT, ["u@example.com"])
    assert parse(multipart(text_part("See below."), head=head, subtype="mixed")).recipients == ()


def test_status_under_the_type_of_feedback() -> None:
    """A delivery status under a wrong type is no complaint."""
    part = "Content-Type: message/feedback-report\n\nFinal-Recipient: rfc822; u@example.com\nAction: failed\nStatus: 5.1.1\n"
    assert parse(multipart(text_part("report"), part)).kind is not Kind.COMPLAINT


DISPOSITIONS = [
    ("manual-action/MDN-sent-manually; displayed", "Your message was read.", Kind.RECEIPT, None),
    ("automatic-action/MDN-sent-automatically; deleted", "Your message was deleted unread.", Kind.RECEIPT, None),
    ("automatic-action/MDN-sent-automatically; denied", "Your message could not be delivered.", Kind.RECEIPT, None),
    (
        "automatic-action/MDN-sent-automatically; deleted",
        "The message was refused by the recipient's mail filtering program. Reason given was: no attachments please",
        Kind.FAILURE,
        "no attachments please",
    ),
    ("nonsense", "words", Kind.RECEIPT, None),
]


@pytest.mark.parametrize(("disposition", "words", "kind", "diagnostic"), DISPOSITIONS)
def test_disposition(disposition: str, words: str, kind: Kind, diagnostic: str | None) -> None:
    """A receipt reports no failure, unless a filter refused the message in that form (RFC 5429, section 2.2.1)."""
    fields = f"Original-Recipient: rfc822; u@example.com\nFinal-Recipient: rfc822; v@example.com\nDisposition: {disposition}\n"
    part = f"Content-Type: message/disposition-notification\n\n{fields}"
    head = "From: V <v@example.com>\nTo: s@example.net\nSubject: Your message\nMIME-Version: 1.0\n"
    report = parse(multipart(text_part(words), part, head=head))
    (recipient,) = report.recipients
    assert (report.kind, recipient.address, recipient.final_address) == (kind, "u@example.com", "v@example.com")
    assert recipient.diagnostic == diagnostic
    assert (recipient.verdict.decision is None) == (kind is Kind.RECEIPT)


def event(name: str, **details: object) -> str:
    """Give an event of SES as JSON."""
    return json.dumps({"notificationType": name, name.lower(): details})


BOUNCED = event(
    "Bounce",
    bouncedRecipients=[
        {"emailAddress": "u@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"},
        {"emailAddress": ""},
        7,
    ],
)
EVENTS = [
    (BOUNCED, Kind.FAILURE, ["u@example.com"]),
    (json.dumps({"Type": "Notification", "Message": BOUNCED}), Kind.FAILURE, ["u@example.com"]),
    ("before " + BOUNCED + "\n--\nunsubscribe below", Kind.FAILURE, ["u@example.com"]),
    (event("Complaint", complainedRecipients=[{"emailAddress": "u@example.com"}]), Kind.COMPLAINT, ["u@example.com"]),
    (event("Delivery", recipients=["u@example.com"]), Kind.DELIVERED, ["u@example.com"]),
    (event("Delivery", recipients="u@example.com"), Kind.DELIVERED, []),
    (event("Bounce"), Kind.FAILURE, []),
    (json.dumps({"notificationType": "Bounce", "bounce": 3}), Kind.FAILURE, []),
    (event("Open"), Kind.OTHER, []),
    ('{"notificationType": "Bounce", ', Kind.OTHER, []),
    ("no JSON about notificationType", Kind.OTHER, []),
    ('["notificationType"]', Kind.OTHER, []),
    ("[" * 5_000 + '{"notificationType": ' + "[" * 5_000, Kind.OTHER, []),
]


@pytest.mark.parametrize(("text", "kind", "addresses"), EVENTS)
def test_sns(text: str, kind: Kind, addresses: list[str]) -> None:
    """Events in JSON, bare or in the envelope of SNS, whole or not."""
    report = parse(
        prose(
            text, "From: no-reply@sns.example\nTo: s@example.net\nSubject: AWS Notification Message\nContent-Type: text/plain\n"
        )
    )
    assert (report.kind, [recipient.address for recipient in report.recipients]) == (kind, addresses)


PERSON = "From: U <u@example.com>\nTo: s@example.net\n"
ANSWERS = [
    (PERSON + "Subject: hello\nAuto-Submitted: auto-replied (vacation)\n", "I am away until Monday.", Kind.AUTO_REPLY),
    (PERSON + "Subject: hello\nPrecedence: auto_reply\n", "I am away until Monday.", Kind.AUTO_REPLY),
    (PERSON + "Subject: hello\nX-Autoreply: yes\n", "I am away until Monday.", Kind.AUTO_REPLY),
    (PERSON + "Subject: Out of office: hello\n", "Back on Monday.", Kind.AUTO_REPLY),
    (PERSON + "Subject: unsubscribe\n", "", Kind.UNSUBSCRIBE),
    (PERSON + "Subject: Re: hello\nX-Apple-Unsubscribe: true\n", "x", Kind.UNSUBSCRIBE),
    (PERSON + "Subject: Re: your letter\n", "Thank you, I liked it.", Kind.OTHER),
    (PERSON + "Subject: hello\nAuto-Submitted: no\n", "Thank you, I liked it.", Kind.OTHER),
]


@pytest.mark.parametrize(("head", "words", "kind"), ANSWERS)
def test_automatic_answers(head: str, words: str, kind: Kind) -> None:
    """Automatic answers by header, subject or words; a person's letter is none (RFC 3834)."""
    report = parse(prose(words, head))
    assert report.kind is kind
    assert [recipient.address for recipient in report.recipients] == ([] if kind is Kind.OTHER else ["u@example.com"])
    assert all(recipient.verdict.decision is None for recipient in report.recipients)


MARKUP = [
    ("no markup at all", ["no markup at all"]),
    ("<p>one<br>two</p><p>three</p>", ["one", "two", "three"]),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", ["a b", "c"]),
    ("<p>a<script>b</script><style>c</style>d</p>", ["ad"]),
    ("<b>a</b> &lt;u@example.com&gt;&nbsp;b", ["a <u@example.com> b"]),
    ("one <b>two</b>\nthree", ["one two", "three"]),
    ("<p>one\ntwo</p>", ["one two"]),
    ("<", None),
    ("<p>" * 5_000 + "deep", None),
    ("<p>a\0b</p>", None),
]


@pytest.mark.parametrize(("markup", "lines"), MARKUP)
def test_markup(markup: str, lines: list[str] | None) -> None:
    """The text that a person reads, a line for each block; broken markup gives what it gives."""
    found = [line for line in to_text(markup).split("\n") if line]
    assert lines in (found, None)


def test_notification_in_markup_only() -> None:
    """A notification in HTML is read as its text is."""
    told = ("Delivery to the following recipient failed permanently:", "u@example.com", "550 5.1.1 User unknown")
    words = "<html><body>" + "".join(f"<p>{line}</p>" for line in told) + "</body></html>"
    (recipient,) = parse(prose(words, f"{HEAD}Content-Type: text/html\n")).recipients
    assert (recipient.address, recipient.status, recipient.reply) == ("u@example.com", "5.1.1", 550)
