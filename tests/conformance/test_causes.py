"""Why, where and when a recipient failed: status, servers, diagnostics, dates, aliases (RFC 3464, section 2.3; RFC 3463)."""

from __future__ import annotations

import re

import pytest

from bouncery import parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups, only


def told(*fields: str, status: str = "5.0.0", action: str = "failed") -> bytes:
    """Give a report on one recipient with further fields."""
    return dsn(groups(failed("u@example.com", status, *fields, action=action)))


@pytest.mark.parametrize("value", ["5.0.0", "5.0.0 (unknown permanent failure)", "5.0.0  ((nested) words)"])
def test_dsn_42_status_with_comment(value: str) -> None:
    """The comment is no part of the status, and is kept."""
    recipient = only(told(status=value))
    assert (recipient.status, recipient.fields[2]) == ("5.0.0", ("Status", value))


def test_dsn_42_cause_in_the_comment() -> None:
    """Where there is no diagnostic, the words of the comment are the cause."""
    assert only(told(status="5.0.0 (user unknown)")).verdict.reason == "user_unknown"


STATUSES = [
    ("5.01.001", "5.1.1", None),
    (" 5 . 1 . 1", "5.1.1", None),
    ("#5.1.1", "5.1.1", None),
    ("5.1.1 Bad", "5.1.1", None),
    ("5.", None, None),
    ("550", None, 550),
    ("5.1.1.1", None, None),
    ("5,1,1", None, None),
    ("1.1.1", None, None),
    ("3.1.1", None, None),
    ("6.1.1", None, None),
    ("0.0.0", None, None),
    ("smtp", None, None),
    ("5.1.1234", None, None),
]


@pytest.mark.parametrize(("value", "status", "reply"), STATUSES)
def test_dsn_43_malformed_status(value: str, status: str | None, reply: int | None) -> None:
    """Normalised or rejected, never misread: only a whole code of class 2, 4 or 5 is one."""
    recipient = only(told(status=value))
    assert (recipient.status, recipient.reply, recipient.action) == (status, reply, "failed")
    assert status or recipient.verdict.decision != "hard"


UNREGISTERED = [
    ("5.7.999", "policy", "soft"),
    ("5.5.250", "protocol_error", "soft"),
    ("5.6.99", "message_malformed", "soft"),
    ("5.9.8", "undetermined", "soft"),
    ("4.250.1", "undetermined", "retry"),
    ("5.250.250", "undetermined", "soft"),
]


@pytest.mark.parametrize(("status", "reason", "decision"), UNREGISTERED)
def test_dsn_44_unknown_detail_and_subject(status: str, reason: str, decision: str) -> None:
    """An unknown detail tells the subject, an unknown subject the class (RFC 3463, section 2); the code stays as it is."""
    recipient = only(told(status=status))
    assert (recipient.status, recipient.verdict.reason, recipient.verdict.decision) == (status, reason, decision)


def test_dsn_45_who_said_it() -> None:
    """The remote server, where there is one; else the one that reports (RFC 3464, section 2.3.6)."""
    diagnostic = "Diagnostic-Code: smtp; 550 5.1.1 User unknown"
    report = parse(told(diagnostic, "Remote-MTA: dns; in.example.com"))
    assert (report.recipients[0].remote_mta, report.reporting_mta) == ("in.example.com", "mx.example.org")
    report = parse(told(diagnostic))
    assert (report.recipients[0].remote_mta, report.reporting_mta) == (None, "mx.example.org")


SERVERS = [
    ("dns; in.example.com", "in.example.com"),
    ("DNS;In.Example.Com", "In.Example.Com"),
    ("dns; in.example.com ([192.0.2.9])", "in.example.com"),
    ("dns; in.example.com [192.0.2.9]", "in.example.com"),
    ("dns; in.example.com:25", "in.example.com"),
    ("dns; [192.0.2.9]", "[192.0.2.9]"),
    ("x400; /PRMD=Lab/C=DE/", "/PRMD=Lab/C=DE/"),
    ("in.example.com", "in.example.com"),
    ("dns;", None),
    ("dns; ", None),
    ("", None),
]


