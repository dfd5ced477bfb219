"""SMTP replies: RFC 821, 1123, 5321 and 7504, and the extensions that define replies (RFC 1869 to RFC 8689)."""

from __future__ import annotations

import pytest

from bouncery import Action, Decision, Kind, Reason, Recipient, Stage, classify, parse
from tests.conformance.rendered import dsn, failed, groups
from tests.rendered import prose

HARD, SOFT, RETRY = Decision.HARD, Decision.SOFT, Decision.RETRY
CONNECT, MAIL, RCPT, DATA = Stage.CONNECT, Stage.MAIL, Stage.RCPT, Stage.DATA


def final(reply: str, stage: Stage | None = None) -> tuple[Decision | None, Reason | None]:
    """Judge a reply that a report calls final."""
    verdict = classify(reply, action=Action.FAILED, stage=stage)
    return verdict.decision, verdict.reason


def told(diagnostic: str, status: str = "5.0.0") -> Recipient:
    """Read a report on one recipient that quotes a reply."""
    (recipient,) = parse(dsn(groups(failed("u@example.com", status, f"Diagnostic-Code: smtp; {diagnostic}")))).recipients
    return recipient


def session(lines: str, *addresses: str) -> tuple[Recipient, ...]:
    """Read a notification with the transcript of a session."""
    named = "\n".join(f"<{address}>" for address in addresses or ("u@example.com",))
    words = f"""\
   ----- The following addresses had permanent fatal errors -----
{named}

   ----- Transcript of session follows -----
... while talking to mx.example.com.:
{lines}"""
    return parse(prose(words)).recipients


@pytest.mark.parametrize("reply", ["550", "550 ", "550-", "550 refused", "550-refused\n 550 for good"])
def test_smtp_1_code_with_or_without_text(reply: str) -> None:
    """RFC 5321, section 4.2: a space, a hyphen or the end of the line follows the code."""
    assert told(reply).reply == 550
    assert final(reply) == (SOFT, Reason.UNDETERMINED)


def test_smtp_2_lines_of_one_reply() -> None:
    """The words of all lines belong together, up to the line without a hyphen."""
    lines = ">>> RCPT To:<u@example.com>\n<<< 550-5.1.1 No such\n<<< 550 5.1.1 user here\n>>> QUIT\n<<< 221 2.0.0 Bye"
    (recipient,) = session(lines)
    assert (recipient.reply, recipient.status, recipient.verdict.reason) == (550, "5.1.1", Reason.USER_UNKNOWN)
    assert "user here" in (recipient.diagnostic or "")
    assert "Bye" not in (recipient.diagnostic or "")


@pytest.mark.parametrize(
    ("reply", "decision"), [(426, RETRY), (433, RETRY), (471, RETRY), (499, RETRY), (571, SOFT), (588, SOFT), (599, SOFT)]
)
def test_smtp_3_unknown_code_counts_by_its_first_digit(reply: int, decision: Decision) -> None:
    """RFC 5321, section 4.2: also codes that its grammar does not know."""
    assert told(f"{reply} refused").reply == reply
    assert final(f"{reply} refused")[0] is decision
    assert classify(f"{reply} refused").decision is decision


@pytest.mark.parametrize("number", ["050", "150", "650", "950", "55", "5500"])
def test_smtp_4_other_numbers_are_no_reply(number: str) -> None:
    """A reply has three digits, of which the first is 2 to 5."""
    assert told(f"{number} refused").reply is None


@pytest.mark.parametrize(
    ("reply", "decision", "reason"),
    [
        ("552 Too many recipients", RETRY, Reason.TOO_MANY_RECIPIENTS),
        ("552 5.5.3 <u@example.com>", RETRY, Reason.TOO_MANY_RECIPIENTS),
        ("552 Message size exceeds fixed maximum", SOFT, Reason.MESSAGE_TOO_LARGE),
        ("552 5.2.2 Mailbox over quota", SOFT, Reason.MAILBOX_FULL),
        ("552 Requested mail action aborted: exceeded storage allocation", SOFT, Reason.MAILBOX_FULL),
    ],
)
def test_smtp_5_recipients_size_and_quota_share_552(reply: str, decision: Decision, reason: Reason) -> None:
    """RFC 5321, section 4.5.3.1.10: too many recipients pass, whatever the code."""
    assert final(reply, RCPT) == (decision, reason)


@pytest.mark.parametrize("words", ["", "Insufficient system storage", "Too many recipients", "4.5.3 Too many recipients"])
def test_smtp_6_452_is_retried(words: str) -> None:
    """Both meanings of 452 pass."""
    assert final(f"452 {words}")[0] is RETRY


MOVED = [
    ("551 User not local; please try <new@example.net>", HARD, "new@example.net"),
    ("551 5.1.6 <u@example.com> has moved; please try <new@example.net>", HARD, "new@example.net"),
    ("550 5.1.6 The user has moved to new@example.net", HARD, "new@example.net"),
    ("251 User not local; will forward to <new@example.net>", None, "new@example.net"),
    ("551 <u@example.com>", HARD, None),
    ("551 5.7.1 Relaying denied by policy, see <postmaster@example.com>", SOFT, None),
]


