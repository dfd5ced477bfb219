"""The container of a report: multipart/report (RFC 6522, 3462, 1892), MIME (RFC 2045, 2046), rejections of RFC 1344."""

from __future__ import annotations

import base64
import quopri
from typing import TYPE_CHECKING

import pytest

from bouncery import parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups, multipart, only, part

if TYPE_CHECKING:
    from collections.abc import Callable

STATUS = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 User unknown"))
VAGUE = groups(failed("u@example.com", "5.0.0"))
"""A report that leaves the cause to the words for people."""
CAUSE = "<u@example.com>: host mx.example.com said: 550 5.1.1 User unknown"
WORDS = "Your message could not be delivered to the following recipient:\n\n  " + CAUSE
TEXT_PART, STATUS_PART, RETURNED_PART = part(WORDS), part(STATUS, "message/delivery-status"), part(RETURNED, "message/rfc822")
ALL_PARTS = (TEXT_PART, STATUS_PART, RETURNED_PART)


def encoded(text: str, charset: str) -> str:
    """Give a text in a charset, in base64."""
    return base64.encodebytes(text.encode(charset)).decode("ascii")


def quoted(text: str, charset: str) -> str:
    """Give a text in a charset, in quoted-printable."""
    return quopri.encodestring(text.encode(charset)).decode("ascii")


