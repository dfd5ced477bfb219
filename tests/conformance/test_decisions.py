# ruff: noqa: D103 - a test's name says what it holds
"""From a report to a decision (RFC 3463, RFC 3464, RFC 5321 and the house's own table of reasons)."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import permutations

import msgspec
import pytest

from bouncery import Decision, Kind, Reason, classify, parse
from bouncery.model import Action, Source, Stage
from tests.conformance.rendered import HEADERS, dsn, failed, groups, multipart, part

UNKNOWN = failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 <u@example.com>: User unknown")
PROSE = "Your message could not be delivered to the following recipient:\n\n<u@example.com>: 550 5.1.1 User unknown\n"
PERSON = "From: B <b@example.com>\nTo: owner@lists.example.net\n"
SHOWN = "Final-Recipient: rfc822; u@example.com\nDisposition: manual-action/MDN-sent-manually; displayed"
ABUSE = "Feedback-Type: abuse\nUser-Agent: F/1\nVersion: 1\nOriginal-Rcpt-To: <u@example.com>"


@pytest.mark.parametrize(
    ("data", "kind", "formats"),
    [
        (dsn(groups(UNKNOWN)), Kind.FAILURE, ("dsn",)),
        (f"{HEADERS}\n{PROSE}".encode(), Kind.FAILURE, ("text",)),
        (multipart((part(SHOWN, "message/disposition-notification"),)), Kind.RECEIPT, ("disposition",)),
        (multipart((part(ABUSE, "message/feedback-report"),)), Kind.COMPLAINT, ("feedback",)),
        (
            f"{PERSON}Subject: Absence\nAuto-Submitted: auto-replied\n\nBack on Monday.\n".encode(),
            Kind.AUTO_REPLY,
            ("autoreply",),
        ),
        (multipart((part(groups(UNKNOWN), "message/tracking-status"),)), Kind.FAILURE, ("dsn",)),
        (f"{PERSON}Subject: Lunch\n\nShall we meet at noon?\n".encode(), Kind.OTHER, ()),
    ],
    ids=["dsn", "text", "mdn", "arf", "auto reply", "tracking", "other"],
)
def test_dec_1_the_kind_and_the_form_it_came_in(data: bytes, kind: Kind, formats: tuple[str, ...]) -> None:
    report = parse(data)
    assert (report.kind, report.formats) == (kind, formats)


def test_dec_1_codes_decision_and_confidence() -> None:
    (recipient,) = parse(dsn(groups(UNKNOWN))).recipients
    assert (recipient.action, recipient.final, recipient.reply, recipient.status) == (Action.FAILED, True, 550, "5.1.1")
    verdict = recipient.verdict
    assert (verdict.decision, verdict.reason, verdict.fault) == (Decision.HARD, Reason.USER_UNKNOWN, "recipient")
    assert verdict.confidence is not None
    assert 0.9 < verdict.confidence <= 1


@pytest.mark.parametrize(
    ("data", "source", "rule"),
    [
        (dsn(groups(UNKNOWN)), Source.DIAGNOSTIC, "user_unknown/unknown"),
        (f"{HEADERS}\n{PROSE}".encode(), Source.TEXT, "user_unknown/unknown"),
        (dsn(groups(failed("u@example.com", "5.1.1")), text=""), Source.STATUS, "statuses/no-mailbox"),
        (dsn(groups("Final-Recipient: rfc822; u@example.com\nAction: failed"), text=""), Source.ACTION, None),
    ],
)
def test_dec_1_where_the_decision_comes_from(data: bytes, source: Source, rule: str | None) -> None:
    verdict = parse(data).recipients[0].verdict
    assert (verdict.evidence[0].source, verdict.rule) == (source, rule)


@pytest.mark.parametrize("reply", ["450", "421 busy", "450 4.2.0", "451 4.3.0 odd", "452 4.2.2 mailbox full", "450 4.7.1 no"])
@pytest.mark.parametrize("action", [None, Action.DELAYED, Action.FAILED])
def test_dec_2_class_4_is_retry(reply: str, action: Action | None) -> None:
    assert classify(reply, action=action).decision is Decision.RETRY


@pytest.mark.parametrize("reply", ["450 user unknown", "450 4.1.1 <u@example.com>: User unknown"])
def test_dec_2_unknown_user_in_class_4(reply: str) -> None:
    """Only a server that gave up after days of that answer makes it hard, and with less confidence (the house's rule)."""
    assert {classify(reply, action=action).decision for action in (None, Action.DELAYED)} == {Decision.RETRY}
    final, sure = classify(reply, action=Action.FAILED), classify(reply.replace("4", "5", 1), action=Action.FAILED)
    assert (final.decision, sure.decision) == (Decision.HARD, Decision.HARD)
    assert (final.confidence or 0) < (sure.confidence or 0)


@pytest.mark.parametrize("reply", ["550 5.4.6", "552 5.2.2", "554 5.6.0", "550 5.7.1", "553 odd", "599 strange", "5.9.9"])
def test_dec_3_class_5_is_soft(reply: str) -> None:
    assert classify(reply).decision is Decision.SOFT


@pytest.mark.parametrize(
    "reply", ["550 5.1.1", "550 5.1.2", "501 5.1.3", "551 5.1.6", "525 5.7.13", "556 5.1.10", "550 no such user"]
)
def test_dec_3_hard_by_code_or_by_words(reply: str) -> None:
    assert classify(reply).decision is Decision.HARD


WEAK = ("550", "553", "554", "550 5.0.0", "550 5.1.0", "550 5.2.0", "550 5.5.0", "550 5.5.1", "550 5.7.1")


@pytest.mark.parametrize("code", WEAK)
@pytest.mark.parametrize(
    ("words", "decision"),
    [
        ("<u@example.com>: no such user here", Decision.HARD),
        ("<u@example.com>: mailbox is full", Decision.SOFT),
        ("message looks like spam", Decision.SOFT),
        ("sender address rejected", Decision.SOFT),
        ("too many connections from your address", Decision.RETRY),
    ],
)
def test_dec_4_a_weak_code_never_decides_against_words(code: str, words: str, decision: Decision) -> None:
    assert classify(f"{code} {words}").decision is decision


@pytest.mark.parametrize("reply", ["550", "550 ", "553", "554", "550 <u@example.com>", "550 5.0.0"])
@pytest.mark.parametrize("stage", [None, Stage.RCPT, Stage.DATA])
def test_dec_5_a_bare_refusal_is_soft_at_any_stage(reply: str, stage: Stage | None) -> None:
    """The house does not remove anybody for a number that also says "not from you"."""
    verdict = classify(reply, stage=stage)
    assert (verdict.decision, verdict.reason) == (Decision.SOFT, Reason.UNDETERMINED)


def test_dec_6_the_order_of_groups_does_not_matter() -> None:
    rows = (
        UNKNOWN,
        failed("v@example.com", "5.2.2", "Diagnostic-Code: smtp; 552 5.2.2 mailbox is full"),
        failed("w@example.com", "4.4.1", action="delayed"),
        failed("x@example.com", "2.0.0", action="delivered"),
    )
    found = [parse(dsn(groups(*order))) for order in permutations(rows)]
    outcomes = {
        (report.kind, frozenset((each.address, each.verdict.decision, each.verdict.reason) for each in report.recipients))
        for report in found
    }
    assert len(outcomes) == 1
    assert {each.verdict.decision for each in found[0].recipients} == {"hard", "soft", "retry", None}


@pytest.mark.parametrize("data", [dsn(groups(UNKNOWN)), f"{HEADERS}\n{PROSE}".encode()], ids=["dsn", "text"])
def test_dec_6_same_bytes_same_report(data: bytes) -> None:
    """Also in another process, where strings hash differently."""
    code = "import msgspec, sys, bouncery; print(msgspec.json.encode(bouncery.parse(sys.stdin.buffer.read())).decode())"
    told = {
        subprocess.run(
            (sys.executable, "-c", code),
            input=data,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {msgspec.json.encode(parse(data)) + b"\n"}


def test_dec_7_an_unknown_cause_is_soft_and_less_certain() -> None:
    unknown, known = classify("550 quux frobnicated"), classify("550 5.1.1 User unknown")
    assert (unknown.decision, unknown.reason, unknown.rule) == (Decision.SOFT, Reason.UNDETERMINED, None)
    assert (unknown.confidence or 0) < (known.confidence or 0)


@pytest.mark.parametrize("fields", ["", "Status: 2.0.0", "Action: delivered", "Action: relayed\nStatus: 5.1.1"])
def test_dec_7_no_decision_without_a_failure(fields: str) -> None:
    report = parse(dsn(groups(f"Final-Recipient: rfc822; u@example.com\n{fields}"), text="A report.", returned=None))
    assert {recipient.verdict.decision for recipient in report.recipients} <= {None}
