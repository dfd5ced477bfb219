"""Delivery status notifications, from servers that do not quite write them."""

from __future__ import annotations

import pytest

from bouncery import Action, Kind, parse
from tests.rendered import dsn, group, multipart, prose, status_part, text_part

ACTIONS = [
    ("failed", Action.FAILED),
    ("Failed", Action.FAILED),
    ("failure", Action.FAILED),
    ("failed (permanently)", Action.FAILED),
    ("error", Action.FAILED),
    ("expired", Action.FAILED),
    ("undeliverable", Action.FAILED),
    ("fehlgeschlagen", Action.FAILED),
    ("delayed", Action.DELAYED),
    ("delivered", Action.DELIVERED),
    ("relayed", Action.RELAYED),
    ("expanded", Action.EXPANDED),
]


@pytest.mark.parametrize(("spelling", "action"), ACTIONS)
def test_actions(spelling: str, action: Action) -> None:
    """The action in the spellings that occur (RFC 3464, section 2.3.3)."""
    (recipient,) = parse(dsn(group(action=spelling, status="5.0.0"))).recipients
    assert recipient.action is action
    assert recipient.final == (action is Action.FAILED)


MISSING_ACTIONS = [
    ({"status": "2.1.5"}, Action.DELIVERED),
    ({"status": "5.1.1"}, Action.FAILED),
    ({"status": "4.4.1", "will_retry_until": "Tue, 24 Nov 2026 10:00:00 +0000"}, Action.DELAYED),
    ({"status": "4.4.1"}, Action.FAILED),
    ({"diagnostic_code": "smtp; 550 5.1.1 User unknown"}, Action.FAILED),
]


@pytest.mark.parametrize(("fields", "action"), MISSING_ACTIONS)
def test_missing_action(fields: dict[str, str], action: Action) -> None:
    """Without an action the class of the status tells, and whether the server goes on trying."""
    (recipient,) = parse(dsn(group(action="", **fields))).recipients
    assert recipient.action is action


CODES = [
    ({"status": "5.1.1"}, "5.1.1", None),
    ({"status": "5.01.001 (unknown)"}, "5.1.1", None),
    ({"status": "550"}, None, 550),
    ({"status": "5.0.0", "diagnostic_code": "smtp; 550 5.1.1 User unknown"}, "5.1.1", 550),
    ({"status": "5.1.1", "diagnostic_code": "smtp; 550 5.0.0 no"}, "5.1.1", 550),
    ({"status": "5.1.1", "diagnostic_code": "smtp; 450 4.0.0 no"}, "4.0.0", 450),
    ({"status": "5.3.0", "diagnostic_code": "X-Unix; 550"}, "5.3.0", None),
    ({"status": "5.1.1", "diagnostic_code": "X-Notes; 550 5.1.1 User unknown"}, "5.1.1", 550),
    (
        {"status": "5.0.0", "diagnostic_code": "smtp;550 User unknown\nDiagnostic-Code: X-Other; more words, but no code"},
        "5.0.0",
        550,
    ),
    ({"status": "5.0.0", "x_supplementary_info": "<mx.example.com #5.1.1 smtp; 550 5.1.1 no>"}, "5.1.1", 550),
    ({"action": "delivered", "status": "2.0.0", "diagnostic_code": "smtp; 250 2.1.5 OK"}, "2.1.5", 250),
]


@pytest.mark.parametrize(("fields", "status", "reply"), CODES)
def test_codes(fields: dict[str, str], status: str | None, reply: int | None) -> None:
    """The server's own code before the Status field, unless only that one is specific; a number of a program is no reply."""
    (recipient,) = parse(dsn(group(**fields))).recipients
    assert (recipient.status, recipient.reply) == (status, reply)


def test_fields() -> None:
    """The other fields on a recipient."""
    fields = group(
        status="4.4.1",
        action="delayed",
        remote_mta="dns; mx.example.com",
        diagnostic_code="smtp; =?utf-8?q?450_gr=C3=BCn?=",
        last_attempt_date="Mon, 23 Nov 2026 10:00:00 +0000",
        will_retry_until="soon",
    )
    (recipient,) = parse(dsn(fields)).recipients
    assert (recipient.remote_mta, recipient.diagnostic) == ("mx.example.com", "450 grün")
    assert (recipient.last_attempt, recipient.retry_until) == ("2026-11-23T10:00:00Z", None)


