# ruff: noqa: D103 - a test's name says what it holds
"""Message disposition notifications (RFC 8098; before it RFC 3798, RFC 2298) and Sieve rejections (RFC 5429)."""

from __future__ import annotations

import pytest

from bouncery import Decision, Kind, parse
from tests.conformance.rendered import HEADERS, dsn, failed, groups, multipart, part

RECEIPT = "multipart/report; report-type=disposition-notification"
MACHINE = "message/disposition-notification"
UA = "Reporting-UA: reader.example.com; ExampleMail 2"
FINAL = "Final-Recipient: rfc822; u@example.com"
AUTOMATIC = "automatic-action/MDN-sent-automatically; "
SHOWN = "Disposition: manual-action/MDN-sent-manually; displayed"
REFUSAL = "Your message was automatically rejected by the filter of its recipient.\n\nThe following reason was given:\n"


def mdn(*fields: str, text: str = "This is a receipt.", subject: str = "Disposition notification") -> bytes:
    headers = HEADERS.replace("Delivery report", subject)
    return multipart((part(text), part("\n".join((UA, *fields)), MACHINE)), RECEIPT, headers=headers)


@pytest.mark.parametrize(
    "data",
    [
        mdn(FINAL, SHOWN),
        mdn(FINAL, "Action: failed", "Status: 5.1.1", SHOWN),
        mdn(FINAL, SHOWN, text="550 5.1.1 <u@example.com>: User unknown, it could not be delivered."),
        multipart((part("Shown."), part(f"{FINAL}\n{SHOWN}", MACHINE)), "multipart/mixed"),
        multipart((part("Shown."), part(f"{UA}\n{FINAL}\n{SHOWN}")), RECEIPT),
    ],
    ids=["plain", "with an action", "with a reply in the text", "multipart/mixed", "machine part as text"],
)
def test_mdn_1_a_receipt_reports_no_failure(data: bytes) -> None:
    report = parse(data)
    assert report.kind is Kind.RECEIPT
    assert [(each.address, each.action, each.verdict.decision) for each in report.recipients] == [("u@example.com", None, None)]


@pytest.mark.parametrize(
    "spelled",
    [
        "automatic-action/MDN-sent-automatically; {}",
        "automatic-action/MDN-sent-automatically;{}",
        "AUTOMATIC-ACTION / mdn-SENT-automatically ; {}",
        "automatic-action\t/\tMDN-sent-automatically\t;\t{}",
        "automatic-action/\n MDN-sent-automatically;\n {}",
        "automatic-action/MDN-sent-automatically; {}/error",
        "automatic-action/MDN-sent-automatically; {} / error , X-more",
    ],
)
def test_mdn_2_white_space_case_and_modifiers(spelled: str) -> None:
    """The type is read from each spelling: only an automatic "deleted" can be the form of a rejection."""
    for named, kind in (("deleted", Kind.FAILURE), ("DELETED", Kind.FAILURE), ("displayed", Kind.RECEIPT)):
        report = parse(mdn(FINAL, f"Disposition: {spelled.format(named)}", text=f"{REFUSAL}No newsletters."))
        assert report.kind is kind


@pytest.mark.parametrize("name", ["displayed", "deleted", "dispatched", "processed", "denied", "failed", "x-archived"])
def test_mdn_3_types_old_new_and_unknown(name: str) -> None:
    report = parse(mdn(FINAL, f"Disposition: {AUTOMATIC}{name}"))
    assert (report.kind, report.recipients[0].verdict.decision) == (Kind.RECEIPT, None)
    assert ("Disposition", f"{AUTOMATIC}{name}") in report.fields


@pytest.mark.parametrize("modifier", ["error", "warning", "superseded", "expired", "mailbox-terminated"])
def test_mdn_4_modifiers(modifier: str) -> None:
    """A mailbox that its owner closed may live on under another one: the field tells, the decision is the caller's."""
    report = parse(mdn(FINAL, f"Disposition: {AUTOMATIC}deleted/{modifier}"))
    assert ("Disposition", f"{AUTOMATIC}deleted/{modifier}") in report.fields
    assert (report.kind, report.recipients[0].verdict.decision) == (Kind.RECEIPT, None)