@pytest.mark.parametrize(("value", "name"), SERVERS)
def test_dsn_46_remote_mta(value: str, name: str | None) -> None:
    """The name alone, which provider rules look at, without type, address and port."""
    recipient = only(told(f"Remote-MTA: {value}"))
    assert (recipient.remote_mta, recipient.fields[3][0]) == (name, "Remote-MTA")


@pytest.mark.parametrize("code_type", ["smtp", "SMTP", "esmtp", "lmtp", "x-postfix", "X-Gateway", "unknown"])
def test_dsn_47_reply_under_any_type(code_type: str) -> None:
    """A whole SMTP reply, with its enhanced code, is one under any type."""
    recipient = only(told(f"Diagnostic-Code: {code_type}; 550 5.1.1 User unknown"))
    assert (recipient.reply, recipient.status, recipient.verdict.reason) == (550, "5.1.1", "user_unknown")


OWN_NUMBERS = [
    ("x-unix; 550", "mailer_error", "soft"),
    ("X-Unix; 67", "user_unknown", "hard"),
    ("x-unix; 75", "mailer_error", "retry"),
    ("x-gateway; 550", "undetermined", "soft"),
    ("x400; 1/0", "undetermined", "soft"),
    ('x-postfix; unknown user: "jo"', "user_unknown", "hard"),
    ("x-notes; User jo not listed in Domino Directory", "user_unknown", "hard"),
]


@pytest.mark.parametrize(("value", "reason", "decision"), OWN_NUMBERS)
def test_dsn_47_numbers_of_other_systems(value: str, reason: str, decision: str) -> None:
    """A number under x-unix is an exit status (sysexits.h), under other types a code of that system, never a reply."""
    recipient = only(told(f"Diagnostic-Code: {value}"))
    assert (recipient.reply, recipient.verdict.reason, recipient.verdict.decision) == (None, reason, decision)


MANY_LINES = [
    "smtp; 550-5.1.1 There is no\n 550-5.1.1 such\n 550 5.1.1 user here",
    "smtp; 550-There is no\n\t550-such\n\t550 user here (#5.1.1)",
    "smtp; 550-5.1.1 There is no 550-5.1.1 such 550 5.1.1 user here",
    "smtp;\n 550-5.1.1 There is no\n 550-5.1.1 such\n 550 5.1.1 user here",
]


@pytest.mark.parametrize("value", MANY_LINES)
def test_dsn_48_reply_of_several_lines(value: str) -> None:
    """One reply (RFC 3461, section 9.2): its words are matched across the lines, without the codes between.

    `diagnostic` keeps the codes, being what the message says: only the matcher joins the lines.
    """
    recipient = only(told(f"Diagnostic-Code: {value}"))
    assert (recipient.reply, recipient.status, recipient.verdict.reason) == (550, "5.1.1", "user_unknown")
    assert re.findall("[A-Za-z]+", str(recipient.diagnostic)) == ["There", "is", "no", "such", "user", "here"]


def test_dsn_49_several_diagnostics() -> None:
    """The one that holds a reply counts; all can be seen."""
    values = ("x-note; handled by gw7", "smtp; 550 5.1.1 User unknown")
    recipient = only(told(*(f"Diagnostic-Code: {value}" for value in values)))
    assert (recipient.reply, recipient.status) == (550, "5.1.1")
    assert [value for name, value in recipient.fields if name == "Diagnostic-Code"] == list(values)


