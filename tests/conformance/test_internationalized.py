r"""Internationalized mail: RFC 6531, 6532 and 6533, and the forms of their forerunners, RFC 5336 and 5337."""

from __future__ import annotations

import base64
import quopri

import pytest

from bouncery import Action, Decision, Kind, Reason, Recipient, classify, parse
from tests.conformance.rendered import TEXT, dsn, groups, multipart, part

GLOBAL = "message/global-delivery-status"
FAILED = "Action: failed\nStatus: 5.1.1"


def reported(*fields: str, media_type: str = GLOBAL) -> Recipient:
    """Read a report on one recipient with these fields before Action and Status."""
    (recipient,) = parse(dsn(groups("\n".join((*fields, FAILED))), media_type=media_type)).recipients
    return recipient


def encoded(text: str, encoding: str) -> str:
    """Encode the body of a part."""
    raw = text.encode()
    return {"8bit": text, "base64": base64.encodebytes(raw).decode(), "quoted-printable": quopri.encodestring(raw).decode()}[
        encoding
    ]


ENCODINGS = pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])


@pytest.mark.parametrize("address", ["Jörg@exämple.example", "用户@例子.example", "ΧΡΉΣΤΗΣ@example.com", "Ürün@example.com"])
def test_eai_1_addresses_stay_as_written(address: str) -> None:
    """RFC 6533, section 3: neither A-labels nor another case nor another normal form."""
    recipient = reported(f"Final-Recipient: utf-8; {address}")
    assert (recipient.address, recipient.verdict.decision) == (address, Decision.HARD)


@ENCODINGS
def test_eai_1_report_in_any_encoding(encoding: str) -> None:
    """RFC 6533, section 4.4: the part may be encoded like any other."""
    body = encoded(groups(f"Final-Recipient: utf-8; jörg@example.com\n{FAILED}"), encoding)
    report = parse(multipart((part(TEXT), part(body, GLOBAL, f"Content-Transfer-Encoding: {encoding}"))))
    assert [recipient.address for recipient in report.recipients] == ["jörg@example.com"]
    assert report.reporting_mta == "mx.example.org"


FORMS = [
    (r"J\x{F6}rg-\x{42F}@example.com", "Jörg-Я@example.com"),
    (r"Jörg-\x{042F}@example.com", "Jörg-Я@example.com"),
    ("Jörg-Я@example.com", "Jörg-Я@example.com"),
    (r"\x{1F4EC}@example.com", "\U0001f4ec@example.com"),
    (r"u@ex\x{E4}mple.example", "u@exämple.example"),
]


@pytest.mark.parametrize("field", ["Final-Recipient", "Original-Recipient"])
@pytest.mark.parametrize(("written", "address"), FORMS)
def test_eai_2_three_forms_of_one_address(field: str, written: str, address: str) -> None:
    """RFC 6533, section 3: escaped, mixed and raw."""
    assert reported(f"{field}: utf-8; {written}").address == address


@pytest.mark.parametrize(
    "escape", [r"\x{D800}", r"\x{110000}", r"\x{}", r"\x{F}", r"\x{0000F6F}", r"\x{zz}", r"\x{41}", r"\x{0A}"]
)
def test_eai_2_escapes_of_no_character_stay(escape: str) -> None:
    """Two to six hexadecimal digits that name a character which needs the escape; others might be meant so."""
    assert reported(f"Final-Recipient: utf-8; u{escape}r@example.com").address == f"u{escape}r@example.com"


@pytest.mark.parametrize("written", [r"u\x{F6@example.com", "u+20@example.com", r"u\x@example.com", "a..b@example.com"])
def test_eai_3_nonconforming_address_is_unaltered(written: str) -> None:
    """RFC 6533, section 3: what is called utf-8 but is no such address is copied as it stands."""
    recipient = reported(f"Final-Recipient: utf-8; {written}")
    assert recipient.address == written
    assert ("Final-Recipient", f"utf-8; {written}") in recipient.fields


LOCALIZED = ("Localized-Diagnostic: de; 552 Postfach voll", "Localized-Diagnostic: fr-CA; 552 Boîte pleine")


def test_eai_4_localized_diagnostics_are_kept() -> None:
    """RFC 6533, section 5.1: one for each language, in order."""
    kept = [value for name, value in reported("Final-Recipient: rfc822; u@example.com", *LOCALIZED).fields if "Local" in name]
    assert kept == ["de; 552 Postfach voll", "fr-CA; 552 Boîte pleine"]


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_eai_4_diagnostic_code_counts_first(order: slice) -> None:
    """What the server said is the evidence, its translation none, wherever it stands."""
    fields = (*LOCALIZED, "Diagnostic-Code: smtp; 550 5.1.1 No such user")[order]
    recipient = reported("Final-Recipient: rfc822; u@example.com", *fields)
    assert (recipient.reply, recipient.diagnostic) == (550, "550 5.1.1 No such user")
    assert recipient.verdict.reason is Reason.USER_UNKNOWN


@pytest.mark.parametrize("media_type", [GLOBAL, "message/delivery-status"])
def test_eai_5_diagnostic_in_utf_8(media_type: str) -> None:
    """RFC 6533, section 5.1, also where the media type does not allow for it."""
    words = "552 5.2.2 Postfach von „Jörg“ überfüllt: почтовый ящик переполнен"
    recipient = reported("Final-Recipient: rfc822; u@example.com", f"Diagnostic-Code: smtp; {words}", media_type=media_type)
    assert (recipient.diagnostic, recipient.verdict.reason) == (words, Reason.MAILBOX_FULL)


