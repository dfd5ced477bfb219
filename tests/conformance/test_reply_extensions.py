"""Replies that extensions to SMTP define: RFC 1869, 1870, 1985, 2645, 3207, 4954, 6152, 6409, 6647, 6710, 7293 and 8689."""

from __future__ import annotations

import pytest

from bouncery import Action, Decision, Kind, Reason, Stage, Verdict, classify, parse
from tests.rendered import prose

HARD, SOFT, RETRY = Decision.HARD, Decision.SOFT, Decision.RETRY
MAIL, RCPT, DATA = Stage.MAIL, Stage.RCPT, Stage.DATA


def final(reply: str, stage: Stage | None = None) -> tuple[Decision | None, Reason | None]:
    """Judge a reply that a report calls final."""
    verdict = classify(reply, action=Action.FAILED, stage=stage)
    return verdict.decision, verdict.reason


@pytest.mark.parametrize(
    ("reply", "decision"),
    [
        ("500 EHLO: command unrecognized", SOFT),
        ("502 5.5.1 EHLO: command not implemented", SOFT),
        ("501 5.5.4 Syntax error in parameters", SOFT),
        ("504 Command parameter not implemented", SOFT),
        ("555 5.5.4 RCPT TO parameters not recognized", SOFT),
        ("455 Server unable to accommodate parameters", RETRY),
    ],
)
def test_smtp_14_refused_commands_are_no_fault_of_the_address(reply: str, decision: Decision) -> None:
    """RFC 1869: what the server says of extensions and parameters is about the protocol."""
    assert final(reply) == (decision, Reason.PROTOCOL_ERROR)


@pytest.mark.parametrize("stage", [MAIL, RCPT, DATA])
def test_smtp_15_size(stage: Stage) -> None:
    """RFC 1870, sections 6.1 and 6.2: too large for now, or for ever, in reply to MAIL, RCPT or the message."""
    assert final("452 4.3.1 Insufficient system storage", stage) == (RETRY, Reason.SYSTEM_FULL)
    assert final("552 Message size exceeds fixed maximum message size", stage) == (SOFT, Reason.MESSAGE_TOO_LARGE)


@pytest.mark.parametrize(
    "reply",
    [
        "554 5.6.3 Conversion required but not supported",
        "554 5.6.1 Body type not supported by the remote host",
        "550 5.6.3 8BITMIME is not supported here",
        "554 5.6.1 BINARYMIME message cannot be converted",
        "554 5.6.3",
        "554 5.6.1",
    ],
)
def test_smtp_16_bodies_that_cannot_be_carried(reply: str) -> None:
    """RFC 6152, section 3 and RFC 3030: the message is at fault, so it is soft."""
    decision, reason = final(reply)
    assert decision is SOFT
    assert reason in {Reason.CONTENT_REJECTED, Reason.MESSAGE_MALFORMED}


@pytest.mark.parametrize(
    ("reply", "decision"),
    [
        ("454 TLS not available due to temporary reason", RETRY),
        ("454 4.7.0 TLS not available", RETRY),
        ("530 Must issue a STARTTLS command first", SOFT),
        ("530 5.7.0 Must issue a STARTTLS command first", SOFT),
        ("554 5.7.0 TLS negotiation failed", SOFT),
        ("554 Command refused due to lack of security", SOFT),
        ("523 5.7.10 Encryption needed", SOFT),
        ("550 5.7.30 REQUIRETLS support required", SOFT),
    ],
)
def test_smtp_17_encryption(reply: str, decision: Decision) -> None:
    """RFC 3207, section 4."""
    assert final(reply) == (decision, Reason.TLS_FAILURE)


LOGIN = (
    "530 5.7.0",
    "534 5.7.9",
    "535 5.7.8",
    "538 5.7.11",
    "550 5.7.12",
    "432 4.7.12",
    "454 4.7.0",
    "530",
    "534",
    "535",
    "538",
)


@pytest.mark.parametrize("codes", LOGIN)
@pytest.mark.parametrize("words", ["", "Authentication failed", "Authentication failed: user unknown"])
def test_smtp_18_login_is_the_submitter_s(codes: str, words: str) -> None:
    """RFC 4954, section 6: only a client that sends in its own name is asked to log in."""
    assert final(f"{codes} {words}".strip())[0] is (RETRY if codes[0] == "4" else SOFT)


@pytest.mark.parametrize("reply", ["535 5.7.8 User not found", "535 No such user", "535 5.7.8 Account disabled"])
def test_smtp_18_unknown_login_is_no_recipient(reply: str) -> None:
    """Who is unknown to AUTH is the one who wanted to send."""
    assert final(reply) == (SOFT, Reason.AUTH_REQUIRED)


@pytest.mark.parametrize(
    "reply",
    [
        "250 OK, queuing for node example.com started",
        "251 OK, no messages waiting for node example.com",
        "252 OK, pending messages for node example.com started",
        "253 OK, 12 pending messages for node example.com started",
    ],
)
def test_smtp_19_etrn_accepted(reply: str) -> None:
    """RFC 1985, section 5.2: the answers to ETRN tell nothing of a delivery."""
    assert classify(reply) == Verdict()


