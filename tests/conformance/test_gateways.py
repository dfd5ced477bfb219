# ruff: noqa: D103 - a test's name says what it holds
"""Gateways and old networks: UUCP (RFC 976), X.400 (RFC 2156), unknown charsets (RFC 1428), RFC 3464 E and RFC 3461, 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery import Kind, Reason, parse
from tests.conformance.rendered import RETURNED, dsn, failed, groups, multipart, part
from tests.messages import corpus

if TYPE_CHECKING:
    from bouncery import Report

UUCP_HEAD = """\
From daemon Mon Nov 23 10:00 GMT 2026 remote from gate
>From uucp Mon Nov 23 09:59 GMT 2026 remote from relay
From: MAILER-DAEMON@gate.example.org
To: owner@lists.example.net
Subject: Returned mail: cannot send

"""
X400_NAME = "/G=Uma/S=Hill/O=Example/ADMD=EXAMPLE/C=GB/"
VAGUE = "Your message could not be delivered."


def named(report: Report) -> list[str]:
    return [recipient.address for recipient in report.recipients]


def x400(diagnostic: str, *fields: str) -> bytes:
    rows = (
        f"Final-Recipient: x400; {X400_NAME}",
        "Original-Recipient: rfc822; u@example.com",
        "Action: failed",
        "Status: 5.0.0",
    )
    return dsn(groups("\n".join((*rows, f"Diagnostic-Code: x400; {diagnostic}", *fields))), text=VAGUE)


@pytest.mark.parametrize("path", ["a!b!user", "gate.example.com!user"])
def test_gw_1_a_bang_path_is_not_turned_round(path: str) -> None:
    """Kept as written; that `user` lives at the host before him is a guess."""
    report = parse(dsn(groups(failed(path)), returned=None, text=VAGUE))
    assert ("Final-Recipient", f"rfc822; {path}") in report.recipients[0].fields
    assert named(report) == [f"{path}@mx.example.org"]


@pytest.mark.parametrize("known", ["original", "text"])
def test_gw_1_the_address_that_the_sender_used_wins(known: str) -> None:
    original = "Original-Recipient: rfc822; user@gate.example.com\n" if known == "original" else ""
    text = f"{VAGUE}\n\nuser@gate.example.com\n" if known == "text" else VAGUE
    report = parse(dsn(groups(original + failed("gate.example.com!user")), returned=None, text=text))
    assert named(report) == ["user@gate.example.com"]


def test_gw_1_a_path_before_an_at_sign_is_a_local_part() -> None:
    assert named(parse(dsn(groups(failed("a!b@c.example.com"))))) == ["a!b@c.example.com"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("bad system name: relay\nuux failed. code 68\n554 <u@example.com>... Host unknown\n", Reason.DOMAIN_UNKNOWN),
        (
            "remote execution [uucp job C1234]\n  rmail u@example.com\nexited with status 67\nUser unknown\n",
            Reason.USER_UNKNOWN,
        ),
        ("rmail: <u@example.com>: 550 5.1.1 User unknown\n", Reason.USER_UNKNOWN),
    ],
)
def test_gw_2_envelope_lines_and_errors_of_uucp(words: str, reason: Reason) -> None:
    returned = (
        f"   ----- Unsent message follows -----\nFrom lists!owner Mon Nov 23 09:00 GMT 2026 remote from lists\n{RETURNED}"
    )
    report = parse(f"{UUCP_HEAD}Your mail could not be delivered.\n\n{words}\n{returned}".encode())
    assert (report.kind, named(report)) == (Kind.FAILURE, ["u@example.com"])
    assert report.recipients[0].verdict.reason is reason


def test_gw_3_an_x400_name_is_no_address() -> None:
    without = f"Final-Recipient: x400; {X400_NAME}\nAction: failed\nStatus: 5.1.1"
    assert named(parse(dsn(groups(without), returned=None, text=VAGUE))) == []
    assert named(parse(dsn(groups(without.replace("Example", "Ex@mple")), returned=None, text=VAGUE))) == []
    assert named(parse(dsn(groups(without), returned=None, text=f"{VAGUE}\n\nu@example.com\n"))) == ["u@example.com"]


def test_gw_3_extension_fields_are_kept() -> None:
    (recipient,) = parse(x400("1/0", "X400-Originally-Specified-Recipient-Number: 1", "X400-Last-Trace: none")).recipients
    assert recipient.fields[-2:] == (("X400-Originally-Specified-Recipient-Number", "1"), ("X400-Last-Trace", "none"))


@pytest.mark.parametrize(
    ("diagnostic", "reason"),
    [
        ("unable to transfer (1), unrecognised O/R name (0)", Reason.USER_UNKNOWN),
        ("reason 1 (unable-to-transfer); diagnostic 0 (unrecognised-OR-name)", Reason.USER_UNKNOWN),
        ("1 (Unable-To-Transfer) 5 (Maximum-Time-Expired)", Reason.EXPIRED),
        ("1 (Unable-To-Transfer) 7 (Content-Too-Long)", Reason.MESSAGE_TOO_LARGE),
        ("1/0", Reason.UNDETERMINED),
    ],
)
def test_gw_3_diagnostics_of_x400_by_name(diagnostic: str, reason: Reason) -> None:
    """The names of RFC 2156 are read; its bare numbers could be those of any other gateway."""
    (recipient,) = parse(x400(diagnostic)).recipients
    assert (recipient.address, recipient.reply, recipient.verdict.reason) == ("u@example.com", None, reason)


@pytest.mark.parametrize("charset", ["unknown-8bit", "UNKNOWN-8BIT", "x-unknown", "klingon", '""', "iso-8859-999"])
def test_gw_4_unknown_charsets(charset: str) -> None:
    words = part("Non remis à <u@example.com>: 550 5.1.1 Utilisateur inconnu", f"text/plain; charset={charset}")
    data = multipart((words, part(RETURNED, "message/rfc822")), "multipart/mixed")
    report = parse(data.replace("à".encode(), b"\xe0"))
    assert named(report) == ["u@example.com"]
    assert report.recipients[0].verdict.reason is Reason.USER_UNKNOWN
    assert any(note.startswith("charset ") for note in report.notes)


@pytest.mark.parametrize("mta", ["mailbus; SYS30", "x400; /MTA=SYS30/", "x-local-hostname; sys30", "x-office; SYS30"])
def test_gw_5_foreign_hosts_and_recipients(mta: str) -> None:
    """The name of a foreign system is nobody's address, not even at the host that reports."""
    group = "Final-Recipient: unknown; nair_s\nAction: failed\nStatus: 5.0.0"
    foreign = groups(group, per_message=f"Reporting-MTA: {mta}")
    assert named(parse(dsn(foreign, returned=None, text=VAGUE))) == []
    found = parse(dsn(foreign, returned=None, text=f"{VAGUE}\n\nS.Nair@example.com: Invalid address - nair_s\n"))
    assert (named(found), found.reporting_mta) == (["S.Nair@example.com"], mta.partition("; ")[2])


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("dsn/rfc3464-simple-01", Kind.FAILURE, [("lou@far.example.net", "4.0.0", "retry")]),
        (
            "dsn/rfc3464-multiple-01",
            Kind.FAILURE,
            [
                ("ari@gateway.example.com", "5.0.0", "hard"),
                ("jon@lab.example.org", "4.0.0", "retry"),
                ("will@sun.example.edu", "5.0.0", "hard"),
            ],
        ),
        ("dsn/rfc3464-gateway-01", Kind.FAILURE, []),
        ("dsn/rfc3464-delayed-01", Kind.DELAY, [("rita@slow.example.net", "4.0.0", "retry")]),
        ("dsn/rfc3461-delivered-01", Kind.DELIVERED, [("Carla@College.example", "2.0.0", None)]),
        ("dsn/rfc3461-failed-01", Kind.FAILURE, [("Dan@College.example", "5.1.1", "hard")]),
        ("dsn/rfc3461-relayed-01", Kind.RELAYED, [("George@Tax.example", "2.1.9", None)]),
        ("text/rfc3461-bounce-01", Kind.FAILURE, [("sam@boondoggle.example", None, "hard")]),
    ],
)
def test_gw_6_scenarios_of_rfc_3464_e_and_rfc_3461_10(
    name: str, kind: Kind, expected: list[tuple[str, str | None, str | None]]
) -> None:
    report = parse(corpus(name))
    assert report.kind is kind
    assert [(each.address, each.status, each.verdict.decision) for each in report.recipients] == expected


def test_gw_6_the_envelope_id_ties_them_to_one_message() -> None:
    names = ("dsn/rfc3461-delivered-01", "dsn/rfc3461-failed-01", "dsn/rfc3461-relayed-01")
    assert [parse(corpus(name)).envelope_id for name in names] == ["QQ314159"] * 3
