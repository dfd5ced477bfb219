"""Every message of the corpus gives the report that its expectation states, however its lines end and its fields fold."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bouncery import Kind, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery import Recipient, Report

CORPUS = Path(__file__).parent.parent / "corpus"
NAMES = sorted(
    name
    for path in CORPUS.rglob("*.toml")
    if not (name := path.relative_to(CORPUS).with_suffix("").as_posix()).startswith("lab/")
)
TOP_KEYS = {"origin", "licence", "kind", "note", "recipient"}
NEVER_INVENTED = ("status", "reply", "decision", "final_address")
"""Fields that must be None where an expectation leaves them out; any other field that it leaves out is not compared."""
FACTS = ("address", "final_address", "action", "final", "status", "reply", "stage", "decision", "reason")

BEFORE_HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*\n)*(?:From [^\n]*\n)?")
REPORT_NAMES = (
    rb"Reporting-MTA|(?:Final|Original)-Recipient|Action|Status|Remote-MTA|Diagnostic-Code|Feedback-Type|Original-Rcpt-To"
    rb"|Disposition|Content-Type|Content-Transfer-Encoding"
)
VALUE_FOLLOWS = rb")([ \t]*:)([ \t]*)(?=[^ \t\n])"
HEADER_FIELD = re.compile(rb"^([!-9;-~]+" + VALUE_FOLLOWS, re.MULTILINE)
REPORT_FIELD = re.compile(rb"^(" + REPORT_NAMES + VALUE_FOLLOWS, re.MULTILINE)


@cache
def expected(name: str) -> dict[str, Any]:
    """Read an expectation."""
    return tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def message(name: str) -> bytes:
    """Read a message."""
    return (CORPUS / f"{name}.eml").read_bytes()


def fact(recipient: Recipient, key: str) -> object:
    """Give a field of a recipient, or of the verdict on it, in the form that TOML has."""
    value = getattr(recipient.verdict if key in {"decision", "reason"} else recipient, key)
    return str(value) if isinstance(value, str) else value


def facts(report: Report) -> tuple[Kind, list[tuple[object, ...]]]:
    """Give what must not depend on the form of a message."""
    return report.kind, [tuple(fact(recipient, key) for key in FACTS) for recipient in report.recipients]


@pytest.mark.parametrize("name", NAMES)
def test_expectation(name: str) -> None:
    """The report is the expected one, in every field that the expectation gives."""
    want = expected(name)
    report = parse(message(name))
    assert report.kind == want["kind"], want["note"]
    rows = {row["address"]: row for row in want.get("recipient", [])}
    assert sorted(recipient.address for recipient in report.recipients) == sorted(rows), want["note"]
    for recipient in report.recipients:
        row = dict.fromkeys(NEVER_INVENTED) | rows[recipient.address]
        assert {key: fact(recipient, key) for key in row} == row, want["note"]


@pytest.mark.parametrize("name", NAMES)
def test_expectation_is_well_formed(name: str) -> None:
    """An expectation says where its message comes from and holds known keys only; a decision needs a failure or a delay."""
    want = expected(name)
    assert want.keys() <= TOP_KEYS
    assert all(want[key] for key in ("origin", "licence", "note"))
    assert want["kind"] in list(Kind)
    for row in want.get("recipient", []):
        assert row.keys() <= set(FACTS)
        assert (row.get("action") in {"failed", "delayed"}) == ("decision" in row)


def test_every_message_has_an_expectation() -> None:
    """No message without its expectation, no expectation without its message."""
    messages = {path.relative_to(CORPUS).with_suffix("").as_posix() for path in CORPUS.rglob("*.eml")}
    assert messages == set(NAMES)


def line_feeds(data: bytes) -> bytes:
    """End every line with LF."""
    return re.sub(rb"\r+\n|\r", b"\n", data)


def rewrite_fields(data: bytes, rewrite: Callable[[bytes, bytes, bytes], bytes]) -> bytes:
    """Rewrite the fields of a message and of its machine-readable parts: name, colon and the space behind it."""
    before = BEFORE_HEADER.match(line_feeds(data))
    header, blank, body = line_feeds(data)[before.end() if before else 0 :].partition(b"\n\n")
    header = HEADER_FIELD.sub(lambda found: rewrite(*found.groups()), header)
    body = REPORT_FIELD.sub(lambda found: rewrite(*found.groups()), body)
    return (before[0] if before else b"") + header + blank + body


def upper(name: bytes, colon: bytes, space: bytes) -> bytes:
    """Write a field name in capitals."""
    return name.upper() + colon + space


def lower(name: bytes, colon: bytes, space: bytes) -> bytes:
    """Write a field name in small letters."""
    return name.lower() + colon + space


def folded(name: bytes, colon: bytes, _space: bytes) -> bytes:
    """Begin the value on a continuation line (RFC 5322, section 2.2.3)."""
    return name + colon + b"\n\t"


VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "crlf": lambda data: line_feeds(data).replace(b"\n", b"\r\n"),
    "cr": lambda data: line_feeds(data).replace(b"\n", b"\r"),
    "crcrlf": lambda data: line_feeds(data).replace(b"\n", b"\r\r\n"),
    "upper": lambda data: rewrite_fields(data, upper),
    "lower": lambda data: rewrite_fields(data, lower),
    "refolded": lambda data: rewrite_fields(data, folded),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_form_does_not_matter(name: str, variant: str) -> None:
    """Line ends, the case of field names and the folding of fields change nothing."""
    data = message(name)
    assert facts(parse(VARIANTS[variant](data))) == facts(parse(data)), expected(name)["note"]
