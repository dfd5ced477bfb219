# ruff: noqa: D103 - a test's name says what it holds
"""Message tracking (RFC 3885, RFC 3886), Deliver By (RFC 2852) and future release (RFC 4865)."""

from __future__ import annotations

import pytest

from bouncery import Decision, Kind, Reason, classify, parse
from bouncery.model import Action
from tests.conformance.rendered import REPORTING, dsn, failed, groups, multipart, part

ENVELOPE = "Original-Envelope-Id: 1234-5678@lists.example.net"
ARRIVED = "Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000"
DEADLINE = "Deliver-by-date: Mon, 23 Nov 2026 12:00:00 +0000"


def tracking(*recipients: str) -> bytes:
    status = groups(*recipients, per_message=f"{ENVELOPE}\n{REPORTING}\n{ARRIVED}")
    return multipart((part("Where your message is."), part(status, "message/tracking-status")), "multipart/report")


@pytest.mark.parametrize(
    ("action", "status", "kind", "decision"),
    [
        ("delivered", "2.5.0", Kind.DELIVERED, None),
        ("expanded", "2.1.5", Kind.EXPANDED, None),
        ("relayed", "2.1.9", Kind.RELAYED, None),
        ("delayed", "4.4.1", Kind.DELAY, Decision.RETRY),
        ("failed", "5.1.1", Kind.FAILURE, Decision.HARD),
    ],
)
def test_trk_1_a_tracking_status_reads_like_a_delivery_status(
    action: str, status: str, kind: Kind, decision: Decision | None
) -> None:
    report = parse(tracking(failed("u@example.com", status, action=action)))
    (recipient,) = report.recipients
    assert (report.kind, report.arrival_date) == (kind, "2026-11-23T10:00:00Z")
    assert (recipient.address, recipient.action, recipient.verdict.decision) == ("u@example.com", action, decision)


@pytest.mark.parametrize("action", ["transferred", "opaque", "Opaque"])
@pytest.mark.parametrize("status", ["2.4.0", "4.0.0", "5.0.0"])
def test_trk_1_transferred_and_opaque_tell_no_outcome(action: str, status: str) -> None:
    """Neither delivered nor failed: the message is beyond what can be tracked."""
    report = parse(tracking(failed("u@example.com", status, action=action)))
    (recipient,) = report.recipients
    assert report.kind in {Kind.OTHER, Kind.RELAYED}
    assert recipient.action in {None, Action.RELAYED}
    assert (recipient.final, recipient.verdict.decision) == (False, None)


def test_trk_2_the_envelope_id_is_kept_as_written() -> None:
    assert parse(tracking(failed())).envelope_id == "1234-5678@lists.example.net"


def test_trk_2_relayed_is_the_only_action_of_2_1_9() -> None:
    relayed = parse(tracking(failed("u@example.com", "2.1.9", action="relayed")))
    wrong = parse(tracking(failed("u@example.com", "2.1.9", action="failed")))
    assert relayed.notes == ()
    assert wrong.recipients[0].verdict.decision is not Decision.HARD
    assert any(note.startswith("contradiction: ") for note in wrong.notes)


def test_trk_3_nothing_was_attempted_yet() -> None:
    report = parse(tracking(failed("u@example.com", "4.4.0", action="delayed")))
    assert (report.recipients[0].last_attempt, report.notes) == (None, ())


@pytest.mark.parametrize(
    ("action", "status", "kind", "decision"),
    [
        ("failed", "5.4.7", Kind.FAILURE, Decision.RETRY),
        ("delayed", "4.4.7", Kind.DELAY, Decision.RETRY),
        ("relayed", "2.0.0", Kind.RELAYED, None),
    ],
    ids=["by-mode R", "by-mode N", "by-trace T"],
)
@pytest.mark.parametrize("words", [None, "Diagnostic-Code: smtp; {} Deliver-by time expired"])
def test_dby_1_a_missed_deadline_is_no_dead_address(
    action: str, status: str, kind: Kind, decision: Decision | None, words: str | None
) -> None:
    fields = () if words is None else (words.format(f"{status[0]}50 {status}"),)
    report = parse(dsn(groups(failed("u@example.com", status, *fields, action=action), per_message=f"{REPORTING}\n{DEADLINE}")))
    assert (report.kind, report.recipients[0].verdict.decision) == (kind, decision)
    assert ("Deliver-by-date", "Mon, 23 Nov 2026 12:00:00 +0000") in report.fields


@pytest.mark.parametrize(
    ("reply", "decision"),
    [
        ("552 5.7.16 Maximum number of held messages exceeded: future release refused", Decision.RETRY),
        ("552 5.7.17 Quota of messages held for future release exceeded", Decision.SOFT),
        ("552 5.7.17 Maximum future-release quota exceeded for this user", Decision.SOFT),
        ("501 5.5.4 HOLDFOR is beyond the future release interval of this server", Decision.SOFT),
    ],
)
def test_dby_2_future_release_says_nothing_of_the_mailbox(reply: str, decision: Decision) -> None:
    """A number of messages is a limit of the sender, which passes; the house waits for it."""
    verdict = classify(reply)
    assert verdict.decision is decision
    assert verdict.reason is not Reason.MAILBOX_MOVED


def test_dby_2_the_registered_meaning_of_5_7_17_stands() -> None:
    """RFC 7293: the address belongs to somebody else by now."""
    verdict = classify("550 5.7.17 <u@example.com>: the mailbox owner has changed")
    assert (verdict.decision, verdict.reason) == (Decision.HARD, Reason.MAILBOX_MOVED)