CONTENT_TYPES = [
    "multipart/report; report-type=delivery-status",
    "MULTIPART/Report; REPORT-TYPE=Delivery-Status",
    'Multipart/REPORT; Report-Type="DELIVERY-STATUS"',
    "multipart/report;\n\treport-type=delivery-status",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("name", ["boundary", "BOUNDARY"])
def test_rep_1_names_in_any_case(content_type: str, name: str) -> None:
    """Types, parameter names and the value of report-type are case-insensitive."""
    data = multipart(ALL_PARTS, content_type).replace(b"; boundary=", b"; %s=" % name.encode())
    report = parse(data)
    assert (report.kind, report.reporting_mta, report.notes) == ("failure", "mx.example.org", ())
    assert only(data).status == "5.1.1"


PERSON = "From: Ann <ann@example.net>\nTo: owner@lists.example.net\nSubject: for the bounce box\nMIME-Version: 1.0\n"
NESTED = multipart(ALL_PARTS, headers="", boundary="=_inner").decode()
WRAPPERS = {
    "list": multipart((NESTED, part("To leave the list, write to leave@lists.example.net.")), "multipart/mixed"),
    "disclaimer": multipart((part("CAUTION: this came from outside."), NESTED), "multipart/mixed"),
    "signed": multipart((NESTED, part("c2lnbmVk", "application/pkcs7-signature")), "multipart/signed"),
    "twice": multipart((multipart((NESTED,), "multipart/mixed", headers="", boundary="=_mid").decode(),), "multipart/mixed"),
    "forwarded": multipart((part("fyi"), part(HEADERS + NESTED, "message/rfc822")), "multipart/mixed", headers=PERSON),
    "attached": f"{PERSON}Content-Type: message/rfc822\n\n{HEADERS}{NESTED}".encode(),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_rep_2_nested_report(wrapper: str) -> None:
    """A report inside another multipart or message counts as one at the top (RFC 6522 dropped that rule of RFC 1892)."""
    recipient = only(WRAPPERS[wrapper])
    assert (recipient.address, recipient.status, recipient.verdict.decision) == ("u@example.com", "5.1.1", "hard")
    assert parse(WRAPPERS[wrapper]).reporting_mta == "mx.example.org"


def test_rep_3_three_parts() -> None:
    """Words for people, the report, the returned message."""
    report = parse(multipart(ALL_PARTS))
    assert report.original is not None
    assert (report.original.subject, report.recipients[0].diagnostic) == ("November", "550 5.1.1 User unknown")


def test_rep_3_delay_without_third_part() -> None:
    """The third part is optional."""
    data = dsn(groups(failed("u@example.com", "4.4.1", action="delayed")), returned=None)
    report = parse(data)
    assert (report.kind, report.original, only(data).verdict.decision) == ("delay", None, "retry")


JAPANESE = f"次の宛先に配信できませんでした。\n\n  {CAUSE}\n"
RUSSIAN = f"Ваше сообщение не доставлено.\n\n  {CAUSE}\n"
IN_BASE64, IN_QP = "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable"
HTML = f"<html><body><p>Not delivered:</p><p>{CAUSE.replace('<', '&lt;').replace('>', '&gt;')}</p></body></html>"
FIRST_PARTS = {
    "plain": part(WORDS),
    "html": part(HTML, "text/html; charset=utf-8"),
    "koi8-r": part(encoded(RUSSIAN, "koi8-r"), "text/plain; charset=koi8-r", IN_BASE64),
    "windows-1251": part(quoted(RUSSIAN, "windows-1251"), "text/plain; charset=windows-1251", IN_QP),
    "iso-2022-jp": part(JAPANESE.encode("iso-2022-jp").decode("ascii"), "text/plain; charset=iso-2022-jp"),
    "languages": part(f"Nicht zugestellt / Non remis / 未送達\n\n  {CAUSE}\n"),
    "alternative": multipart(
        (part(WORDS), part(HTML, "text/html")), "multipart/alternative", headers="", boundary="=_alt"
    ).decode(),
}


@pytest.mark.parametrize("first", FIRST_PARTS)
def test_rep_4_any_first_part(first: str) -> None:
    """The words for people are read in any type, charset and language: here they alone give the cause."""
    recipient = only(multipart((FIRST_PARTS[first], part(VAGUE, "message/delivery-status"), RETURNED_PART)))
    assert (recipient.address, recipient.status, recipient.reply) == ("u@example.com", "5.1.1", 550)
    assert recipient.verdict.reason == "user_unknown"


LOGO = part("iVBORw0KGgo=", "image/png", IN_BASE64)
ORDERS = {
    "machine first": (STATUS_PART, TEXT_PART, RETURNED_PART),
    "returned first": (RETURNED_PART, TEXT_PART, STATUS_PART),
    "logo between": (TEXT_PART, LOGO, STATUS_PART, RETURNED_PART),
    "four parts": (*ALL_PARTS, part("This mail was scanned.")),
    "two texts": (TEXT_PART, part("Ihre Nachricht wurde nicht zugestellt."), STATUS_PART, RETURNED_PART),
    "no text": (STATUS_PART, RETURNED_PART),
}


@pytest.mark.parametrize("order", ORDERS)
def test_rep_5_parts_by_type(order: str) -> None:
    """Parts are found by their type, not by their place."""
    report = parse(multipart(ORDERS[order]))
    assert [(recipient.address, recipient.status) for recipient in report.recipients] == [("u@example.com", "5.1.1")]
    assert report.original is not None
    assert report.original.message_id == "<november-1@lists.example.net>"


DISPOSITION = (
    "Reporting-UA: mua.example.org\nFinal-Recipient: rfc822; u@example.com\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\n"
)
FEEDBACK = "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: <u@example.com>\n"
TRACKED = groups(
    failed("u@example.com", "2.1.9", action="relayed"),
    per_message="Original-Envelope-Id: QQ3141@lists.example.net\nReporting-MTA: dns; mx.example.org",
)
MACHINE_PARTS = {
    "delivery-status": (STATUS, "failure"),
    "disposition-notification": (DISPOSITION, "receipt"),
    "feedback-report": (FEEDBACK, "complaint"),
    "tracking-status": (TRACKED, "relayed"),
}


@pytest.mark.parametrize("parameter", ["", "; report-type=", "; report-type=delivery-status", "; report-type=feedback-report"])
@pytest.mark.parametrize("subtype", MACHINE_PARTS)
def test_rep_6_machine_part_tells_the_kind(subtype: str, parameter: str) -> None:
    """A report-type that is missing, empty or of another kind changes nothing."""
    body, kind = MACHINE_PARTS[subtype]
    data = multipart((part("A report."), part(body, f"message/{subtype}"), RETURNED_PART), f"multipart/report{parameter}")
    report = parse(data)
    assert report.kind == kind
    decisions = {recipient.verdict.decision for recipient in report.recipients}
    assert decisions == {"hard" if kind == "failure" else None}


STATUS_TYPES = ["message/delivery-status", "message/global-delivery-status"]
RETURNED_TYPES = ["message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"]


@pytest.mark.parametrize("status_type", STATUS_TYPES)
@pytest.mark.parametrize("returned_type", RETURNED_TYPES)
def test_rep_7_any_combination(status_type: str, returned_type: str) -> None:
    """RFC 6533, section 4.4 allows all of them beside each other."""
    report = parse(dsn(STATUS, media_type=status_type, returned_type=returned_type))
    assert [recipient.address for recipient in report.recipients] == ["u@example.com"]
    assert report.original is not None
    assert report.original.message_id == "<november-1@lists.example.net>"


UTF8_STATUS = groups(failed("jürgen@exämple.com", "5.1.1")).replace("rfc822", "utf-8")
UTF8_RETURNED = RETURNED.replace("November", "Novembergrüße")


@pytest.mark.parametrize("status_type", STATUS_TYPES)
@pytest.mark.parametrize(("encode", "name"), [(encoded, "base64"), (quoted, "quoted-printable"), (quoted, "Quoted-Printable")])
def test_rep_8_encoded_status(status_type: str, encode: Callable[[str, str], str], name: str) -> None:
    """RFC 6533 allows it for the global type; for message/delivery-status it occurs."""
    data = multipart((TEXT_PART, part(encode(UTF8_STATUS, "utf-8"), status_type, f"Content-Transfer-Encoding: {name}")))
    assert (only(data).address, only(data).status) == ("jürgen@exämple.com", "5.1.1")


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "binary"])
def test_rep_8_unencoded_status(encoding: str) -> None:
    """UTF-8 as it is."""
    body = part(UTF8_STATUS, "message/global-delivery-status", f"Content-Transfer-Encoding: {encoding}")
    assert only(multipart((TEXT_PART, body))).address == "jürgen@exämple.com"