@pytest.mark.parametrize(("reply", "decision", "address"), MOVED)
def test_smtp_7_new_address(reply: str, decision: Decision | None, address: str | None) -> None:
    """RFC 5321, section 3.4: 551 refuses and may name another path; 251 forwards, which is no failure."""
    verdict = classify(reply)
    assert (verdict.decision, verdict.new_address) == (decision, address)


@pytest.mark.parametrize("stage", [None, *Stage])
def test_smtp_8_421_is_about_the_connection(stage: Stage | None) -> None:
    """The server closes the channel, whatever it was asked."""
    reply = "421 mx.example.com Service not available, closing transmission channel"
    assert final(reply, stage) == (RETRY, Reason.SYSTEM_UNAVAILABLE)
    assert final("421 mx.example.com", stage)[0] is RETRY


@pytest.mark.parametrize(
    ("reply", "stage", "decision", "reason"),
    [
        ("521 mx.example.com does not accept mail", CONNECT, HARD, Reason.NULL_MX),
        ("521", CONNECT, HARD, Reason.NULL_MX),
        ("554 mx.example.com No SMTP service here", CONNECT, SOFT, Reason.UNDETERMINED),
        ("554", CONNECT, SOFT, Reason.UNDETERMINED),
        ("556 5.1.10 Recipient address has null MX", RCPT, HARD, Reason.NULL_MX),
        ("556 Domain does not accept mail", None, HARD, Reason.NULL_MX),
    ],
)
def test_smtp_9_hosts_that_take_no_mail(reply: str, stage: Stage | None, decision: Decision, reason: Reason) -> None:
    """RFC 7504: 521 and 556 say never, 554 at the greeting only not now and not you."""
    assert final(reply, stage) == (decision, reason)


@pytest.mark.parametrize(
    "consequence",
    [
        ">>> DATA\n<<< 503 5.0.0 Need RCPT (recipient)",
        ">>> DATA\n<<< 554 5.5.1 Error: no valid recipients",
        ">>> RSET\n<<< 250 2.0.0 Reset state\n>>> QUIT\n<<< 221 2.0.0 Bye",
        ">>> QUIT\n<<< 421 4.4.2 closing",
    ],
)
def test_smtp_10_consequences_are_not_the_cause(consequence: str) -> None:
    """The first refusal of the recipient counts."""
    (recipient,) = session(f">>> RCPT To:<u@example.com>\n<<< 550 5.1.1 No such user\n{consequence}")
    assert (recipient.reply, recipient.status, recipient.verdict.decision) == (550, "5.1.1", HARD)


COMMANDS = [
    ("MAIL From:<news@lists.example.net>", "MAIL FROM", MAIL, SOFT),
    ("RCPT To:<u@example.com>", "RCPT TO", RCPT, HARD),
    ("DATA", "DATA", DATA, SOFT),
    (".", "end of DATA", DATA, SOFT),
]


@pytest.mark.parametrize(("sent", "worded", "stage", "decision"), COMMANDS)
@pytest.mark.parametrize("reply", ["550 User unknown", "550 Unknown user"])
def test_smtp_11_command_tells_whom_a_refusal_means(
    sent: str, worded: str, stage: Stage, decision: Decision, reply: str
) -> None:
    """MAIL is about the sender, RCPT about the recipient, DATA about the message."""
    (recipient,) = session(f">>> {sent}\n<<< {reply}")
    for found in (recipient, told(f"{reply} (in reply to {worded} command)")):
        assert (found.stage, found.verdict.decision) == (stage, decision)


@pytest.mark.parametrize(
    "reply", ["550 5.1.1 <news@lists.example.net>: User unknown", "553 5.1.3 Bad address syntax", "550 5.1.2 Domain not found"]
)
def test_smtp_11_refused_sender_is_never_hard(reply: str) -> None:
    """No server has heard of the recipient yet when it answers MAIL FROM."""
    assert final(reply, MAIL) == (SOFT, Reason.SENDER_REJECTED)


def test_smtp_12_refused_message_fails_for_all() -> None:
    """RFC 5321, section 4.2.5: a refusal after the final dot is one of every accepted recipient."""
    lines = """\
>>> RCPT To:<u@example.com>
<<< 250 2.1.5 Ok
>>> RCPT To:<v@example.com>
<<< 250 2.1.5 Ok
>>> DATA
<<< 354 go on
>>> .
<<< 554 5.7.1 Message looks like spam"""
    recipients = session(lines, "u@example.com", "v@example.com")
    assert [recipient.address for recipient in recipients] == ["u@example.com", "v@example.com"]
    assert {(found.reply, found.status, found.verdict.decision) for found in recipients} == {(554, "5.7.1", SOFT)}


def test_smtp_13_returned_class_4_was_not_delivered() -> None:
    """RFC 5321, section 4.2.5: the server gave up, so it is a final failure of a condition that may pass."""
    report = parse(dsn(groups(failed("u@example.com", "4.3.2", "Diagnostic-Code: smtp; 451 4.3.2 Please come back"))))
    (recipient,) = report.recipients
    assert (report.kind, recipient.final, recipient.verdict.decision) == (Kind.FAILURE, True, RETRY)
