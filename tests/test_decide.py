"""Decisions: the table of permanence, class and action, and the conflicts that the taxonomy has worked out."""

from __future__ import annotations

import itertools

import pytest

from bouncery import Action, Decision, Reason, Recipient, Stage, Verdict, classify, parse
from bouncery.decide import CONFIDENCE, DECISIONS, GAVE_UP, HEDGED, PERMANENT, decide, effective_class
from bouncery.model import TRAITS, Fault, Permanence
from bouncery.rules import Level
from tests.rendered import dsn, group, prose

HARD, SOFT, RETRY = Decision.HARD, Decision.SOFT, Decision.RETRY
OUTLOOK = "example-com.mail.protection.outlook.com"
GOOGLE = "gmail-smtp-in.l.google.com"


def facts(action: Action | None = Action.FAILED, reply: int | None = None, status: str | None = None) -> Recipient:
    """Give the facts that decide."""
    return Recipient(address="u@example.com", action=action, final=action is Action.FAILED, reply=reply, status=status)


CLASSES = [
    (facts(reply=550, status="4.1.1"), 5),
    (facts(reply=450, status="5.1.1"), 4),
    (facts(status="4.4.1"), 4),
    (facts(), 5),
    (facts(Action.DELAYED), 4),
]


@pytest.mark.parametrize(("recipient", "number"), CLASSES)
def test_effective_class(recipient: Recipient, number: int) -> None:
    """The reply's first digit, else the status's, else 5 for what failed finally."""
    assert effective_class(recipient) == number


@pytest.mark.parametrize("reason", Reason)
def test_decisions_by_reason(reason: Reason) -> None:
    """A delay is always a retry, no failure is no decision, and a final failure follows the permanence of its reason."""
    none: frozenset[str] = frozenset()
    four, five = decide(reason, facts(reply=450), none), decide(reason, facts(reply=550), none)
    expected = {
        Permanence.ADDRESS: (HARD, HARD),
        Permanence.TEMPORARY: (RETRY, RETRY),
        Permanence.MESSAGE: (SOFT, SOFT),
        Permanence.CLASS: (RETRY, SOFT),
    }
    assert (four, five) == expected[reason.permanence]
    assert reason.fault in Fault
    assert decide(reason, facts(Action.DELAYED, reply=550), none) is RETRY
    for action in (None, Action.DELIVERED, Action.RELAYED, Action.EXPANDED):
        assert decide(reason, facts(action, reply=550), none) is None
    assert decide(reason, facts(reply=550), frozenset({HEDGED})) is not HARD
    if reason.permanence is Permanence.CLASS:
        assert decide(reason, facts(reply=550), frozenset({GAVE_UP})) is RETRY
        assert decide(reason, facts(reply=421), frozenset({PERMANENT})) is SOFT


def test_tables_are_total() -> None:
    """Every reason has its traits, every permanence and class a decision, every kind of evidence a confidence."""
    assert TRAITS.keys() == set(Reason)
    assert DECISIONS.keys() == set(itertools.product(Permanence, (True, False)))
    assert CONFIDENCE.keys() >= set(itertools.product(Level, (True, False)))
    assert all(0 < share < 1 for share in CONFIDENCE.values())