@pytest.mark.parametrize("returned_type", ["message/global", "message/global-headers"])
@pytest.mark.parametrize(("encode", "header"), [(encoded, IN_BASE64), (quoted, IN_QP)])
def test_rep_8_encoded_returned_message(returned_type: str, encode: Callable[[str, str], str], header: str) -> None:
    """The returned header is decoded as well."""
    report = parse(multipart((TEXT_PART, STATUS_PART, part(encode(UTF8_RETURNED, "utf-8"), returned_type, header))))
    assert report.original is not None
    assert (report.original.subject, report.original.message_id) == ("Novembergrüße", "<november-1@lists.example.net>")


TOP_TYPES = ["multipart/mixed", "multipart/alternative", "text/plain", "application/octet-stream"]


@pytest.mark.parametrize("top", TOP_TYPES)
def test_rep_9_status_part_under_another_type(top: str) -> None:
    """A message/delivery-status part makes a report, whatever it stands in."""
    report = parse(multipart(ALL_PARTS, top))
    assert (report.kind, report.formats[0], report.recipients[0].status) == ("failure", "dsn", "5.1.1")


def test_rep_9_no_content_type() -> None:
    """The header does not say that there are parts."""
    data = multipart(ALL_PARTS).replace(
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\n', b"", 1
    )
    assert (parse(data).formats[0], only(data).address, only(data).status) == ("dsn", "u@example.com", "5.1.1")


def test_rep_9_status_as_the_whole_body() -> None:
    """There are no parts."""
    data = f"{HEADERS}Content-Type: message/delivery-status\n\n{STATUS}".encode()
    assert (parse(data).formats[0], only(data).address, only(data).status) == ("dsn", "u@example.com", "5.1.1")


OTHER = groups(failed("other@example.com"))
FIRST_BOUNDARY = b"\n\n--=_b\n"


def test_rep_10_preamble_and_epilogue_are_no_structure() -> None:
    """A report outside of the parts is none."""
    data = multipart(ALL_PARTS).replace(FIRST_BOUNDARY, b"\n\n" + OTHER.encode() + FIRST_BOUNDARY[1:], 1) + OTHER.encode()
    assert only(data).address == "u@example.com"


@pytest.mark.parametrize("place", ["preamble", "epilogue"])
def test_rep_10_preamble_and_epilogue_as_last_resort(place: str) -> None:
    """Where no part reports anything, the words before and after the parts are read."""
    data = multipart((RETURNED_PART,), "multipart/mixed")
    words = WORDS.encode()
    data = data.replace(FIRST_BOUNDARY, b"\n\n" + words + FIRST_BOUNDARY, 1) if place == "preamble" else data + words
    assert (only(data).address, only(data).reply) == ("u@example.com", 550)


BOUNDARIES = ["simple", "=_b=1/2:3?4", "gc0pJq0M:08jU534c0p", "b'()+_,-./:=?", "a b"]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_rep_11_specials_in_boundary(boundary: str) -> None:
    """RFC 2046, section 5.1.1 allows all of these between quotes."""
    report = parse(multipart(ALL_PARTS, boundary=boundary))
    assert (report.recipients[0].status, report.notes) == ("5.1.1", ())


DAMAGES = {
    "white space behind the boundary": lambda data: data.replace(b"\n--=_b\n", b"\n--=_b \t\n"),
    "no closing boundary": lambda data: data.replace(b"--=_b--\n", b""),
    "cut in the returned message": lambda data: data[: data.index(b"The news of")],
    "unquoted": lambda data: data.replace(b'"=_b"', b"=_b"),
    "boundary on its own line": lambda data: data.replace(b"; boundary", b";\n boundary"),
    "charset behind it": lambda data: data.replace(b'"=_b"', b'"=_b"; charset=us-ascii'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_rep_11_boundary_lines(damage: str) -> None:
    """White space after a boundary is padding; the closing one may be missing."""
    report = parse(DAMAGES[damage](multipart(ALL_PARTS)))
    assert [(recipient.address, recipient.status) for recipient in report.recipients] == [("u@example.com", "5.1.1")]
    assert report.original is not None
    assert report.original.subject == "November"


def test_rep_11_boundary_that_begins_another() -> None:
    """`=_b` is no boundary of the part whose own is `=_bb`, and the other way round."""
    inner = multipart(
        (part(WORDS), part("<p>x</p>", "text/html")), "multipart/alternative", headers="", boundary="=_bb"
    ).decode()
    report = parse(multipart((inner, STATUS_PART, RETURNED_PART)))
    assert [(recipient.address, recipient.status) for recipient in report.recipients] == [("u@example.com", "5.1.1")]
    assert report.original is not None
