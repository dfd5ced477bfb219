"""The framing of message/delivery-status: groups of fields, folding, comments, line ends (RFC 3464, section 2.1; RFC 5322)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from bouncery import Limits, parse
from tests.conformance.rendered import HEADERS, REPORTING, RETURNED, dsn, failed, groups, multipart, only, part
from tests.growth import growth

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR = 0.02
"""Seconds below which growth cannot be told from noise."""
FIRST, SECOND = failed("a@example.com", "5.1.1"), failed("b@example.com", "4.4.1", action="delayed")
BOTH = {"a@example.com": ("failed", "5.1.1"), "b@example.com": ("delayed", "4.4.1")}


def told(data: bytes) -> dict[str, tuple[str | None, str | None]]:
    """Give action and status by recipient."""
    return {recipient.address: (recipient.action, recipient.status) for recipient in parse(data).recipients}


def test_dsn_1_message_group_then_recipients() -> None:
    """The first group is about the message, each further one about a recipient."""
    third = failed("c@example.com", "2.0.0", action="delivered")
    report = parse(dsn(groups(FIRST, SECOND, third)))
    assert report.fields == (("Reporting-MTA", "dns; mx.example.org"),)
    assert told(dsn(groups(FIRST, SECOND, third))) == {**BOTH, "c@example.com": ("delivered", "2.0.0")}


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title, str.swapcase])
def test_dsn_2_field_names_in_any_case(spelled: Callable[[str], str]) -> None:
    """Field names are case-insensitive; `fields` keeps them as written."""
    names = ("Reporting-MTA", "Final-Recipient", "Action", "Status", "Diagnostic-Code")
    body = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 No such user"))
    for name in names:
        body = body.replace(f"{name}:", f"{spelled(name)}:")
    report = parse(dsn(body))
    assert (report.reporting_mta, report.recipients[0].status, report.recipients[0].reply) == ("mx.example.org", "5.1.1", 550)
    assert report.recipients[0].fields[0][0] == spelled("Final-Recipient")


FOLDED = [
    "Final-Recipient: rfc822;\n u@example.com",
    "Final-Recipient: rfc822;\n\tu@example.com",
    "Final-Recipient:\n rfc822; u@example.com",
    "Final-Recipient:\n rfc822;\n\tu@example.com",
    "Final-Recipient:\n\t\n rfc822; u@example.com",
]


@pytest.mark.parametrize("field", FOLDED)
def test_dsn_3_continuation_lines(field: str) -> None:
    """A line that begins with a space or a tab goes on with the field before it."""
    recipient = only(dsn(f"{REPORTING}\n\n{field}\nAction: failed\nStatus: 5.1.1\n"))
    assert (recipient.address, recipient.status) == ("u@example.com", "5.1.1")


def test_dsn_3_folded_diagnostic() -> None:
    """The lines of a value are joined in their order."""
    recipient = only(dsn(groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 No such\n user\n\there"))))
    assert recipient.diagnostic == "550 No such user here"
    assert ("Diagnostic-Code", "smtp; 550 No such user here") in [(n, v.replace("\t", " ")) for n, v in recipient.fields]


COMMENTS = [
    "Final-Recipient: rfc822; u@example.com (the sales desk)",
    "Final-Recipient: rfc822; (to) u@example.com",
    "Final-Recipient: rfc822 (SMTP); u@example.com",
    "Final-Recipient: rfc822; u@example.com (a (nested (deeply)) comment)",
    "Final-Recipient: rfc822; u@example.com (a bracket \\) and \\( two)",
    "Final-Recipient: rfc822; u@example.com (forwarded for =?utf-8?q?J=C3=BCrgen?=)",
    "Final-Recipient: rfc822; u@example.com (was w@example.com)",
    "Final-Recipient: (first) rfc822; u@example.com",
]


@pytest.mark.parametrize("field", COMMENTS)
def test_dsn_4_comments_are_no_content(field: str) -> None:
    """Comments nest, hold quoted pairs and encoded words (RFC 822, section 3.3; RFC 3464, section 2.1.1)."""
    recipient = only(dsn(f"{REPORTING} (in Ulm)\n\n{field}\nAction: failed (really)\nStatus: 5.1.1 (bad mailbox)\n"))
    assert (recipient.address, recipient.action, recipient.status) == ("u@example.com", "failed", "5.1.1")
    assert parse(dsn(f"{REPORTING} (in Ulm)\n\n{field}\nAction: failed\n")).reporting_mta == "mx.example.org"


def test_dsn_5_parentheses_of_a_reply_stay() -> None:
    """A reply is text, where parentheses are the server's own words."""
    recipient = only(dsn(groups(failed("u@example.com", "5.0.0", "Diagnostic-Code: smtp; 550 user (bob) unknown (#5.1.1)"))))
    assert recipient.diagnostic == "550 user (bob) unknown (#5.1.1)"
    assert recipient.fields[-1] == ("Diagnostic-Code", "smtp; 550 user (bob) unknown (#5.1.1)")
    assert recipient.status == "5.1.1"