REPLIES = [
    ("454 4.4.4 [internal] no MX or A for domain", {}, RETRY, "dns_failure"),
    (
        "550 5.2.0 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_103",
        {},
        SOFT,
        "blocklisted",
    ),
    (
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
        {},
        RETRY,
        "rate_limited",
    ),
    ("552 too many recipients", {"stage": Stage.RCPT}, RETRY, "too_many_recipients"),
    ("550 5.7.1 <u@example.com>: User unknown", {}, HARD, "user_unknown"),
    ("554 5.7.1 <u@example.com>: Recipient address rejected: User unknown", {}, HARD, "user_unknown"),
    ("554 5.4.7 Message expired in the queue", {}, RETRY, "expired"),
    ("550 5.4.300 Message expired", {}, RETRY, "expired"),
    ("452 4.2.2 The email account that you tried to reach is over quota. OverQuotaPerm", {}, RETRY, "mailbox_full"),
    ("552 5.2.2 The email account that you tried to reach is over quota. OverQuotaPerm", {}, SOFT, "mailbox_full"),
    ("550 5.4.1 Recipient address rejected: Access denied", {"mta": OUTLOOK}, HARD, "user_unknown"),
    ("550 5.7.1 Recipient address rejected: Access denied", {"mta": "mx.example.com"}, SOFT, "policy"),
    ("550 Requested action not taken: mailbox unavailable", {"mta": "mx00.gmx.net"}, HARD, "user_unknown"),
    ("450 Requested action not taken: mailbox unavailable", {"mta": "mx00.gmx.net"}, RETRY, "mailbox_unavailable"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", {}, HARD, "user_unknown"),
    ("556 5.1.10 Recipient domain does not accept mail (nullMX)", {}, HARD, "null_mx"),
    (
        "550-5.7.27 This mail has been blocked because the sender is unauthenticated. SPF did not pass.",
        {"mta": GOOGLE},
        SOFT,
        "auth_failure",
    ),
    ("550 5.7.27 Sender address has null MX", {}, SOFT, "sender_rejected"),
    ("421-4.7.23 The IP address sending this message does not have a PTR record", {"mta": GOOGLE}, RETRY, "rdns_failure"),
    (
        "421-5.7.32 Your email has been rate limited because the From: header isn't aligned with either SPF or DKIM",
        {"mta": GOOGLE},
        RETRY,
        "auth_failure",
    ),
    ("550 #5.1.0 Address rejected.", {}, HARD, "user_unknown"),
    ("550 : User unknown", {"stage": Stage.DATA}, SOFT, "recipient_refused"),
    ("550 Unrouteable address", {"mta": "mx.example.com"}, HARD, "user_unknown"),
    ("550 5.4.4 Name service error for name=nowhere.example type=A: Host not found", {}, HARD, "domain_unknown"),
    ("450 4.4.3 Name service error for name=nowhere.example type=MX: Host not found, try again", {}, RETRY, "dns_failure"),
    ("550 5.7.17 Mailbox owner has changed", {}, HARD, "mailbox_moved"),
    (
        "550 5.1.1 <u@example.com>: Recipient address rejected: unverified address: Address verification in progress",
        {},
        RETRY,
        "greylisted",
    ),
    (
        "450 4.1.1 <u@example.com>: Recipient address rejected: unverified address: Address verification in progress",
        {},
        RETRY,
        "greylisted",
    ),
    ("550 5.1.8 <s@example.com>: Sender address rejected: User unknown", {}, SOFT, "sender_rejected"),
    (
        "421 4.7.0 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.",
        {"mta": "mta5.am0.yahoodns.net"},
        SOFT,
        None,
    ),
    ("550 5.2.0 <u@example.com>: Mailbox temporarily unavailable, try again later", {}, None, None),
]


@pytest.mark.parametrize(("reply", "known", "decision", "reason"), REPLIES)
def test_conflicts_in_a_reply(reply: str, known: dict[str, str | Stage], decision: Decision | None, reason: str | None) -> None:
    """Text against code, one code against another, provider against registry: which one wins, on a final failure."""
    mta, stage = known.get("mta"), known.get("stage")
    verdict = classify(reply, action=Action.FAILED, mta=mta, stage=Stage(stage) if stage else None)
    assert decision in {verdict.decision, None}
    assert reason in {verdict.reason, None}
    assert decision is not None or verdict.decision is not HARD


REPORTS = [
    (
        "class 4, user unknown, failed",
        group(status="4.1.1", diagnostic_code="smtp; 450 4.1.1 <u@example.com>: User unknown"),
        HARD,
        "user_unknown",
    ),
    (
        "class 4, user unknown, delayed",
        group(action="delayed", status="4.1.1", diagnostic_code="smtp; 450 4.1.1 User unknown"),
        RETRY,
        "user_unknown",
    ),
    ("class 4, failed, no text", group(status="4.2.2"), RETRY, "mailbox_full"),
    ("class 4, failed, no text, detail of the network", group(status="4.4.1"), RETRY, "connection_failed"),
    ("delayed with class 5", group(action="delayed", status="5.1.1"), RETRY, "user_unknown"),
    (
        "Status by default, full by the reply",
        group(status="5.1.1", diagnostic_code="smtp; 552 5.2.2 Mailbox full"),
        SOFT,
        "mailbox_full",
    ),
    (
        "Status by default, policy by the reply",
        group(status="5.1.1", diagnostic_code="smtp; 550 5.7.1 Message rejected as spam"),
        SOFT,
        "spam",
    ),
    (
        "Status by default, class 4 by the reply",
        group(status="5.0.0", diagnostic_code="smtp; 421 4.4.2 Connection timed out"),
        RETRY,
        "connection_failed",
    ),
    (
        "given up, with its last reply",
        group(
            status="5.4.7",
            diagnostic_code="smtp; 554 5.4.7 Message expired; last reply: 450 4.1.1 <u@example.com>: User unknown",
        ),
        HARD,
        "user_unknown",
    ),
    (
        "consequence behind its cause",
        group(status="5.1.1", diagnostic_code="smtp; 550 5.1.1 User unknown 503 5.5.1 need RCPT command"),
        HARD,
        "user_unknown",
    ),
    ("local program, temporary", group(status="4.3.0", diagnostic_code="X-Unix; 75"), RETRY, None),
    ("delivered", group(action="delivered", status="2.1.5"), None, None),
    ("relayed", group(action="relayed", status="2.6.0"), None, None),
]


@pytest.mark.parametrize(("fields", "decision", "reason"), [row[1:] for row in REPORTS], ids=[row[0] for row in REPORTS])
def test_conflicts_in_a_report(fields: str, decision: Decision | None, reason: str | None) -> None:
    """What a report says in several fields."""
    (recipient,) = parse(dsn(fields)).recipients
    assert recipient.verdict.decision is decision
    assert reason in {recipient.verdict.reason, None}
    if decision is None:
        assert recipient.verdict == Verdict()


def test_consequence_in_a_transcript() -> None:
    """What a server answers to the commands behind a refusal is no verdict of its own."""
    words = """\
   ----- The following addresses had permanent fatal errors -----
<u@example.com>

   ----- Transcript of session follows -----
... while talking to mx.example.com.:
>>> RCPT To:<u@example.com>
<<< 550 5.1.1 <u@example.com>: User unknown
>>> DATA
<<< 503 5.5.1 Need RCPT command"""
    (recipient,) = parse(prose(words)).recipients
    assert (recipient.reply, recipient.verdict.decision, recipient.verdict.reason) == (550, HARD, Reason.USER_UNKNOWN)


def test_in_session() -> None:
    """A reply of class 4 that was heard in session is never final; one of class 5 is."""
    assert classify("450 4.1.1 User unknown").decision is RETRY
    assert classify("550 5.1.1 User unknown").decision is HARD
    assert classify("250 2.1.5 OK", action=Action.DELIVERED) == Verdict()
    assert classify("quux frobnicated").reason is Reason.UNDETERMINED
