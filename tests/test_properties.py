"""What holds for every input: total over bytes, deterministic, witnessed, nothing invented, true to the grammar of RFC 3464."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bouncery import Action, Decision, Evidence, Limits, Report, classify, parse
from bouncery._flanker import decode_header
from bouncery.address import comparable
from bouncery.formats.html import to_text
from bouncery.message import Message, read
from bouncery.model import Source
from tests.messages import NAMES, addresses, corpus, hard, is_stated, see
from tests.strategies import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
SMALL = Limits(text_bytes=200, report_bytes=300, header_bytes=150, parts=2, depth=1, recipients=1, match_chars=50)
WITNESSED = [Action.FAILED, Action.DELAYED]
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            b"\n",
            b"\n\n",
            b"\r",
            b"--b",
            b"--b--",
            b"Content-Type: multipart/report; boundary=b",
            b"Content-Type: message/delivery-status",
            b"Content-Type: text/html",
            b"Content-Transfer-Encoding: base64",
            b"Final-Recipient: rfc822;",
            b"u@example.com",
            b"Action: failed",
            b"Status: 5.1.1",
            b"550 ",
            b"User unknown",
            b"<",
            b">",
            b"\x80",
            b"=?utf-8?b?",
            b"?=",
            b" ",
            b"From: MAILER-DAEMON",
            b"{",
            b"\\u0000",
        ]
    )
    | st.binary(max_size=8),
    max_size=40,
).map(b"".join)


def strings(value: object) -> Iterator[str]:
    """Give every string in a report."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for piece in pair for text in strings(piece))
    elif isinstance(value, (list, tuple)):
        yield from (text for piece in value for text in strings(piece))


def shown(message: Message, part: int) -> str:
    """Give the text of a part as its evidence counts it: decoded, and rendered where it is markup."""
    text = message.parts[part].text
    return to_text(text) if message.parts[part].media_type == "text/html" else text


def check_report(data: bytes, report: Report) -> None:
    """Check what must hold for any report on any bytes."""
    encoded = msgspec.json.encode(report)
    assert msgspec.json.decode(encoded, type=Report) == report
    assert not any(SURROGATE.search(text) for text in strings(msgspec.to_builtins(report)))
    for address in addresses(report):
        assert address
        assert not CONTROL.search(address)
    message = read(data, Limits())
    for recipient in report.recipients:
        verdict = recipient.verdict
        assert (verdict.decision is None) == (recipient.action not in WITNESSED)
        if verdict.decision is Decision.HARD:
            assert verdict.rule
            assert verdict.evidence
        for evidence in verdict.evidence:
            check_place(evidence, message)


def check_place(evidence: Evidence, message: Message) -> None:
    """Check that a place, where evidence has one, lies within the text of a part."""
    if evidence.part is None:
        assert evidence.start is evidence.end is None
        return
    assert evidence.start is not None
    assert evidence.end is not None
    assert 0 <= evidence.start <= evidence.end <= len(shown(message, evidence.part))


@given(st.binary(max_size=400) | FRAGMENTS)
@example(b"")
@example(b"\0")
@example(b"\xff\xfe")
@example(b"Content-Type: multipart/report; boundary=\n\n--\n\n----\n")
def test_total_over_bytes(data: bytes) -> None:
    """Any bytes give a report that can be written."""
    check_report(data, parse(data))


@given(damaged())
def test_total_over_damaged_messages(data: bytes) -> None:
    """Any damage to a message gives a report that can be written, the same one each time."""
    report = parse(data)
    check_report(data, report)
    assert parse(data) == report


@given(damaged())
def test_total_under_small_limits(data: bytes) -> None:
    """Any limits give a report, of no more recipients than they allow."""
    report = parse(data, limits=SMALL)
    assert len(report.recipients) <= 1
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


@given(damaged())
def test_no_address_is_invented(data: bytes) -> None:
    """Whatever address is reported stands in the message, or is a local part at the reporting host."""
    report = parse(data)
    seen = see(data)
    for address in addresses(report):
        assert is_stated(address, seen, report), address


@pytest.mark.parametrize("name", NAMES)
def test_no_address_of_the_corpus_is_invented(name: str) -> None:
    """The same for every message of the corpus as it is."""
    report = parse(corpus(name))
    seen = see(corpus(name))
    assert [address for address in addresses(report) if not is_stated(address, seen, report)] == []


@pytest.mark.parametrize("name", NAMES)
def test_evidence_is_quoted_from_its_place(name: str) -> None:
    """The words of each piece of evidence stand where it says, but for folding and encoded words."""
    message = read(corpus(name), Limits())
    report = parse(corpus(name))
    check_report(corpus(name), report)
    for recipient in report.recipients:
        for evidence in recipient.verdict.evidence:
            if evidence.part is not None:
                place = decode_header(" ".join(shown(message, evidence.part)[evidence.start : evidence.end].split()))
                assert "".join(evidence.text.split()) in "".join(place.split()) + place, evidence


def judged(report: Report) -> set[str]:
    """Give the addresses on which a report has a verdict, and those that stand behind them."""
    found = [recipient for recipient in report.recipients if recipient.verdict.decision]
    return {comparable(address) for one in found for address in (one.address, one.final_address) if address}


LOCAL_PART_ALONE = {"text/local-01"}
"""Messages that name a local part, whose domain is the reporting host's unless the returned header tells another."""


def removed(report: Report, name: str) -> set[str]:
    """Give those whom a report removes; the local parts where nothing else is named."""
    addresses = {comparable(recipient.address) for recipient in hard(report)}
    return {address.partition("@")[0] for address in addresses} if name in LOCAL_PART_ALONE else addresses


def known(report: Report, name: str) -> set[str]:
    """Give those on whom a report has a verdict; the local parts where nothing else is named."""
    addresses = judged(report)
    return {address.partition("@")[0] for address in addresses} if name in LOCAL_PART_ALONE else addresses


@pytest.mark.parametrize("name", NAMES)
def test_truncation_between_lines_removes_nobody_else(name: str) -> None:
    """Wherever a message ends, only those are removed whom the whole message reports as failed."""
    data = corpus(name)
    whole = known(parse(data), name)
    for end in [found.end() for found in re.finditer(rb"\n|\r(?!\n)", data)]:
        assert removed(parse(data[:end]), name) <= whole, end


@given(st.data())
def test_truncation_anywhere_removes_nobody_else(data: st.DataObject) -> None:
    """The same within a line, where the end may fall into an address."""
    name = data.draw(st.sampled_from(NAMES))
    whole = corpus(name)
    end = data.draw(st.integers(0, len(whole)))
    assert removed(parse(whole[:end]), name) <= known(parse(whole), name)


@given(st.text(max_size=300), st.sampled_from([None, *Action]))
def test_any_reply_is_judged(reply: str, action: Action | None) -> None:
    """Any text gives a verdict, the same one each time; a hard one names its rule."""
    verdict = classify(reply, action=action)
    assert classify(reply, action=action) == verdict
    if verdict.decision is Decision.HARD:
        assert verdict.rule
        assert verdict.evidence[-1] == Evidence(Source.DIAGNOSTIC, reply)
    if action is Action.DELAYED:
        assert verdict.decision is Decision.RETRY