def test_dsn_6_extension_fields() -> None:
    """Unknown fields are kept as they stand, in order, duplicates too (RFC 3464, section 2.4)."""
    message = f"{REPORTING}\nX-Queue: A1 (kept)\nHop-Count: 3\nx-queue: B2"
    group = failed("u@example.com", "5.1.1", "X-Seen: One;  Two", "X-Seen: one", "Novel-Field: =?utf-8?q?=C3=BC?=")
    report = parse(dsn(groups(group, per_message=message)))
    assert report.fields[1:] == (("X-Queue", "A1 (kept)"), ("Hop-Count", "3"), ("x-queue", "B2"))
    assert report.recipients[0].fields[3:] == (
        ("X-Seen", "One;  Two"),
        ("X-Seen", "one"),
        ("Novel-Field", "=?utf-8?q?=C3=BC?="),
    )


ROWS = ("Final-Recipient: rfc822; u@example.com", "Action: failed", "Status: 5.1.1", "Original-Recipient: rfc822;u@example.com")


@pytest.mark.parametrize("turn", range(4))
def test_dsn_7_fields_in_any_order(turn: int) -> None:
    """The grammar lists an order that the RFC's own examples do not keep."""
    group = "\n".join((*ROWS[turn:], *ROWS[:turn]))
    assert told(dsn(groups(group))) == {"u@example.com": ("failed", "5.1.1")}


BLANKS = {
    "leading blank line": f"\n\n{groups(FIRST, SECOND)}",
    "double blank lines": groups(FIRST, SECOND).replace("\n\n", "\n\n\n"),
    "blank lines of spaces": groups(FIRST, SECOND).replace("\n\n", "\n  \t\n"),
    "trailing spaces": groups(FIRST, SECOND).replace("\n", "  \n"),
    "no blank line between recipients": f"{REPORTING}\n\n{FIRST}\n{SECOND}\n",
    "no blank line at all": f"{REPORTING}\n{FIRST}\n{SECOND}\n",
    "recipients that begin with the original": f"{REPORTING}\nOriginal-Recipient: rfc822;a@example.com\n{FIRST}\n"
    f"Original-Recipient: rfc822;b@example.com\n{SECOND}\n",
    "blank line inside a group": groups(FIRST, SECOND).replace("Action", "\nAction"),
}


@pytest.mark.parametrize("blank", BLANKS)
def test_dsn_8_blank_lines(blank: str) -> None:
    """Too many, too few, or filled with spaces."""
    assert told(dsn(BLANKS[blank])) == BOTH


def test_dsn_8_blank_line_before_the_diagnostic() -> None:
    """The second half of a torn group is about the recipient before it, not the one behind it."""
    torn = FIRST + "\n\nDiagnostic-Code: smtp; 550 5.1.1 No such user"
    first, second = parse(dsn(groups(torn, SECOND))).recipients
    assert (first.reply, first.diagnostic, second.diagnostic) == (550, "550 5.1.1 No such user", None)


