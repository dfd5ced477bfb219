# ruff: noqa: D103 - a test's name says what it holds
"""Mailing lists: RFC 2369 and RFC 8058 (List-Unsubscribe), RFC 2919 (List-Id), RFC 3464, appendix C (who is removed)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery import Decision, Recipient, Report, Verdict, parse
from tests.conformance.rendered import HEADERS, RETURNED, dsn, failed, groups

if TYPE_CHECKING:
    from bouncery.model import Original

UNKNOWN = failed("u@example.com", "5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 <u@example.com>: User unknown")
WEB, MAIL = "https://lists.example.net/leave?u=4711", "mailto:leave@lists.example.net?subject=leave"


def original(*fields: str) -> Original:
    found = parse(dsn(groups(UNKNOWN), returned="\n".join((*fields, RETURNED)))).original
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (f"<{WEB}>, <{MAIL}>", (WEB, MAIL)),
        (f"<{MAIL}>,<{WEB}>", (MAIL, WEB)),
        (f"(best) <{MAIL}> , (or this (one)) <{WEB}> (last)", (MAIL, WEB)),
        (f"<{WEB}>, unheard of, <{MAIL}>", (WEB,)),
        (f"<{WEB}>, <{MAIL}", (WEB,)),
        ("<https://lists.example.net/\n leave?u=4711>", (WEB,)),
        ("<https://lists.example.net/leave(1),2>", ("https://lists.example.net/leave(1),2",)),
        (WEB, ()),
        (f"NO <{WEB}>", ()),
        ("(members only)", ()),
    ],
)
def test_list_1_unsubscribe_uris_in_order(field: str, expected: tuple[str, ...]) -> None:
    assert original(f"List-Unsubscribe: {field}").unsubscribe == expected


def test_list_1_only_the_returned_header_counts() -> None:
    """A notification may come over a list itself."""
    report = parse(dsn(groups(UNKNOWN), headers=f"{HEADERS}List-Unsubscribe: <{WEB}>\n"))
    assert report.original is not None
    assert report.original.unsubscribe == ()


@pytest.mark.parametrize(
    ("uri", "post", "expected"),
    [
        (WEB, "List-Unsubscribe=One-Click", True),
        (WEB.upper(), "List-Unsubscribe=One-Click", True),
        (f"{MAIL}>, <{WEB}", "List-Unsubscribe=One-Click", True),
        (MAIL, "List-Unsubscribe=One-Click", False),
        (WEB.replace("https", "http"), "List-Unsubscribe=One-Click", False),
        (WEB, "One-Click", False),
        (WEB, "", False),
    ],
)
def test_list_2_one_click_needs_an_https_uri(uri: str, post: str, *, expected: bool) -> None:
    assert original(f"List-Unsubscribe: <{uri}>", f"List-Unsubscribe-Post: {post}").one_click is expected


@pytest.mark.parametrize(
    "field",
    [
        "<news.lists.example.net>",
        "Garden Society news <news.lists.example.net>",
        '"News <the best>" <news.lists.example.net>',
        "(ours <not this>) <NEWS.Lists.Example.NET>",
        "=?utf-8?q?Gr=C3=BCn?= <news.lists.example.net>",
        "news.lists.example.net",
    ],
)
def test_list_3_one_identifier_whatever_the_phrase(field: str) -> None:
    found = original(f"List-Id: {field}")
    assert found.list_id == "news.lists.example.net"
    assert found.headers["list-id"] == field


def test_list_3_an_identifier_has_an_end() -> None:
    longest = "n" * 238 + ".lists.example.net"[-17:]
    assert original(f"List-Id: <{longest}>").list_id == longest
    assert original(f"List-Id: <{longest}n>").list_id is None


def test_list_4_a_failure_is_evidence_not_an_act() -> None:
    """What is done about an address follows from its history; one message gives the witness and leaves it there."""
    data = dsn(groups(UNKNOWN))
    verdict = parse(data).recipients[0].verdict
    assert (verdict.decision, verdict.evidence[0].text) == (Decision.HARD, "User unknown")
    told = {*Verdict.__struct_fields__, *Recipient.__struct_fields__, *Report.__struct_fields__}
    assert not told & {"unsubscribe", "remove", "removed", "suspend", "act"}


@pytest.mark.parametrize(
    ("group", "final", "decision"),
    [
        (UNKNOWN, True, Decision.HARD),
        (failed("u@example.com", "5.2.2"), True, Decision.SOFT),
        (failed("u@example.com", "4.4.1"), True, Decision.RETRY),
        (failed("u@example.com", "4.4.1", action="delayed"), False, Decision.RETRY),
        (failed("u@example.com", "5.1.1", action="delayed"), False, Decision.RETRY),
        (failed("u@example.com", "2.0.0", action="delivered"), False, None),
        (failed("u@example.com", "2.0.0", action="relayed"), False, None),
    ],
)
def test_list_5_what_counts_and_how_much(group: str, final: bool, decision: Decision | None) -> None:  # noqa: FBT001 - a table
    """A delay and a success are told from a temporary failure that was given up: only the latter is final."""
    (recipient,) = parse(dsn(groups(group))).recipients
    assert (recipient.final, recipient.verdict.decision) == (final, decision)


def test_list_6_the_original_recipient_is_the_subscriber() -> None:
    group = f"Original-Recipient: rfc822; u@example.com\n{failed('forwarded@example.org')}"
    (recipient,) = parse(dsn(groups(group), returned=RETURNED.replace("To: u@", "To: list@"))).recipients
    assert (recipient.address, recipient.final_address) == ("u@example.com", "forwarded@example.org")


def test_list_6_tokens_stand_beside_a_final_recipient() -> None:
    """Where only the final address is known, envelope id and Message-ID lead to the subscriber."""
    per_message = "Reporting-MTA: dns; mx.example.org\nOriginal-Envelope-Id: u+4711"
    report = parse(dsn(groups(failed("forwarded@example.org"), per_message=per_message)))
    assert report.original is not None
    assert (report.envelope_id, report.original.message_id) == ("u+4711", "<november-1@lists.example.net>")
    assert [(each.address, each.final_address) for each in report.recipients] == [("forwarded@example.org", None)]