def test_unreadable_arrival_date_is_noted() -> None:
    """What is no date is None, and a note says so."""
    report = parse(multipart(text_part("report"), status_part("Arrival-Date: once upon a time", group(status="5.1.1"))))
    assert report.arrival_date is None
    assert "date unreadable: 'once upon a time'" in report.notes


ADDRESSES = [
    ("Final-Recipient: rfc822; u@example.com", "u@example.com", None),
    ("Final-Recipient: RFC822;<u@example.com>", "u@example.com", None),
    ("Final-Recipient: u@example.com", "u@example.com", None),
    ("Final-Recipient: rfc822; v@example.net\nOriginal-Recipient: rfc822; u@example.com", "u@example.com", "v@example.net"),
    ("Original-Recipient: rfc822; u@example.com", "u@example.com", None),
    ("Original-Recipient: rfc822; u+2Btag@example.com\nFinal-Recipient: rfc822; u+tag@example.com", "u+tag@example.com", None),
    ("Final-Recipient: rfc822; root", "root@mx.example.org", None),
    ("Final-Recipient: X400; C=XX\nX-Actual-Recipient: rfc822; u@example.com", "u@example.com", None),
    ("Final-Recipient: utf-8; \\x{FC}@example.com", "ü@example.com", None),
]


@pytest.mark.parametrize(("fields", "address", "final"), ADDRESSES)
def test_addresses(fields: str, address: str, final: str | None) -> None:
    """The mailed address, and the one that refused where it differs."""
    (recipient,) = parse(dsn(f"{fields}\nAction: failed\nStatus: 5.1.1")).recipients
    assert (recipient.address, recipient.final_address) == (address, final)


TYPES = [
    "message/delivery-status",
    "message/global-delivery-status",
    "message/x-delivery-status",
    "text/plain",
    "Message/Delivery-Status; charset=utf-8",
]


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize("subtype", ["report", "mixed"])
def test_media_types(media_type: str, subtype: str) -> None:
    """A report is read under other types, and in another multipart."""
    report = parse(multipart(text_part("report"), status_part(group(status="5.1.1"), media_type=media_type), subtype=subtype))
    assert (report.kind, [recipient.address for recipient in report.recipients]) == (Kind.FAILURE, ["u@example.com"])


def test_at_top_level() -> None:
    """A report without a multipart around it."""
    head = "From: MAILER-DAEMON@mx.example.org\nContent-Type: message/delivery-status\n"
    assert [
        recipient.status
        for recipient in parse(prose(f"Reporting-MTA: dns; a.example\n\n{group(status='5.1.1')}", head)).recipients
    ] == ["5.1.1"]


def test_groups_without_blank_lines() -> None:
    """A second recipient begins a new group, wherever it stands; fields torn off by a blank line belong to the one before."""
    together = "\n".join((group("a@example.com", status="5.1.1"), group("b@example.com", status="5.2.2")))
    assert [(r.address, r.status) for r in parse(dsn(together)).recipients] == [
        ("a@example.com", "5.1.1"),
        ("b@example.com", "5.2.2"),
    ]
    torn = group("a@example.com") + "\n\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 full"
    assert [(r.address, r.status, r.reply) for r in parse(dsn(torn)).recipients] == [("a@example.com", "5.2.2", 552)]


def test_original_recipient_behind_the_rest() -> None:
    """The order of fields means nothing (RFC 3464, section 2.3): the last field of a group is of that group."""
    fields = "Final-Recipient: rfc822; v@example.net\nAction: failed\nStatus: 5.1.1\nOriginal-Recipient: rfc822; u@example.com"
    assert [(r.address, r.final_address) for r in parse(dsn(fields)).recipients] == [("u@example.com", "v@example.net")]


def test_lost_letters_and_wrapped_lines() -> None:
    """Field names that lost their first letter, and a value that goes on without an indent."""
    fields = (
        "inal-Recipient: rfc822; u@example.com\nction: failed\ntatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\nUser unknown"
    )
    (recipient,) = parse(dsn(fields)).recipients
    assert (recipient.address, recipient.status, recipient.diagnostic) == ("u@example.com", "5.1.1", "550 5.1.1 User unknown")


def test_report_without_recipients() -> None:
    """A status that names nobody gives a kind and no invented recipient."""
    report = parse(dsn("Action: failed\nStatus: 5.1.1"))
    assert (report.kind, report.recipients) == (Kind.FAILURE, ())