MESSAGE_GROUPS = [(f"{FIRST}\n\n{SECOND}\n", None), (f"{FIRST}\n\n{SECOND}\n\n{REPORTING}\n", "mx.example.org")]


@pytest.mark.parametrize(("body", "mta"), MESSAGE_GROUPS)
def test_dsn_9_message_group_missing_or_last(body: str, mta: str | None) -> None:
    """The first group may be a recipient's already."""
    assert (told(dsn(body)), parse(dsn(body)).reporting_mta) == (BOTH, mta)


def test_dsn_10_two_status_parts() -> None:
    """Their groups count together."""
    bodies = [groups(FIRST), groups(SECOND)]
    assert told(multipart((part("Two."), *(part(body, "message/delivery-status") for body in bodies)))) == BOTH


NO_FINAL = "Action: failed\nStatus: 5.1.1\n"
FALLBACKS = {
    "original recipient": dsn(groups(f"Original-Recipient: rfc822;u@example.com\n{NO_FINAL}"), returned=None),
    "actual recipient": dsn(groups(f"X-Actual-Recipient: rfc822; u@example.com\n{NO_FINAL}"), returned=None),
    "diagnostic": dsn(groups(f"{NO_FINAL}Diagnostic-Code: smtp; 550 5.1.1 <u@example.com>: User unknown"), returned=None),
    "words": dsn(groups(NO_FINAL), text="Not delivered:\n\n<u@example.com>: 550 5.1.1 User unknown", returned=None),
    "returned header": dsn(groups(NO_FINAL), text="Your message could not be delivered: user unknown."),
    "header": dsn(groups(NO_FINAL), returned=None, headers=f"{HEADERS}X-Failed-Recipients: u@example.com\n"),
}


@pytest.mark.parametrize("place", FALLBACKS)
def test_dsn_11_no_final_recipient(place: str) -> None:
    """The recipient is looked for where servers name it besides."""
    assert told(FALLBACKS[place]) == {"u@example.com": ("failed", "5.1.1")}


BODY = groups(FIRST, SECOND).encode()
PLAIN = dsn(BODY.decode())
ODD_BYTES = {
    "CR LF": PLAIN.replace(b"\n", b"\r\n"),
    "CR CR LF": PLAIN.replace(b"\n", b"\r\r\n"),
    "lone CR": PLAIN.replace(b"\n", b"\r"),
    "CR LF in the report alone": PLAIN.replace(BODY, BODY.replace(b"\n", b"\r\n")),
    "NUL behind values": PLAIN.replace(b"example.com\n", b"example.com\0\n"),
    "no-break space": PLAIN.replace(b"rfc822; ", b"rfc822;\xa0").replace(b"Action: ", b"Action:\xa0"),
    "no-break space in UTF-8": PLAIN.replace(b"rfc822; ", b"rfc822;\xc2\xa0").replace(b"Action: ", b"Action:\xc2\xa0"),
    "BOM before the first field": PLAIN.replace(b"Reporting-MTA", b"\xef\xbb\xbfReporting-MTA"),
    "BOM before a recipient": PLAIN.replace(b"Final-Recipient", b"\xef\xbb\xbfFinal-Recipient"),
}


@pytest.mark.parametrize("odd", ODD_BYTES)
def test_dsn_12_line_ends_and_odd_bytes(odd: str) -> None:
    """Line ends of every kind, and bytes that have no business in a report."""
    report = parse(ODD_BYTES[odd])
    assert told(ODD_BYTES[odd]) == BOTH
    assert report.reporting_mta == "mx.example.org"


RAW = [(b"gel\xc3\xb6scht", "gelöscht"), (b"gel\xf6scht", "gelöscht"), (b"\xff\xfe\x81", None)]


