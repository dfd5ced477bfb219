# ruff: noqa: D103 - a test's name says what it holds
"""Feedback reports (RFC 5965, RFC 6591, RFC 6650; redaction RFC 6590) and complaint feedback loops (RFC 9477)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery import Kind, parse
from tests.conformance.rendered import HEADERS, RETURNED, multipart, part

if TYPE_CHECKING:
    from bouncery import Report

FEEDBACK = "multipart/report; report-type=feedback-report"
MACHINE = "message/feedback-report"
BASE = ("Feedback-Type: abuse", "User-Agent: ExampleFBL/1.0", "Version: 1")
U = "Original-Rcpt-To: <u@example.com>"
NOBODY = RETURNED.replace("To: u@example.com\n", "")
BOUNCE_WORDS = "550 5.1.1 <u@example.com>: User unknown. Your message could not be delivered."


def arf(*fields: str, text: str = "This is a report of abuse.", returned: str = NOBODY) -> bytes:
    return multipart((part(text), part("\n".join(fields), MACHINE), part(returned, "message/rfc822")), FEEDBACK)


def named(report: Report) -> list[str]:
    return [recipient.address for recipient in report.recipients]


def decisions(report: Report) -> set[str | None]:
    return {recipient.verdict.decision for recipient in report.recipients}


def is_malformed(report: Report) -> bool:
    return any(note.startswith("malformed: ") for note in report.notes)


def test_arf_1_a_feedback_report_is_a_complaint() -> None:
    report = parse(arf(*BASE, U, text=BOUNCE_WORDS))
    assert (report.kind, named(report), decisions(report)) == (Kind.COMPLAINT, ["u@example.com"], {None})


@pytest.mark.parametrize("name", ["abuse", "ABUSE", "x-unheard-of", "other", "miscategorized"])
def test_arf_2_no_feedback_type_is_refused(name: str) -> None:
    report = parse(arf(f"Feedback-Type: {name}", *BASE[1:], U))
    assert (report.kind, named(report), report.notes) == (Kind.COMPLAINT, ["u@example.com"], ())
    assert report.fields[0] == ("Feedback-Type", name)


@pytest.mark.parametrize("fields", [BASE[:2], (BASE[0], BASE[2]), (*BASE, BASE[0]), (*BASE, BASE[1]), (*BASE, "Version: 2")])
def test_arf_2_required_fields_stand_exactly_once(fields: tuple[str, ...]) -> None:
    assert is_malformed(parse(arf(*fields, U)))
    assert not is_malformed(parse(arf(*BASE, U)))


def test_arf_3_repeated_fields_in_any_order() -> None:
    repeated = (
        "Reported-Domain: one.example.net",
        "Original-Rcpt-To: <v@example.com>",
        "Reported-URI: https://lists.example.net/1",
        "Authentication-Results: mx.example.com; spf=pass",
        "Original-Rcpt-To: u@example.com",
        "Reported-URI: https://lists.example.net/2",
        "Authentication-Results: mx.example.com; dkim=fail",
        "Reported-Domain: two.example.net",
    )
    report = parse(arf(*repeated, *BASE))
    assert named(report) == ["v@example.com", "u@example.com"]
    assert [f"{name}: {value}" for name, value in report.fields] == [*repeated, *BASE]


@pytest.mark.parametrize("name", ["Arrival-Date", "Received-Date"])
def test_arf_4_either_date(name: str) -> None:
    report = parse(arf(*BASE, U, f"{name}: Mon, 23 Nov 2026 11:00:00 +0100"))
    assert report.arrival_date == "2026-11-23T11:00:00+01:00"
    assert not is_malformed(report)


def test_arf_4_both_dates_are_malformed() -> None:
    both = [f"{name}: Mon, 23 Nov 2026 10:00:00 +0000" for name in ("Arrival-Date", "Received-Date")]
    assert is_malformed(parse(arf(*BASE, U, *both)))


def test_arf_5_facts_on_the_message_are_those_of_the_returned_one() -> None:
    report = parse(arf(*BASE, U, "Original-Mail-From: <bounces@lists.example.net>", text="Message-ID: <forged@example.org>"))
    assert report.original is not None
    assert (report.original.message_id, report.original.sender) == ("<november-1@lists.example.net>", "news@lists.example.net")


def test_arf_5_words_for_people_name_nobody() -> None:
    assert named(parse(arf(*BASE, text="Complaint of <v@example.com> about your message"))) == []


def test_arf_5_the_envelope_outranks_the_returned_to() -> None:
    """The To field of the third part may be a list's or anybody's; who was mailed only the envelope tells."""
    returned = RETURNED.replace("To: u@", "To: everybody@")
    assert named(parse(arf(*BASE, U, returned=returned))) == ["u@example.com"]
    assert named(parse(arf(*BASE, returned=RETURNED))) == ["u@example.com"]


@pytest.mark.parametrize("redacted", ["<redacted@example.com>", "REDACTED@example.com", "[redacted]", "<xxxx@example.com>"])
def test_arf_6_a_redacted_address_is_none(redacted: str) -> None:
    report = parse(arf(*BASE, f"Original-Rcpt-To: {redacted}"))
    assert (report.kind, named(report)) == (Kind.COMPLAINT, [])
    assert any(note.startswith("redacted: ") for note in report.notes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Incidents", "4294967295"),
        ("Incidents", "many"),
        ("Source-IP", "192.0.2.10"),
        ("Source-IP", "IPv6:2001:db8::10"),
        ("Source-IP", "2001:db8::10"),
    ],
)
def test_arf_7_numbers_and_addresses_as_written(name: str, value: str) -> None:
    report = parse(arf(*BASE, U, f"{name}: {value}"))
    assert report.fields[-1] == (name, value)
    assert (report.kind, named(report)) == (Kind.COMPLAINT, ["u@example.com"])


def test_arf_7_no_incidents_are_made_up() -> None:
    """Absent means one (RFC 5965, section 3.2); what nobody wrote never stands among the fields."""
    assert "Incidents" not in {name for name, _ in parse(arf(*BASE, U)).fields}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("auth-failure", Kind.OTHER),
        ("not-spam", Kind.OTHER),
        ("opt-out", Kind.COMPLAINT),
        ("fraud", Kind.COMPLAINT),
        ("virus", Kind.COMPLAINT),
    ],
)
def test_arf_8_other_types_are_no_bounce(name: str, kind: Kind) -> None:
    more = ("Auth-Failure: signature", "Delivery-Result: reject", "DKIM-Domain: lists.example.net", "SPF-DNS: txt : x : v=spf1")
    report = parse(arf(f"Feedback-Type: {name}", *BASE[1:], U, *more, text=BOUNCE_WORDS))
    assert report.kind is kind
    assert decisions(report) <= {None}
    assert ("Delivery-Result", "reject") in report.fields


MALFORMED = [(), BASE[1:], ("no fields at all",), ("Feedback-Type:", *BASE[1:], U), ("\0\0", U)]


@pytest.mark.parametrize("fields", MALFORMED)
def test_arf_9_malformed_is_no_bounce(fields: tuple[str, ...]) -> None:
    report = parse(arf(*fields, text=BOUNCE_WORDS))
    assert (report.kind, named(report)) == (Kind.OTHER, [])


@pytest.mark.parametrize("fields", MALFORMED)
def test_arf_9_malformed_is_told(fields: tuple[str, ...]) -> None:
    assert is_malformed(parse(arf(*fields)))


def test_arf_10_complaint_address_of_the_returned_message() -> None:
    cfbl = "CFBL-Address: fbl@lists.example.net; report=arf\nCFBL-Feedback-ID: 4711:u\n"
    report = parse(arf(*BASE, U, returned=cfbl + RETURNED))
    assert report.original is not None
    assert report.original.headers["cfbl-address"] == "fbl@lists.example.net; report=arf"
    assert report.original.headers["cfbl-feedback-id"] == "4711:u"


@pytest.mark.parametrize("container", ["multipart/mixed", "message/rfc822"])
def test_arf_10_a_complaint_that_only_returns_the_message(container: str) -> None:
    headers = HEADERS.replace("Delivery report", "complaint about message from 192.0.2.10")
    returned = f"X-HmXmrOriginalRecipient: u@example.com\n{NOBODY}"
    if container == "multipart/mixed":
        data = multipart((part(returned, "message/rfc822"),), container, headers=headers)
    else:
        data = f"{headers}{part(returned, container)}".encode()
    report = parse(data)
    assert (report.kind, named(report), decisions(report)) == (Kind.COMPLAINT, ["u@example.com"], {None})
