# ruff: noqa: D103 - a test's name says what it holds
"""Delivery to a mail store over LMTP (RFC 2033): one reply for each recipient after the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery import Decision, Reason, classify, parse
from tests.conformance.rendered import HEADERS, dsn, failed, groups

if TYPE_CHECKING:
    from bouncery import Report

DOT = "(in reply to end of DATA command)"
TRANSCRIPT = """
   ----- The following addresses had permanent fatal errors -----
<a@example.com>
<b@example.com>
<c@example.com>

   ----- Transcript of session follows -----
... while talking to store.example.com:
>>> DATA
<<< 354 go ahead
>>> .
<<< 552-5.2.2 <a@example.com>
<<< 552 5.2.2 mailbox is full
<<< 550 5.1.1 <b@example.com> User unknown
<<< 250 2.1.5 <d@example.com> saved
<<< 550 5.7.1 <c@example.com> refused by the recipient's filter
"""


def lmtp(address: str, status: str, reply: str) -> str:
    return failed(address, status, f"Diagnostic-Code: lmtp; {reply} {DOT}")


def outcomes(report: Report) -> list[tuple[str, int | None, str | None]]:
    return [(each.address, each.reply, each.verdict.decision) for each in report.recipients]


def test_lmtp_1_each_recipient_has_the_reply_of_its_own() -> None:
    rows = (
        lmtp("a@example.com", "5.2.2", "552 5.2.2 <a@example.com> mailbox is full"),
        lmtp("b@example.com", "5.1.1", "550 5.1.1 <b@example.com> User unknown"),
        lmtp("c@example.com", "4.3.0", "451 4.3.0 <c@example.com> Temporary internal error"),
    )
    expected = [("a@example.com", 552, "soft"), ("b@example.com", 550, "hard"), ("c@example.com", 451, "retry")]
    assert outcomes(parse(dsn(groups(*rows)))) == expected


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_lmtp_1_a_path_that_was_named_twice_has_two_replies(order: tuple[int, int]) -> None:
    rows = (
        lmtp("u@example.com", "4.3.0", "451 4.3.0 <u@example.com> Temporary internal error"),
        lmtp("u@example.com", "5.2.2", "552 5.2.2 <u@example.com> mailbox is full"),
    )
    report = parse(dsn(groups(*(rows[number] for number in order))))
    assert outcomes(report) == [("u@example.com", 552, "soft")]


def test_lmtp_1_replies_of_a_transcript() -> None:
    report = parse(f"{HEADERS}\n{TRANSCRIPT}".encode())
    expected = [("a@example.com", 552, "soft"), ("b@example.com", 550, "hard"), ("c@example.com", 550, "soft")]
    assert outcomes(report) == expected


def test_lmtp_2_several_lines_are_one_reply() -> None:
    words = "550-5.1.1 <u@example.com>\n 550-5.1.1 is no user\n 550 5.1.1 of this store"
    (recipient,) = parse(dsn(groups(lmtp("u@example.com", "5.1.1", words)))).recipients
    assert (recipient.reply, recipient.status) == (550, "5.1.1")
    assert recipient.diagnostic is not None
    assert recipient.diagnostic.endswith(f"of this store {DOT}")


@pytest.mark.parametrize(
    ("status", "reply", "reason", "decision"),
    [
        ("5.1.1", "550 5.1.1 <u@example.com> User unknown", Reason.USER_UNKNOWN, Decision.HARD),
        ("5.2.2", "552 5.2.2 <u@example.com> Quota exceeded", Reason.MAILBOX_FULL, Decision.SOFT),
        ("5.2.1", "550 5.2.1 <u@example.com> Mailbox disabled", Reason.MAILBOX_DISABLED, Decision.HARD),
        ("5.6.0", "554 5.6.0 <u@example.com> Message is malformed", Reason.MESSAGE_MALFORMED, Decision.SOFT),
    ],
)
def test_lmtp_3_a_refusal_after_the_message_may_be_about_the_recipient(
    status: str, reply: str, reason: Reason, decision: Decision
) -> None:
    (recipient,) = parse(dsn(groups(lmtp("u@example.com", status, reply)))).recipients
    assert (recipient.stage, recipient.verdict.reason, recipient.verdict.decision) == ("data", reason, decision)


def test_lmtp_4_no_valid_recipients_is_a_consequence() -> None:
    """The refusal before it counts, where the report quotes only what came last."""
    text = (
        "   ----- Transcript of session follows -----\n... while talking to store.example.com:\n"
        ">>> RCPT TO:<u@example.com>\n<<< 550 5.1.1 <u@example.com> User unknown\n"
        ">>> DATA\n<<< 503 5.5.1 No valid recipients\n"
    )
    report = parse(
        dsn(groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: lmtp; 503 5.5.1 No valid recipients")), text=text)
    )
    (recipient,) = report.recipients
    assert (recipient.reply, recipient.verdict.reason) == (550, Reason.USER_UNKNOWN)


def test_lmtp_4_alone_it_tells_of_no_address() -> None:
    verdict = classify("503 5.5.1 No valid recipients")
    assert (verdict.decision, verdict.reason) == (Decision.SOFT, Reason.PROTOCOL_ERROR)


@pytest.mark.parametrize("code", ["452", "452 4.2.2"])
def test_lmtp_5_temporarily_over_quota(code: str) -> None:
    reply = f"{code} <green@example.org> is temporarily over quota"
    assert (classify(reply).decision, classify(reply).reason) == (Decision.RETRY, Reason.MAILBOX_FULL)
    assert outcomes(parse(dsn(groups(lmtp("green@example.org", "4.2.2", reply))))) == [("green@example.org", 452, "retry")]