@pytest.mark.parametrize(("raw", "text"), RAW)
def test_dsn_13_eight_bit_bytes(raw: bytes, text: str | None) -> None:
    """RFC 3464 allows 7 bits only; what comes is decoded, and no surrogate is left."""
    body = groups(failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 Konto RAW"))
    report = parse(dsn(body).replace(b"RAW", raw))
    diagnostic = msgspec.json.decode(msgspec.json.encode(report))["recipients"][0]["diagnostic"]
    assert diagnostic.startswith("550 Konto ")
    assert text is None or diagnostic == f"550 Konto {text}"


def test_dsn_14_long_lines() -> None:
    """A line may have more than 998 octets."""
    words = "No such user. " * 1_000
    recipient = only(dsn(groups(failed("u@example.com", "5.1.1", f"Diagnostic-Code: smtp; 550 {words}"))))
    assert (recipient.reply, recipient.status, recipient.verdict.decision) == (550, "5.1.1", "hard")


def many(count: int) -> bytes:
    """Give a report on many recipients."""
    return dsn(groups(*(failed(f"u{number}@example.com") for number in range(count))), returned=None)


def test_dsn_14_many_groups() -> None:
    """50,000 recipients: as many are reported as the limits say, and a note tells that there were more."""
    report = parse(many(50_000))
    assert len(report.recipients) == Limits().recipients
    assert "limit recipients: read 10000 of 50000" in report.notes


@pytest.mark.parametrize("field", ["Diagnostic-Code: smtp; 550 ", "X-Long: "])
def test_dsn_14_linear_time(field: str) -> None:
    """A report of megabytes in one field takes time in proportion."""
    single, double = (dsn(groups(failed("u@example.com", "5.1.1", field + "x (" * size))) for size in (400_000, 800_000))
    found = growth(parse, single, double, FLOOR)
    assert found.double <= FLOOR or found.is_linear, found


SCRAPS = {
    "first letter lost": "inal-Recipient: rfc822; u@example.com\nction: failed\ntatus: 5.1.1\n",
    "quoted": "> Final-Recipient: rfc822; u@example.com\n> Action: failed\n> Status: 5.1.1\n",
    "quoted without space": ">Final-Recipient: rfc822; u@example.com\n>Action: failed\n>Status: 5.1.1\n",
    "indented": "   Final-Recipient: rfc822; u@example.com\n   Action: failed\n   Status: 5.1.1\n",
}


@pytest.mark.parametrize("scrap", SCRAPS)
def test_dsn_15_fields_in_a_text_body(scrap: str) -> None:
    """A report that a gateway turned into text is found there."""
    words = f"Your message could not be delivered.\n\n{SCRAPS[scrap]}"
    data = f"{HEADERS}Content-Type: text/plain\n\n{words}\n{RETURNED}".encode()
    assert (told(data), parse(data).formats[0]) == ({"u@example.com": ("failed", "5.1.1")}, "dsn")


def test_dsn_15_first_letter_lost_in_the_report() -> None:
    """The same in the machine-readable part."""
    assert told(dsn(groups(SCRAPS["first letter lost"]))) == {"u@example.com": ("failed", "5.1.1")}


def test_dsn_16_one_report_many_recipients() -> None:
    """Results belong to recipients; two reports on one submission are two results that share its ids."""
    per_message = f"{REPORTING}\nOriginal-Envelope-Id: QQ314159"
    reports = [parse(dsn(groups(group, per_message=per_message))) for group in (FIRST, SECOND)]
    assert [report.recipients[0].address for report in reports] == ["a@example.com", "b@example.com"]
    assert {(report.envelope_id, report.original and report.original.message_id) for report in reports} == {
        ("QQ314159", "<november-1@lists.example.net>")
    }
    assert [recipient.verdict.decision for recipient in parse(dsn(groups(FIRST, SECOND))).recipients] == ["hard", "retry"]