def test_mdn_5_every_field_is_kept() -> None:
    rows = (
        ("Reporting-UA", "reader.example.com; ExampleMail 2"),
        ("MDN-Gateway", "smtp; gate.example.com"),
        ("Original-Recipient", "rfc822;u@example.com"),
        ("Final-Recipient", "rfc822;u2@example.com"),
        ("Original-Message-ID", "<november-1@lists.example.net>"),
        ("Disposition", f"{AUTOMATIC}displayed/error,warning"),
        ("Failure", "signature missing"),
        ("Error", "cannot show part 2"),
        ("Error", "cannot show part 3"),
        ("Warning", "shown without pictures"),
    )
    report = parse(mdn(*(f"{name}: {value}" for name, value in rows[1:])))
    assert report.fields == rows
    assert [(each.address, each.final_address) for each in report.recipients] == [("u@example.com", "u2@example.com")]


@pytest.mark.parametrize("modifiers", ["x-unheard-of", "error,x-one,x-two", "", ",", "é", "/", "a b"])
def test_mdn_6_an_unknown_modifier_is_no_error(modifiers: str) -> None:
    report = parse(mdn(FINAL, f"Disposition: {AUTOMATIC}displayed/{modifiers}"))
    assert (report.kind, report.notes) == (Kind.RECEIPT, ())
    assert report.recipients[0].address == "u@example.com"


@pytest.mark.parametrize(
    "reason", ["No newsletters, please.", "User unknown", "550 5.1.1 No such user here", "Mailbox is full"]
)
def test_mdn_7_a_sieve_rejection_is_never_hard(reason: str) -> None:
    """Who refuses has a mailbox, whatever reason he gives."""
    report = parse(mdn(FINAL, f"Disposition: {AUTOMATIC}deleted", text=f"{REFUSAL}{reason}\n"))
    assert report.kind is Kind.FAILURE
    assert [each.verdict.decision for each in report.recipients] == [Decision.SOFT]


def test_mdn_7_ereject_is_a_delivery_failure() -> None:
    words = "Diagnostic-Code: smtp; 550 5.7.1 Refused by the recipient's filter: no newsletters"
    report = parse(dsn(groups(failed("u@example.com", "5.7.1", words))))
    (recipient,) = report.recipients
    assert (report.kind, recipient.reply, recipient.verdict.decision) == (Kind.FAILURE, 550, Decision.SOFT)


@pytest.mark.parametrize("mode", ["automatic-action/MDN-sent-automatically", "manual-action/MDN-sent-manually"])
def test_mdn_8_deleted_without_being_read(mode: str) -> None:
    words = "Your message\n\n  To: U\n  Subject: November\n\nwas deleted without being read on Monday."
    report = parse(mdn(FINAL, f"Disposition: {mode}; deleted", text=words, subject="Not read: November"))
    assert (report.kind, report.recipients[0].verdict.decision) == (Kind.RECEIPT, None)


def test_mdn_9_one_receipt_is_about_one_recipient() -> None:
    """Of a forwarded message come two: that it was passed on, and that the next reader saw it."""
    first = "Original-Recipient: rfc822; u@example.com"
    passed_on = parse(mdn(first, FINAL, f"Disposition: {AUTOMATIC}dispatched"))
    shown = parse(mdn(first, "Final-Recipient: rfc822; v@example.org", SHOWN))
    found = [(each.address, each.final_address) for report in (passed_on, shown) for each in report.recipients]
    assert found == [("u@example.com", None), ("u@example.com", "v@example.org")]


def test_mdn_9_a_second_final_recipient_does_not_count() -> None:
    report = parse(mdn(FINAL, "Final-Recipient: rfc822; v@example.com", SHOWN))
    assert [each.address for each in report.recipients] == ["u@example.com"]
