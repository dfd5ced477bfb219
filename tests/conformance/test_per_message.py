"""The per-message fields of a delivery status (RFC 3464, section 2.2; RFC 3461, section 6.3; RFC 2852, section 5)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bouncery import parse
from bouncery.address import decode_xtext
from tests.conformance.rendered import REPORTING, dsn, failed, groups

GROUP = failed("u@example.com", "5.1.1")


def with_fields(*fields: str) -> bytes:
    """Give a report with fields in its per-message group."""
    return dsn(groups(GROUP, per_message="\n".join((REPORTING, *fields))))


@pytest.mark.parametrize("value", ["QQ314159", "qq314159", "QQ+2B314159", "a b;c (d)", "<x@lists.example.net>"])
def test_dsn_20_envelope_id_as_written(value: str) -> None:
    """Case, white space and what looks like xtext or a comment stay as they are."""
    report = parse(with_fields(f"Original-Envelope-Id: {value}"))
    assert report.envelope_id == value
    assert ("Original-Envelope-Id", value) in report.fields


def test_dsn_20_envelope_id_that_was_copied_in_xtext() -> None:
    """A server may copy ENVID undecoded; who gave it can compare the decoded form as well."""
    report = parse(with_fields("Original-Envelope-Id: news+2B77+3Dx@lists.example.net"))
    assert decode_xtext(str(report.envelope_id)) == "news+77=x@lists.example.net"


def test_dsn_20_at_most_one_envelope_id() -> None:
    """Of two, the first counts, and both can be seen."""
    report = parse(with_fields("Original-Envelope-Id: one", "Original-Envelope-Id: two"))
    assert report.envelope_id == "one"
    assert [value for name, value in report.fields if name == "Original-Envelope-Id"] == ["one", "two"]


REPORTERS = [
    ("dns; mx.example.org", "mx.example.org"),
    ("DNS;Mx.Example.ORG", "Mx.Example.ORG"),
    ("dns ; mx.example.org", "mx.example.org"),
    ("dns; [192.0.2.1]", "[192.0.2.1]"),
    ("dns; mx.example.org (Mailer 3)", "mx.example.org"),
]


@pytest.mark.parametrize(("value", "name"), REPORTERS)
def test_dsn_21_reporting_mta(value: str, name: str) -> None:
    """The case of the type does not matter, that of the name is kept."""
    report = parse(dsn(groups(GROUP, per_message=f"Reporting-MTA: {value}")))
    assert report.reporting_mta == name
    assert report.fields == (("Reporting-MTA", value),)


def test_dsn_21_reporting_mta_missing() -> None:
    """It is required, and lacks all the same."""
    report = parse(dsn(groups(GROUP, per_message="Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000")))
    assert (report.reporting_mta, report.arrival_date) == (None, "2026-11-23T10:00:00Z")
    assert report.recipients[0].address == "u@example.com"


NAME_TYPES = [
    ("x-local-hostname; alpha7", "alpha7"),
    ("x400; /PRMD=Office/ADMD=Mail/C=DE/", "/PRMD=Office/ADMD=Mail/C=DE/"),
    ("unknown; SYS30", "SYS30"),
    ("mailbus; SYS30", "SYS30"),
    ("dsn; mx.example.org", "mx.example.org"),
    ("smtp; mx.example.org", "mx.example.org"),
    ("mx.example.org", "mx.example.org"),
    ("dns;", None),
]


@pytest.mark.parametrize(("value", "name"), NAME_TYPES)
def test_dsn_22_types_of_reporting_mta(value: str, name: str | None) -> None:
    """Registered types, those of old RFCs, wrong ones, and none."""
    report = parse(dsn(groups(GROUP, per_message=f"Reporting-MTA: {value}")))
    assert (report.reporting_mta, report.recipients[0].verdict.decision) == (name, "hard")


def test_dsn_23_gateway() -> None:
    """A translated report is the foreign system's: the decision rests on its status and diagnostic."""
    message = "Reporting-MTA: x400; /PRMD=Office/C=DE/\nDSN-Gateway: dns; gw.example.org"
    group = failed("u@example.com", "5.2.2", "Diagnostic-Code: x400; 1/12", "Remote-MTA: x400; /PRMD=Lab/C=DE/")
    report = parse(dsn(groups(group, per_message=message)))
    (recipient,) = report.recipients
    assert (report.reporting_mta, report.fields[1]) == ("/PRMD=Office/C=DE/", ("DSN-Gateway", "dns; gw.example.org"))
    assert (recipient.status, recipient.reply, recipient.diagnostic) == ("5.2.2", None, "x400; 1/12")
    assert (recipient.verdict.reason, recipient.verdict.decision) == ("mailbox_full", "soft")


RECEIVED_FROM = [
    "dns; client.example.net ([192.0.2.77])",
    "dns; client.example.net (client.example.net [192.0.2.77])",
    "smtp; client.example.net",
]