@pytest.mark.parametrize(
    "reply",
    [
        "458 Unable to queue messages for node example.com",
        "459 Node example.com not allowed: unknown host",
        "453 You have no mail",
        "450 ATRN request refused",
    ],
)
def test_smtp_19_etrn_and_atrn_refused(reply: str) -> None:
    """RFC 2645, section 5.2.1: no address has failed, so at most somebody tries again."""
    assert final(reply)[0] is RETRY


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 Submission from this host is not authorized",
        "554 5.6.0 The message contains something improper",
        "554 5.6.2 Bad domain or address",
        "501 5.5.2 Syntax error: the domain is not fully qualified",
        "501 5.1.7 Bad sender address syntax",
    ],
)
def test_smtp_20_submission_refused(reply: str) -> None:
    """RFC 6409, sections 3 and 4: what the submitter wrote, of sender, recipient or header, is refused."""
    assert final(reply)[0] is SOFT


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        ("450 4.7.1 Greylisted, please try again in 300 seconds", 300),
        ("421 4.7.0 Greylisting in action, please come back in 00:05:00", 300),
        ("451 Greylisted for 5 minutes", 300),
        ("450 4.2.0 <u@example.com>: Recipient address rejected: Greylisted", None),
        ("550 5.7.1 Greylisted, try again in 300 seconds", 300),
        ("554 5.7.1 You have been greylisted, try again later", None),
    ],
)
def test_smtp_21_greylisting(reply: str, seconds: int | None) -> None:
    """RFC 6647: the words tell it, also behind a code of class 5; how long is told at times."""
    verdict = classify(reply, action=Action.FAILED)
    assert (verdict.decision, verdict.reason, verdict.retry_after) == (RETRY, Reason.GREYLISTED, seconds)


@pytest.mark.parametrize(
    ("reply", "decision", "reason"),
    [
        ("450 4.7.15 Priority level is too low", RETRY, None),
        ("550 5.7.15 Priority level is too low", SOFT, None),
        ("552 5.7.16 Message is too big for the specified priority", SOFT, Reason.MESSAGE_TOO_LARGE),
        ("550 5.7.17 Mailbox owner has changed", HARD, Reason.MAILBOX_MOVED),
        ("550 5.7.18 Domain owner has changed", HARD, Reason.MAILBOX_MOVED),
        ("550 5.7.19 RRVS test cannot be completed", SOFT, None),
        ("550 5.7.30 REQUIRETLS support required", SOFT, Reason.TLS_FAILURE),
        ("550 5.7.10 Encryption needed", SOFT, Reason.TLS_FAILURE),
    ],
)
def test_smtp_22_priority_owner_and_requiretls(reply: str, decision: Decision, reason: Reason | None) -> None:
    """RFC 6710, section 9.2, RFC 7293, section 5, and RFC 8689: only a changed owner means that nobody reads the mail."""
    for words in (reply, reply[:10]):
        verdict = classify(words, action=Action.FAILED)
        assert verdict.decision is decision
        assert reason in {verdict.reason, None}


@pytest.mark.parametrize("answer", ["252 2.5.2 Cannot verify the user, but will attempt delivery", "250 2.1.5 <u@example.com>"])
def test_smtp_23_verified_is_no_failure(answer: str) -> None:
    """A server that does not tell whether the mailbox exists has refused nobody."""
    assert classify(answer) == Verdict()


@pytest.mark.parametrize("answer", ["252 2.5.2 Cannot verify the user", "250 2.1.5 <u@example.com>"])
def test_smtp_23_verified_is_not_delivered(answer: str) -> None:
    """RFC 1123, section 5.2.3: what VRFY answers says nothing of a delivery, so the refusal behind it counts."""
    words = f"""Your message could not be delivered to <u@example.com>.

>>> VRFY u@example.com
<<< {answer}
>>> RCPT To:<u@example.com>
<<< 552 5.2.2 Mailbox full"""
    report = parse(prose(words))
    (recipient,) = report.recipients
    assert report.kind is Kind.FAILURE
    assert (recipient.action, recipient.reply, recipient.status) == (Action.FAILED, 552, "5.2.2")


TEXT_FIRST = [
    ("Benutzer unbekannt (550)", HARD, Reason.USER_UNKNOWN),
    ("Utilisateur inconnu (550 5.1.1)", HARD, Reason.USER_UNKNOWN),
    ("Usuario desconocido: 550", HARD, Reason.USER_UNKNOWN),
    ("Почтовый ящик не существует (550)", HARD, Reason.USER_UNKNOWN),
    ("宛先が見つかりません (550)", HARD, Reason.USER_UNKNOWN),
    ("Postfach voll (452)", RETRY, Reason.MAILBOX_FULL),
    ("Skrzynka pełna (552)", SOFT, Reason.MAILBOX_FULL),
    ("User unknown (#5.1.1)", HARD, Reason.USER_UNKNOWN),
]


@pytest.mark.parametrize(("reply", "decision", "reason"), TEXT_FIRST)
def test_smtp_24_words_before_the_code(reply: str, decision: Decision, reason: Reason) -> None:
    """Some servers and many programs put the code behind their words, in their own language."""
    assert final(reply) == (decision, reason)
