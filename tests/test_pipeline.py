"""From bytes to a report and from a reply to a verdict: arguments, errors, what is carried along."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bouncery import Action, Decision, Kind, Limits, Reason, Report, classify, parse
from bouncery.pipeline import judge
from bouncery.rules import load
from tests.messages import NAMES, corpus
from tests.rendered import HEAD, dsn, group, multipart, status_part, text_part
from tests.schema import PATH, schema

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = group(status="5.1.1", diagnostic_code="smtp; 550 5.1.1 <u@example.com>: User unknown")


@pytest.mark.parametrize("data", ["text", None, 5, ["a"]])
def test_parse_takes_bytes_only(data: Any) -> None:  # noqa: ANN401 - what mypy would refuse
    """Anything but bytes is a mistake of the caller."""
    with pytest.raises(TypeError, match="must be bytes"):
        parse(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_parse_takes_anything_like_bytes(kind: type) -> None:
    """Buffers are read like bytes."""
    assert parse(kind(dsn(UNKNOWN))) == parse(dsn(UNKNOWN))


def test_classify_takes_text_only() -> None:
    """Bytes must be decoded by who knows their charset."""
    reply: Any = b"550 no"
    with pytest.raises(TypeError, match="must be str"):
        classify(reply)


def test_report() -> None:
    """A report holds the header of the notification and of the returned message, and the verdict with its witness."""
    returned = (
        "Content-Type: message/rfc822\n\nMessage-ID: <1@example.net>\nFrom: S <s@example.net>\n"
        "To: u@example.com, V <v@example.com>\n"
        "Subject: =?utf-8?q?gr=C3=BCn?=\nDate: x\nList-Id: <l.example.net>\nX-Campaign: 7\n\nwords"
    )
    head = HEAD + "Date: Mon, 23 Nov 2026 10:00:00 +0000\n"
    report = parse(
        multipart(
            text_part("report"),
            status_part("Original-Envelope-Id: 7\nArrival-Date: Mon, 23 Nov 2026 09:00:00 +0000", UNKNOWN),
            returned,
            head=head,
        )
    )
    assert (report.v, report.kind, report.reporting_mta) == (1, Kind.FAILURE, "mx.example.org")
    assert report.date == "2026-11-23T10:00:00Z"
    original = report.original
    assert original is not None
    assert (original.message_id, original.sender, original.subject) == ("<1@example.net>", "s@example.net", "grün")
    assert original.to == ("u@example.com", "v@example.com")
    assert original.headers == {"list-id": "<l.example.net>", "x-campaign": "7"}
    (recipient,) = report.recipients
    assert (recipient.address, recipient.action, recipient.final, recipient.status, recipient.reply) == (
        "u@example.com",
        Action.FAILED,
        True,
        "5.1.1",
        550,
    )
    assert (recipient.verdict.decision, recipient.verdict.reason) == (Decision.HARD, Reason.USER_UNKNOWN)
    assert recipient.verdict.evidence


def test_encoded_returned_header() -> None:
    """The returned message is read in base64 as well."""
    returned = (
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nTWVzc2FnZS1JRDogPDFAZXhhbXBsZS5uZXQ+CgpoZWxsbwo=\n"
    )
    original = parse(multipart(text_part("report"), status_part(UNKNOWN), returned)).original
    assert original is not None
    assert original.message_id == "<1@example.net>"


def test_recipients_are_limited() -> None:
    """Of too many recipients the first ones are reported, with a note."""
    groups = [
        group(f"u{number}@example.com", status="5.1.1", diagnostic_code="smtp; 550 5.1.1 no such user") for number in range(5)
    ]
    report = parse(dsn(*groups), limits=Limits(recipients=2))
    assert [recipient.address for recipient in report.recipients] == ["u0@example.com", "u1@example.com"]
    assert "limit recipients: read 2 of 5" in report.notes


def test_long_replies_are_matched_up_to_a_limit() -> None:
    """What stands behind the limit is not matched, and a note tells so."""
    words = "smtp; 550 5.0.0 " + "x " * 100 + "user unknown"
    report = parse(dsn(group(diagnostic_code=words)), limits=Limits(match_chars=50))
    assert report.recipients[0].verdict.reason is not Reason.USER_UNKNOWN
    assert any(note.startswith("limit match_chars") for note in report.notes)


def test_own_rules_outrank_shipped_ones(tmp_path: Path) -> None:
    """Rules of the caller's own apply to messages and to replies."""
    file = tmp_path / "own.toml"
    file.write_text(
        '[[rule]]\nid = "ours"\nreason = "policy"\nany = ["user unknown"]\nsource = "ours"\nhits = ["550 User unknown"]\n',
        encoding="utf-8",
    )
    rules = load([file])
    assert parse(dsn(UNKNOWN), rules=rules).recipients[0].verdict.rule == "own/ours"
    assert classify("550 User unknown", rules=rules).reason is Reason.POLICY


def test_stored_facts_are_judged_again() -> None:
    """The facts alone lead to the same decision as the message did."""
    for name in NAMES:
        for recipient in parse(corpus(name)).recipients:
            again = judge(recipient)
            assert (again.decision, again.reason, again.rule) == (
                recipient.verdict.decision,
                recipient.verdict.reason,
                recipient.verdict.rule,
            ), name


def test_threads_see_the_same() -> None:
    """Parsing at once in several threads gives what it gives in one."""
    names = NAMES[::20]
    expected = [parse(corpus(name)) for name in names]
    found: list[list[Report]] = []
    workers = [threading.Thread(target=lambda: found.append([parse(corpus(name)) for name in names])) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 4


def test_report_format() -> None:
    """The JSON of a report has the fields of version 1, all of them, in their order."""
    table = msgspec.json.decode(msgspec.json.encode(parse(dsn(UNKNOWN))))
    assert list(table) == [
        "v",
        "source",
        "index",
        "kind",
        "formats",
        "reporting_mta",
        "arrival_date",
        "envelope_id",
        "date",
        "message_id",
        "in_reply_to",
        "references",
        "fields",
        "original",
        "token",
        "recipients",
        "notes",
    ]
    assert list(table["recipients"][0]) == [
        "address",
        "final_address",
        "action",
        "final",
        "status",
        "reply",
        "diagnostic",
        "remote_mta",
        "stage",
        "last_attempt",
        "retry_until",
        "reached",
        "fields",
        "verdict",
    ]
    assert list(table["recipients"][0]["verdict"]) == [
        "decision",
        "reason",
        "fault",
        "confidence",
        "rule",
        "retry_after",
        "blocklist",
        "new_address",
        "evidence",
    ]


def test_schema() -> None:
    """The JSON Schema that is shipped is that of the model."""
    assert PATH.read_bytes() == schema(), "run python -m tests.schema"