@pytest.mark.parametrize("value", RECEIVED_FROM)
def test_dsn_24_received_from_mta(value: str) -> None:
    """The comment with the client's address is kept; the client is not the reporter."""
    report = parse(with_fields(f"Received-From-MTA: {value}"))
    assert ("Received-From-MTA", value) in report.fields
    assert (report.reporting_mta, report.recipients[0].remote_mta) == ("mx.example.org", None)


# ISO 8601 without a zone says that the offset is unknown.
DATES = [
    ("Mon, 23 Nov 2026 10:00:00 +0200", "2026-11-23T10:00:00+02:00"),
    ("Mon, 23 Nov 2026 10:00:00 -0330", "2026-11-23T10:00:00-03:30"),
    ("Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z"),
    ("Mon, 23 Nov 2026 10:00:00 EST", "2026-11-23T10:00:00-05:00"),
    ("Mon, 23 Nov 2026 10:00:00 PDT", "2026-11-23T10:00:00-07:00"),
    ("Mon, 23 Nov 2026 10:00:00 CEST", "2026-11-23T10:00:00"),
    ("Mon, 23 Nov 2026 10:00:00 A", "2026-11-23T10:00:00"),
    ("Mon, 23 Nov 2026 10:00:00", "2026-11-23T10:00:00"),
    ("Mon, 23 Nov 2026 10:00:00 +0200 (CEST)", "2026-11-23T10:00:00+02:00"),
    ("Mon, 23 Nov 2026 10:00:00 +0200 (ora (legale) d'Europa)", "2026-11-23T10:00:00+02:00"),
    ("Mon, 23 Nov 26 10:00:00 +0000", "2026-11-23T10:00:00Z"),
    ("Sun, 23 Nov 2026 10:00:00 +0000", "2026-11-23T10:00:00Z"),
    ("23 Nov 2026 10:00:00 +0000", "2026-11-23T10:00:00Z"),
    ("Mon,23 Nov 2026 10:00:00 +0000", "2026-11-23T10:00:00Z"),
    ("Mon, 23 Nov 2026 10:00 +0000", "2026-11-23T10:00:00Z"),
    # A leap second has no place in ISO 8601 as programs read it: the second before it stands for it.
    ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59Z"),
]


@pytest.mark.parametrize(("value", "date"), DATES)
def test_dsn_25_arrival_date(value: str, date: str) -> None:
    """The dates of RFC 5322 and its obsolete forms; RFC 1123, section 5.2.14 takes all meaning from military zones."""
    report = parse(with_fields(f"Arrival-Date: {value}"))
    assert (report.arrival_date, report.notes) == (date, ())
    datetime.fromisoformat(date)


@pytest.mark.parametrize("value", ["gestern", "Mon, 31 Feb 2026 10:00:00 +0000", "2026", "Mon, 23 Nov 2026 25:61:00 +0000"])
def test_dsn_25_unreadable_date(value: str) -> None:
    """What cannot be read is null, with a note, and can be seen as it stands."""
    report = parse(with_fields(f"Arrival-Date: {value}"))
    assert (report.arrival_date, report.fields[1]) == (None, ("Arrival-Date", value))
    assert [note for note in report.notes if note.startswith("date unreadable: ") and value in note] != []


@pytest.mark.parametrize("name", ["Deliver-By-Date", "Deliver-by-date"])
def test_dsn_26_deliver_by_date(name: str) -> None:
    """RFC 2852, section 5 itself writes it in both ways."""
    value = "Tue, 24 Nov 2026 10:00:00 +0000"
    report = parse(with_fields(f"{name}: {value}"))
    assert (name, value) in report.fields
    assert report.recipients[0].retry_until is None


def test_dsn_27_time_in_the_queue() -> None:
    """From Arrival-Date to Last-Attempt-Date (RFC 3464, section 2.2.5)."""
    group = f"{GROUP}\nLast-Attempt-Date: Sat, 28 Nov 2026 12:30:00 +0200"
    report = parse(dsn(groups(group, per_message=f"{REPORTING}\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0000")))
    arrival, attempt = str(report.arrival_date), str(report.recipients[0].last_attempt)
    assert datetime.fromisoformat(attempt) - datetime.fromisoformat(arrival) == timedelta(days=5, minutes=30)


def test_dsn_28_extensions_of_servers() -> None:
    """Queue id, sender and the original's Message-ID, as Postfix and others add them."""
    extensions = (
        ("X-Postfix-Queue-ID", "4XYZ012AbCz"),
        ("X-Postfix-Sender", "rfc822; news-bounces@lists.example.net"),
        ("X-Original-Message-ID", "<november-1@lists.example.net>"),
    )
    report = parse(with_fields(*(f"{name}: {value}" for name, value in extensions)))
    assert report.fields[1:] == extensions
    assert [recipient.address for recipient in report.recipients] == ["u@example.com"]
