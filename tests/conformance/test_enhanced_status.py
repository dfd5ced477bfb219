"""Enhanced status codes: RFC 3463, RFC 5248 and its registry, RFC 2034, and the extensions that registered codes."""

from __future__ import annotations

import pytest

from bouncery import Action, Decision, Reason, Recipient, Report, classify, parse
from bouncery.codes.registry import status_code, status_codes
from tests.conformance.rendered import dsn, failed, groups

HARD, SOFT, RETRY = Decision.HARD, Decision.SOFT, Decision.RETRY
OUTLOOK, GOOGLE = "example-com.mail.protection.outlook.com", "gmail-smtp-in.l.google.com"
REGISTERED = [entry.code.removeprefix("X") for entry in status_codes() if entry.standing == "registered"]


def told(status: str, diagnostic: str = "", action: str = "failed") -> Report:
    """Read a report on one recipient with that Status and Diagnostic-Code field."""
    fields = (f"Diagnostic-Code: smtp; {diagnostic}",) if diagnostic else ()
    return parse(dsn(groups(failed("u@example.com", status, *fields, action=action))))


def one(report: Report) -> Recipient:
    """Give the only recipient of a report."""
    (recipient,) = report.recipients
    return recipient


def final(reply: str, mta: str | None = None) -> tuple[Decision | None, Reason | None]:
    """Judge a reply that a report calls final."""
    verdict = classify(reply, action=Action.FAILED, mta=mta)
    return verdict.decision, verdict.reason


@pytest.mark.parametrize("detail", REGISTERED)
def test_esc_1_registered_codes_are_read(detail: str) -> None:
    """Each registered code is read in a report and found in the table."""
    for status, action in ((f"2{detail}", "delivered"), (f"4{detail}", "failed"), (f"5{detail}", "failed")):
        assert one(told(status, action=action)).status == status
        entry = status_code(status)
        assert entry is not None
        assert (entry.code, entry.standing) == (f"X{detail}", "registered")


def test_esc_1_the_table_is_complete() -> None:
    """81 enumerated codes, as registered in December 2024; X.6.10 is a deprecated one."""
    assert len([entry for entry in status_codes() if entry.standing in {"registered", "deprecated"}]) == 81


DISAGREEING = [
    ("550 4.2.2 <u@example.com>", SOFT, Reason.MAILBOX_FULL),
    ("450 5.7.1 <u@example.com>", RETRY, Reason.POLICY),
    ("450 5.1.1 <u@example.com>", RETRY, Reason.MAILBOX_UNAVAILABLE),
    ("450 5.1.1 <u@example.com>: User unknown", HARD, Reason.USER_UNKNOWN),
    ("550 4.1.1 <u@example.com>: User unknown", HARD, Reason.USER_UNKNOWN),
]


@pytest.mark.parametrize(("reply", "decision", "reason"), DISAGREEING)
def test_esc_2_reply_gives_the_class_and_status_the_detail(reply: str, decision: Decision, reason: Reason) -> None:
    """RFC 5321, section 4.2.1: the client acts on the first digit; words that name the cause outrank both."""
    assert final(reply) == (decision, reason)


@pytest.mark.parametrize("reply", [row[0] for row in DISAGREEING])
def test_esc_2_disagreement_is_flagged(reply: str) -> None:
    """A reply and a status code of different classes leave a note."""
    notes = told("5.0.0", reply).notes
    assert [note for note in notes if note.startswith("contradiction: ")]


def test_esc_2_agreement_is_not_flagged() -> None:
    """Codes of one class leave none."""
    assert not [note for note in told("5.1.1", "550 5.1.1 User unknown").notes if note.startswith("contradiction: ")]


LINES = [
    ("550-5.1.1 No such\n 550-5.1.1 user is known\n 550 5.1.1 on this system", (550, "5.1.1"), Reason.USER_UNKNOWN),
    ("550-5.2.2 The mailbox\n 550 5.2.2 is full", (550, "5.2.2"), Reason.MAILBOX_FULL),
    ("550-5.7.1 See our rules\n 550 5.1.1 No such user", (550, "5.1.1"), Reason.USER_UNKNOWN),
    ("550-5.1.1 Good morning\n 550 5.7.1 Message looks like spam", (550, "5.7.1"), Reason.SPAM),
]


@pytest.mark.parametrize(("lines", "codes", "reason"), LINES)
def test_esc_3_code_before_each_line(lines: str, codes: tuple[int, str], reason: Reason) -> None:
    """The prefix of a line never parts the words, and where the lines differ the last one governs."""
    recipient = one(told("5.0.0", lines))
    assert (recipient.reply, recipient.status) == codes
    assert recipient.verdict.reason is reason


def test_esc_3_other_lines_are_kept() -> None:
    """The words of every line stay readable."""
    diagnostic = one(told("5.0.0", "550-5.7.1 See our rules\n 550 5.1.1 No such user")).diagnostic or ""
    assert "See our rules" in diagnostic
    assert "No such user" in diagnostic