HEADER = (
    "From: Rédaction <rédaction@lists.example.net>\nTo: jörg@example.com\nSubject: Grüße\nMessage-ID: <1@lists.example.net>\n"
)


@ENCODINGS
@pytest.mark.parametrize(
    ("media_type", "body"), [("message/global", f"{HEADER}\nÜbrigens\n"), ("message/global-headers", HEADER)]
)
def test_eai_6_returned_content(encoding: str, media_type: str, body: str) -> None:
    """RFC 6533, section 4.4: both media types, in any encoding and without a charset parameter."""
    status = part(groups(f"Final-Recipient: utf-8; jörg@example.com\n{FAILED}"), GLOBAL)
    returned = part(encoded(body, encoding), media_type, f"Content-Transfer-Encoding: {encoding}")
    original = parse(multipart((part(TEXT), status, returned))).original
    assert original is not None
    assert (original.message_id, original.subject) == ("<1@lists.example.net>", "Grüße")
    assert (original.sender, original.to) == ("rédaction@lists.example.net", ("jörg@example.com",))


@pytest.mark.parametrize("name", ["Failure", "Error", "Warning"])
def test_eai_7_disposition_in_utf_8(name: str) -> None:
    """RFC 6533, section 6: a receipt with words in any language is still a receipt."""
    fields = f"""\
Final-Recipient: utf-8; jörg@example.com
Disposition: manual-action/MDN-sent-manually; displayed
{name}: Postfach nicht verfügbar: 550 Benutzer unbekannt
"""
    report = parse(dsn(fields, media_type="message/global-disposition-notification", returned=None))
    assert report.kind is Kind.RECEIPT
    assert (name, "Postfach nicht verfügbar: 550 Benutzer unbekannt") in report.fields
    assert [(found.address, found.verdict.decision) for found in report.recipients] == [("jörg@example.com", None)]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("+5Cx+7BFC+7Dser@example.com", "üser@example.com"),
        ("u+5Cx+7B42F+7D+5Cx+7B42F+7D@example.com", "uЯЯ@example.com"),
        ("u+5Cx+7BD800+7D@example.com", "u+5Cx+7BD800+7D@example.com"),
        ("ü+2Bx@example.com", "ü+2Bx@example.com"),
    ],
)
def test_eai_8_escapes_wrapped_in_xtext(written: str, address: str) -> None:
    """RFC 5337, section 3; RFC 6533 knows no xtext here, so only where it hides an escape that names a character."""
    assert reported(f"Final-Recipient: utf-8;{written}").address == address


LABELS = [
    ("Original-Recipient: rfc822; u@xn--exmple-cua.example", "Final-Recipient: utf-8; u@exämple.example"),
    ("Original-Recipient: utf-8; u@exämple.example", "Final-Recipient: rfc822; u@xn--exmple-cua.example"),
    ("Original-Recipient: utf-8; u@EXÄMPLE.example", "Final-Recipient: rfc822; u@XN--EXMPLE-CUA.example"),
]


@pytest.mark.parametrize(("first", "last"), LABELS)
def test_eai_9_labels_of_one_domain(first: str, last: str) -> None:
    """RFC 5890: a domain in U-labels and in A-labels is the same, so nobody was forwarded."""
    recipient = reported(first, last)
    assert recipient.address == first.partition("; ")[2]
    assert recipient.final_address is None


def test_eai_9_two_groups_of_one_address() -> None:
    """The same mailbox in both spellings is reported once."""
    spelled = ("Final-Recipient: rfc822; u@xn--exmple-cua.example", "Final-Recipient: utf-8; u@exämple.example")
    report = parse(dsn(groups(*(f"{field}\n{FAILED}" for field in spelled)), media_type=GLOBAL))
    assert len(report.recipients) == 1


UTF8_REFUSED = [
    ("6.7", "Non-ASCII addresses not permitted for that recipient"),
    ("6.8", "UTF-8 string reply is required, but not permitted by the client"),
    ("6.9", "UTF-8 header message cannot be transferred to one or more recipients"),
]


@pytest.mark.parametrize("reply", [550, 553])
@pytest.mark.parametrize(("detail", "words"), UTF8_REFUSED)
def test_eai_10_messages_that_need_smtputf8(reply: int, detail: str, words: str) -> None:
    """RFC 6531, section 3: the way to the recipient cannot carry this message; the mailbox may be fine."""
    for text in (f"{reply} 5.{detail}", f"{reply} 5.{detail} {words}"):
        verdict = classify(text, action=Action.FAILED)
        assert (verdict.decision, verdict.reason) == (Decision.SOFT, Reason.MESSAGE_MALFORMED)


@pytest.mark.parametrize("field", ["rfc822; jörg@exämple.example", "rfc822;用户@example.com", "jörg@example.com"])
def test_eai_11_raw_utf_8_under_another_type(field: str) -> None:
    """Servers that know nothing of RFC 6533 write the address as they were given it."""
    recipient = reported(f"Final-Recipient: {field}", media_type="message/delivery-status")
    assert recipient.address == field.rpartition(";")[2].strip()
    assert recipient.verdict.decision is Decision.HARD