DIAGNOSTICS = [
    "550 5.1.1 User unknown",
    "smtp;550 5.1.1 User unknown",
    "smtp ; 550 5.1.1 User unknown",
    "SMTP;  550 5.1.1 User unknown",
    "smtp; 550 #5.1.1 User unknown",
    "smtp; 550 (#5.1.1) User unknown",
    "smtp; 550 [5.1.1] User unknown",
    "smtp; 550-5.1.1 User unknown",
    "smtp; host in.example.com[192.0.2.9] said: 550 5.1.1 User unknown",
    "smtp; in.example.com: 550 5.1.1 User unknown",
    "smtp; <u@example.com>: 550 5.1.1 User unknown",
]


@pytest.mark.parametrize("value", DIAGNOSTICS)
def test_dsn_49_spellings_of_a_diagnostic(value: str) -> None:
    """Without a type, with the type glued to it, the code behind a sign or behind the server's name."""
    recipient = only(told(f"Diagnostic-Code: {value}"))
    assert (recipient.reply, recipient.status, recipient.verdict.decision) == (550, "5.1.1", "hard")


UNKNOWN_USER = "550 Usuário inválido"
ENCODED = [
    "=?utf-8?q?550_Usu=C3=A1rio_inv=C3=A1lido?=",
    "=?iso-8859-1?Q?550_Usu=E1rio_inv=E1lido?=",
    "=?utf-8?b?NTUwIFVzdcOhcmlv?= =?utf-8?b?IGludsOhbGlkbw==?=",
]


@pytest.mark.parametrize("words", [*ENCODED, UNKNOWN_USER])
def test_dsn_50_encoded_diagnostic(words: str) -> None:
    """Encoded words (RFC 2047) and raw UTF-8 are decoded; the field stays as it is."""
    recipient = only(told(f"Diagnostic-Code: smtp; {words}"))
    assert (recipient.diagnostic, recipient.reply) == (UNKNOWN_USER, 550)
    assert recipient.fields[3] == ("Diagnostic-Code", f"smtp; {words}")


def test_dsn_51_dates() -> None:
    """Read as Arrival-Date is."""
    attempt = "Last-Attempt-Date: Mon, 23 Nov 26 12:00:00 +0200 (EET)"
    recipient = only(told(attempt, "Will-Retry-Until: 28 Nov 2026 10:00:00 GMT", status="4.4.1", action="delayed"))
    assert (recipient.last_attempt, recipient.retry_until) == ("2026-11-23T12:00:00+02:00", "2026-11-28T10:00:00Z")


@pytest.mark.parametrize("name", ["Last-Attempt-Date", "Will-Retry-Until"])
def test_dsn_51_unreadable_date(name: str) -> None:
    """Null, with a note; the field can be seen."""
    report = parse(told(f"{name}: some day", status="4.4.1", action="delayed"))
    (recipient,) = report.recipients
    assert (recipient.last_attempt, recipient.retry_until, recipient.fields[3]) == (None, None, (name, "some day"))
    assert [note for note in report.notes if note.startswith("date unreadable: ") and "some day" in note] != []


def test_dsn_51_will_retry_until_with_failed() -> None:
    """It belongs to delayed: beside a failure it is told, and decides nothing."""
    recipient = only(told("Will-Retry-Until: Sat, 28 Nov 2026 10:00:00 +0000", status="5.1.1"))
    assert (recipient.final, recipient.verdict.decision, recipient.retry_until) == (True, "hard", "2026-11-28T10:00:00Z")


@pytest.mark.parametrize("value", ["4XYZ012AbCz", "550 (5.2.2); mailbox full", "<x@in.example.com>; queue 7"])
def test_dsn_52_final_log_id(value: str) -> None:
    """Opaque: kept as it stands, and nothing is read from it."""
    recipient = only(told(f"Final-Log-ID: {value}", status="5.1.1"))
    assert recipient.fields[3] == ("Final-Log-ID", value)
    assert (recipient.status, recipient.reply, recipient.verdict.reason) == ("5.1.1", None, "user_unknown")
    assert value not in str(recipient.diagnostic)