@pytest.mark.parametrize(
    "reply", ["220 2.0.0 mx.example.com ESMTP ready", "250 2.1.0 mx.example.com Hello", "334 3.0.0 VXNlcm5hbWU6", "354 go on"]
)
def test_esc_4_greetings_are_no_failure(reply: str) -> None:
    """RFC 2034, section 4: what a greeting begins with is no status code; class 2 and 3 refuse nobody."""
    assert classify(reply).decision is None


def test_esc_4_code_in_a_greeting_is_not_the_status() -> None:
    """The refusal behind a greeting counts."""
    recipient = one(told("5.0.0", "220 2.0.0 mx.example.com ready; 550 5.1.1 No such user"))
    assert (recipient.reply, recipient.status) == (550, "5.1.1")


NUMBERS = [
    "550 Refused by mx.example.com (Sendmail 8.14.4/8.14.4)",
    "550 Refused, client is [5.1.1.9]",
    "550 Refused, client is 4.2.2.1",
    "550 Refused by filter v5.7.1",
    "550 Refused on 5.1.2026",
    "550 Refused by Gate 15.1.1",
    "550 Refused by Gate/5.2.2-beta",
]


@pytest.mark.parametrize("reply", NUMBERS)
def test_esc_5_versions_hosts_and_dates_are_no_codes(reply: str) -> None:
    """Digits and dots alone make no status code."""
    recipient = one(told("5.0.0", reply))
    assert (recipient.reply, recipient.status, recipient.verdict.decision) == (550, "5.0.0", SOFT)


@pytest.mark.parametrize("code", ["0.1.1", "1.1.1", "3.1.1", "6.1.1", "9.1.1"])
def test_esc_6_other_classes_are_no_codes(code: str) -> None:
    """RFC 3463, section 2: the class is 2, 4 or 5."""
    assert one(told(code)).status is None
    assert one(told("5.0.0", f"550 {code} refused")).status == "5.0.0"


@pytest.mark.parametrize("status", ["5.0.0", "5.1.0", "5.5.0"])
def test_esc_7_server_s_own_code_beats_a_generic_status(status: str) -> None:
    """A Status field is often a default of the reporting server."""
    recipient = one(told(status, "550 5.2.2 <u@example.com>"))
    assert (recipient.status, recipient.verdict.reason) == ("5.2.2", Reason.MAILBOX_FULL)


@pytest.mark.parametrize(
    ("status", "decision", "reason"),
    [("5.2.2", SOFT, Reason.MAILBOX_FULL), ("5.1.1", HARD, Reason.USER_UNKNOWN), ("5.7.2", SOFT, Reason.NOT_AUTHORIZED)],
)
def test_esc_8_status_beats_a_bare_reply(status: str, decision: Decision, reason: Reason) -> None:
    """Three digits say less than a Status field with a detail."""
    recipient = one(told(status, "550 <u@example.com>"))
    assert recipient.status == status
    assert (recipient.verdict.decision, recipient.verdict.reason) == (decision, reason)


@pytest.mark.parametrize("detail", ["3.1", "4.1", "4.2", "4.3", "4.5", "4.7"])
def test_esc_9_transient_details_of_class_5(detail: str) -> None:
    """RFC 3463 calls these useful for transient errors only."""
    assert one(told(f"5.{detail}")).verdict.decision is RETRY


@pytest.mark.parametrize("detail", ["1.1", "1.2", "1.3", "1.6", "5.1", "5.2", "5.4", "7.1", "7.2", "7.3", "7.4"])
def test_esc_9_permanent_details_of_class_4(detail: str) -> None:
    """RFC 3463 calls these useful for permanent errors only: class 4 without words proves nothing."""
    assert one(told(f"4.{detail}")).verdict.decision is RETRY


@pytest.mark.parametrize("detail", ["3.4", "6.1"])
def test_esc_9_faults_of_the_message_in_class_4(detail: str) -> None:
    """Sending the same message again cannot help: soft once the server has given up, which costs no address either."""
    assert one(told(f"4.{detail}")).verdict.decision is SOFT
    assert classify(f"450 4.{detail} refused").decision is RETRY


SENDERS = [
    *(("1.7", words) for words in ("", "Address does not exist", "Bad address syntax", "User unknown", "No such user here")),
    *(("1.8", words) for words in ("", "Domain not found", "User unknown", "Host unknown", "The domain does not exist")),
    *(("7.27", words) for words in ("", "The domain does not accept mail", "Domain has a null MX")),
    *((f"7.{detail}", "") for detail in range(20, 27)),
    ("7.24", "SPF: the domain does not exist"),
    ("7.25", "Host not found"),
]


