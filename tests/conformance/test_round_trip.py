"""A report by the grammar of RFC 3464 and RFC 6533, in any of its spellings, parses back to what it was meant to say."""

from __future__ import annotations

from hypothesis import given, settings

from bouncery import Recipient, parse
from tests.strategies import Rendered, Told, notification
from tests.test_properties import check_report

SHARE = 5, 2
"""Examples of this property for each example of the others: 5,000 in CI."""


def told(recipient: Recipient) -> Told:
    """Give what a report says of a recipient in the form of what it was meant to say."""
    return Told(
        recipient.address,
        recipient.final_address,
        recipient.action or "",
        recipient.status or "",
        (recipient.remote_mta, recipient.last_attempt, recipient.retry_until),
        tuple(name.lower() for name, _ in recipient.fields),
    )


@settings(max_examples=settings().max_examples * SHARE[0] // SHARE[1])
@given(notification())
def test_notification_by_the_grammar(rendered: Rendered) -> None:
    """Folding, comments, case, order of fields, blank lines, transfer encodings and line ends say nothing."""
    report = parse(rendered.data)
    assert [told(recipient) for recipient in report.recipients] == rendered.told
    assert report.reporting_mta == "mx.example.org"
    assert report.envelope_id == "QQ314159"
    assert report.arrival_date == "2026-11-23T10:00:00Z"
    assert {name.lower() for name, _ in report.fields} == {"reporting-mta", "original-envelope-id", "arrival-date"}
    check_report(rendered.data, report)