ALIASES = [
    "SMTP-Remote-Recipient: real@in.example.net",
    "X-Failed-Recipients: u@example.com",
    "X-Display-Name: Jo Doe <jo@example.net>",
]


@pytest.mark.parametrize("field", ALIASES)
def test_dsn_53_remote_recipient_is_an_alias(field: str) -> None:
    """RFC 3461, section 6.3 (j) and its like name the recipient of the group once more, not another one."""
    recipient = only(told(field, status="5.1.1"))
    assert (recipient.address, tuple(field.split(": "))) == ("u@example.com", recipient.fields[3])


def test_dsn_54_actual_recipient() -> None:
    """The address that was tried, beside the one that was mailed."""
    recipient = only(told("X-Actual-Recipient: rfc822; real@in.example.net", status="5.1.1"))
    assert (recipient.address, recipient.final_address) == ("u@example.com", "real@in.example.net")


@pytest.mark.parametrize("name", ["X-Actual-Recipient", "X-Failed-Recipients"])
def test_dsn_54_alias_of_a_foreign_name(name: str) -> None:
    """It names the recipient where Final-Recipient has no mail address."""
    group = f"Final-Recipient: x400; /G=Jo/S=Doe/C=DE/\nAction: failed\nStatus: 5.1.1\n{name}: rfc822; u@example.com"
    assert only(dsn(groups(group), returned=None)).address == "u@example.com"


FAILED = failed("u@example.com", "5.1.1")
MILDER = [("4.4.1", "delayed"), ("2.0.0", "delivered"), ("2.1.9", "relayed")]


@pytest.mark.parametrize(("status", "action"), MILDER)
@pytest.mark.parametrize("turn", [1, -1])
def test_dsn_55_one_recipient_twice(status: str, action: str, turn: int) -> None:
    """The worst outcome is reported, in whatever order; the fields of all are kept."""
    recipient = only(dsn(groups(*(FAILED, failed("u@example.com", status, action=action))[::turn])))
    assert (recipient.action, recipient.status, recipient.verdict.decision) == ("failed", "5.1.1", "hard")
    assert {value for name, value in recipient.fields if name == "Action"} == {"failed", action}


def test_dsn_56_mixed_outcomes() -> None:
    """Three recipients, three decisions; the message counts as a failure."""
    rows = (
        ("a@example.com", "5.1.1", "failed"),
        ("b@example.com", "4.4.1", "delayed"),
        ("c@example.com", "2.0.0", "delivered"),
    )
    report = parse(dsn(groups(*(failed(address, status, action=action) for address, status, action in rows))))
    assert [recipient.verdict.decision for recipient in report.recipients] == ["hard", "retry", None]
    assert report.kind == "failure"


def test_dsn_57_forwarded() -> None:
    """Whoever unsubscribes acts on `address`, which the sender knows; `final_address` is the one that is dead."""
    recipient = only(told("Original-Recipient: rfc822;subscriber@example.net", status="5.1.1"))
    assert (recipient.address, recipient.final_address) == ("subscriber@example.net", "u@example.com")


@pytest.mark.parametrize("words", ["It was delivered to the postmaster instead.", "It was saved in the dead letter file."])
def test_dsn_58_dead_letter_is_a_failure(words: str) -> None:
    """RFC 3461, section 5.2.6: what went to the postmaster did not reach the recipient."""
    group = failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 User unknown")
    data = dsn(groups(group), text=f"Your message to <u@example.com> could not be delivered.\n{words}")
    assert (parse(data).kind, only(data).final, only(data).verdict.decision) == ("failure", True, "hard")
    prose = (
        f"{HEADERS}\nYour message could not be delivered.\n{words}\n\n<u@example.com>: 550 User unknown\n\n{RETURNED}".encode()
    )
    assert (parse(prose).kind, only(prose).address, only(prose).final) == ("failure", "u@example.com", True)
