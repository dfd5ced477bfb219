# ruff: noqa: D103 - a test's name says what it holds
"""Security considerations of RFC 3464, section 4; RFC 3834, section 6; RFC 5965, section 8."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bouncery import Limits, parse
from bouncery.cli.table import Table
from tests.cli.letters import run
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups, multipart, part
from tests.growth import growth

if TYPE_CHECKING:
    from pathlib import Path

    from bouncery import Report

UNKNOWN = failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 <u@example.com>: User unknown")
QUOTED = "550 5.1.1 <v@example.com>: User unknown\nFinal-Recipient: rfc822; v@example.com\nAction: failed\nStatus: 5.1.1\n"
FLOOR = 0.02
"""Seconds below which growth cannot be told from noise."""

AUDITED = """
import sys
from bouncery import parse

data = sys.stdin.buffer.read()
parse(data)
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
parse(data.replace(b"u@example.com", b"w@example.com"))
outside = {"open", "socket", "subprocess", "os", "exec", "compile", "import", "urllib", "ctypes"}
print(*{event for event in events if event.partition(".")[0] in outside})
"""
"""What a second message makes the interpreter do, when all that is loaded once has been loaded."""


def named(report: Report) -> list[str]:
    return [recipient.address for recipient in report.recipients]


def test_sec_1_what_ties_a_report_to_our_mail() -> None:
    per_message = "Reporting-MTA: dns; mx.example.org\nOriginal-Envelope-Id: QQ314159"
    report = parse(dsn(groups(UNKNOWN, per_message=per_message), returned=f"X-Campaign: 7\nFeedback-ID: 7:a\n{RETURNED}"))
    assert report.original is not None
    assert (report.envelope_id, report.original.message_id) == ("QQ314159", "<november-1@lists.example.net>")
    assert {"x-campaign": "7", "feedback-id": "7:a"}.items() <= report.original.headers.items()


def test_sec_1_a_report_that_returns_nothing_ties_to_nothing() -> None:
    report = parse(dsn(groups(UNKNOWN), returned=None))
    assert (report.original, report.envelope_id, report.token) == (None, None, None)


def test_sec_2_no_network_no_file_no_code() -> None:
    external = part("", 'message/external-body; access-type=local-file; name="/etc/passwd"')
    html = part('<img src="https://example.org/x"><script>1</script><p>u@example.com is unknown', "text/html")
    returned = part(f"List-Unsubscribe: <https://example.org/u>\n{RETURNED}", "message/rfc822")
    data = multipart((html, part(groups(UNKNOWN), "message/delivery-status"), external, returned))
    command = (sys.executable, "-c", AUDITED)
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=60)
    assert done.stdout.strip() == b""


@pytest.mark.parametrize("piece", ["(", "<", "u@", '"', "550-5.1.1 ", "=?utf-8?q?a?= ", "\\x{41}", "+2B", "\n "])
def test_sec_2_fields_cost_linear_time(piece: str) -> None:
    def data(count: int) -> bytes:
        many = piece * count
        return dsn(groups(failed(f"{many}u@example.com", "5.1.1", f"Diagnostic-Code: smtp; 550 {many}")), text=many)

    found = growth(parse, data(10_000), data(20_000), FLOOR)
    assert found.double <= FLOOR or found.is_linear


def test_sec_2_nesting_is_limited() -> None:
    nested = groups(UNKNOWN)
    for level in range(100):
        nested = f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n{nested}\n--b{level}--\n'
    report = parse(f"{HEADERS}{nested}".encode())
    assert any(note.startswith("limit depth") for note in report.notes)


def test_sec_2_encoded_text_is_limited() -> None:
    words = base64.encodebytes(b"Your message could not be delivered. " * 20_000).decode()
    data = multipart((part(words, "text/plain", "Content-Transfer-Encoding: base64"),))
    report = parse(data, limits=Limits(text_bytes=1_000))
    assert any(note.startswith("limit text_bytes") for note in report.notes)
    assert all(len(recipient.diagnostic or "") <= 1_000 for recipient in report.recipients)


@pytest.mark.parametrize(
    "field",
    [
        "rfc822; u\x00@example.com",
        "rfc822; u@example.com\x0bBcc: v@example.org",
        "rfc822; u\x1b[31m@example.com",
        "rfc822; u\x7f@example.com",
        "rfc822; =?utf-8?q?u=40example.com=0D=0ABcc:_v=40example.org?=",
        "rfc822; u+0D+0ABcc:+20v@example.com",
        'rfc822; "u\r\n Bcc: v"@example.com',
        "rfc822; u@example.com\r\n Bcc: v@example.org",
        r"utf-8; u\x{0D}\x{0A}Bcc@example.com",
        r"utf-8; u\x{2028}\x{202E}@example.com",
        "utf-8; u\u2028@example.com",
        "utf-8; u\u0085@example.com",
    ],
)
def test_sec_3_no_control_character_in_an_address(field: str) -> None:
    group = f"Original-Recipient: {field}\nFinal-Recipient: {field}\nAction: failed\nStatus: 5.1.1"
    returned = RETURNED.replace("To: u@example.com", f"To: {field.partition('; ')[2]}")
    report = parse(dsn(groups(group), returned=returned, text=f"could not be delivered:\n\n<{field.partition('; ')[2]}>"))
    assert report.original is not None
    shown = (*named(report), *(each.final_address or "" for each in report.recipients), *report.original.to)
    assert not [char for address in shown for char in address if unicodedata.category(char) in {"Cc", "Zl", "Zp"}]


@pytest.mark.parametrize("returned_type", ["message/rfc822", "text/rfc822-headers", "message/global"])
def test_sec_4_the_returned_body_reports_nobody(returned_type: str) -> None:
    assert named(parse(dsn(groups(UNKNOWN), returned=RETURNED + QUOTED, returned_type=returned_type))) == ["u@example.com"]


@pytest.mark.parametrize(
    "divider",
    [
        "--- Below this line is a copy of the message.",
        "   ----- Original message -----",
        "------ This is a copy of your message, including all the headers. ------",
        "The original message follows:",
    ],
)
def test_sec_4_nor_does_the_quoted_body_in_a_plain_text(divider: str) -> None:
    words = "Your message could not be delivered.\n\n<u@example.com>:\n550 5.1.1 User unknown\n"
    assert named(parse(f"{HEADERS}\n{words}\n{divider}\n\n{RETURNED}{QUOTED}".encode())) == ["u@example.com"]


def test_sec_5_the_table_does_not_show_where_mail_is_forwarded_to() -> None:
    """A forwarding address is confidential (RFC 3464, section 4.2): JSON has it, what is shown at a glance does not."""
    words = "Diagnostic-Code: smtp; 550 5.1.1 Recipient <secret@example.org> does not exist"
    group = f"Original-Recipient: rfc822; u@example.com\n{failed('secret@example.org', '5.1.1', words)}"
    report = parse(dsn(groups(group)))
    assert report.recipients[0].final_address == "secret@example.org"
    stream = io.StringIO()
    Table(Console(file=stream, width=200)).add(report)
    assert "u@example.com" in stream.getvalue()
    assert "secret" not in stream.getvalue()


def test_sec_5_replies_that_are_passed_on_name_nobody(tmp_path: Path) -> None:
    words = "Diagnostic-Code: smtp; 550 quux frobnicated for secret@example.org"
    group = f"Original-Recipient: rfc822; u@example.com\n{failed('secret@example.org', '5.0.0', words)}"
    mail, unknown = tmp_path / "a.eml", tmp_path / "unknown.txt"
    mail.write_bytes(dsn(groups(group)))
    assert run("parse", mail, "--unknown", unknown).exit_code == 0
    shared = unknown.read_text(encoding="utf-8")
    assert "quux frobnicated" in shared
    assert "secret" not in shared