@pytest.mark.parametrize(("detail", "words"), SENDERS)
def test_esc_10_sender_s_fault_is_never_hard(detail: str, words: str) -> None:
    """A code about the sender says whose address, domain or host the words mean."""
    assert final(f"550 5.{detail} {words}".strip())[0] is SOFT
    assert final(f"450 4.{detail} {words}".strip())[0] is RETRY


COLLISIONS = [
    ("535 5.7.8 Authentication credentials invalid", None, SOFT, Reason.AUTH_REQUIRED),
    ("554 5.7.8 Trust relationship required", None, SOFT, Reason.AUTH_REQUIRED),
    ("552 5.7.16 Message is too big for the specified priority", None, SOFT, Reason.MESSAGE_TOO_LARGE),
    ("550 5.7.17 Mailbox owner has changed", None, HARD, Reason.MAILBOX_MOVED),
    ("550 5.6.7 The ALT-ADDRESS is required but not specified", None, SOFT, Reason.MESSAGE_MALFORMED),
    ("550 5.6.9 UTF8SMTP downgrade failed", None, SOFT, Reason.MESSAGE_MALFORMED),
    ("554 5.6.2 Conversion required and prohibited", None, SOFT, Reason.CONTENT_REJECTED),
    ("556 5.1.10 Recipient address has null MX", None, HARD, Reason.NULL_MX),
    ("556 5.1.10", None, HARD, Reason.NULL_MX),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup", None, HARD, Reason.USER_UNKNOWN),
    ("550 5.4.1 No answer from host", None, RETRY, Reason.CONNECTION_FAILED),
    ("550 5.4.1 Recipient address rejected: Access denied", OUTLOOK, HARD, Reason.USER_UNKNOWN),
    ("421-4.7.28 An unusual rate of mail comes from your IP address", GOOGLE, RETRY, Reason.RATE_LIMITED),
    ("550 5.7.28 <u@example.com>", None, SOFT, Reason.BAD_REPUTATION),
    ("550 5.7.29 ARC validation failure", None, SOFT, Reason.AUTH_FAILURE),
    ("550-5.7.29 Blocked: the message was not sent over a TLS connection", GOOGLE, SOFT, Reason.TLS_FAILURE),
    ("550 5.7.30 REQUIRETLS support required", None, SOFT, Reason.TLS_FAILURE),
    ("550-5.7.30 Blocked: DKIM did not pass", GOOGLE, SOFT, Reason.AUTH_FAILURE),
    ("535 5.7.13 Authentication failed, your account is disabled", None, SOFT, Reason.AUTH_REQUIRED),
    ("550 5.7.13 The mailbox of the recipient is disabled", None, HARD, Reason.MAILBOX_DISABLED),
    ("550 5.4.7 Delivery time expired", None, RETRY, Reason.EXPIRED),
]


@pytest.mark.parametrize(("reply", "mta", "decision", "reason"), COLLISIONS)
def test_esc_11_one_code_two_meanings(reply: str, mta: str | None, decision: Decision, reason: Reason) -> None:
    """Words and provider tell which meaning is meant."""
    assert final(reply, mta) == (decision, reason)


def test_esc_11_bad_domain_of_a_submission() -> None:
    """RFC 2476 gave 5.6.2 to any improper domain, the sender's and those in the header as well: no proof of a dead address."""
    assert final("554 5.6.2 Bad domain or address")[0] is SOFT


@pytest.mark.parametrize("status", ["5.7.17", "4.7.17", "5.7.16"])
def test_esc_11_future_release_quota(status: str) -> None:
    """RFC 4865 used the codes of a changed owner for quotas of the sender, which pass."""
    assert final(f"552 {status} Future release quota of messages exceeded") == (RETRY, Reason.RATE_LIMITED)


UNREGISTERED = [
    ("5.7.606", SOFT, Reason.BLOCKLISTED),
    ("5.7.999", SOFT, Reason.POLICY),
    ("5.6.99", SOFT, Reason.MESSAGE_MALFORMED),
    ("5.5.99", SOFT, Reason.PROTOCOL_ERROR),
    ("5.4.316", RETRY, Reason.CONNECTION_FAILED),
    ("5.3.99", SOFT, Reason.SYSTEM_ERROR),
    ("5.2.99", SOFT, Reason.MAILBOX_UNAVAILABLE),
    ("5.1.99", SOFT, Reason.UNDETERMINED),
    ("5.9.8", SOFT, Reason.UNDETERMINED),
    ("4.7.650", RETRY, None),
    ("4.250.1", RETRY, Reason.UNDETERMINED),
]


@pytest.mark.parametrize(("status", "decision", "reason"), UNREGISTERED)
def test_esc_12_unregistered_codes(status: str, decision: Decision, reason: Reason | None) -> None:
    """Subject and class decide; the subject of addresses covers the sender's as well, so alone it proves nobody dead."""
    recipient = one(told(status))
    assert (recipient.status, recipient.verdict.decision) == (status, decision)
    assert reason in {recipient.verdict.reason, None}
