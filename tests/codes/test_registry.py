# ruff: noqa: D103 - a test's name says what it holds
"""The registries are complete, well-formed and found by code, beginning and words."""

from __future__ import annotations

import re

import pytest

from bouncery.codes.registry import RETIRED, reply_code, reply_codes, search, status_code, status_codes

RFC_821 = [211, 214, 220, 221, 250, 251, 354, 421, 450, 451, 452, 500, 501, 502, 503, 504, 550, 551, 552, 553, 554]
STANDINGS = {"standard", "draft", "observed", "unconfirmed", "range"}
STATUS_STANDINGS = {"class", "subject", "registered", "unregistered", *RETIRED}


def test_the_founding_reply_codes_are_those_of_rfc_821() -> None:
    assert [int(entry.code) for entry in reply_codes() if re.search(r"\b821\b", entry.rfc)] == RFC_821


def test_reply_codes_are_well_formed_and_unique() -> None:
    codes = [entry.code for entry in reply_codes()]
    assert len(set(codes)) == len(codes)
    for entry in reply_codes():
        assert re.fullmatch(r"[2-5](\d\d|yz)", entry.code)
        assert entry.title
        assert entry.gist
        assert entry.standing in STANDINGS
        assert bool(entry.rfc) == (entry.standing not in ("observed", "unconfirmed")) or entry.code in ("200", "426")


def test_status_codes_are_well_formed_and_unique() -> None:
    current = [entry.code for entry in status_codes() if entry.standing not in RETIRED]
    assert len(set(current)) == len(current)
    for entry in status_codes():
        assert re.fullmatch(r"[X245]\.(\d+|x)\.(\d+|x)", entry.code)
        assert entry.title
        assert entry.gist
        assert entry.rfc
        assert entry.standing in STATUS_STANDINGS
        assert all(re.fullmatch(r"[2-5](\d\d|XX)", reply) for reply in entry.replies)


def test_every_subject_and_class_has_its_row() -> None:
    codes = {entry.code for entry in status_codes()}
    assert {f"X.{subject}.x" for subject in range(8)} | {"2.x.x", "4.x.x", "5.x.x"} <= codes


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("550", ["550"]),
        (" 550 ", ["550"]),
        ("599", ["5yz"]),
        ("650", []),
        ("50", ["500", "501", "502", "503", "504", "508"]),
        ("5.1.1", ["X.1.1"]),
        ("x.1.1", ["X.1.1"]),
        ("4.7.8", ["X.7.8", "X.7.8"]),
        ("5.6.2", ["X.6.2", "5.6.2"]),
        ("4.6.2", ["X.6.2"]),
        ("5.1.99", ["X.1.x"]),
        ("5.99.1", ["5.x.x"]),
        ("3.1.1", ["X.1.1"]),
        ("3.99.1", []),
        ("7504", ["521", "556", "X.3.2"]),
        ("no such thing anywhere", []),
    ],
)
def test_search(query: str, codes: list[str]) -> None:
    assert [entry.code for entry in search(query)] == codes


def test_a_subject_gives_all_its_details() -> None:
    found = [entry.code for entry in search("5.7")]
    assert found[:3] == ["X.7.x", "X.7.0", "X.7.1"]
    assert found == [entry.code for entry in search("5.7.")]
    assert len(found) >= 32


def test_words_must_all_occur() -> None:
    assert "X.2.2" in [entry.code for entry in search("FULL mailbox")]


@pytest.mark.parametrize(
    ("status", "code"), [("5.1.1", "X.1.1"), ("5.7.8", "X.7.8"), ("5.7.999", "X.7.x"), ("5.99.9", "5.x.x")]
)
def test_status_code_gives_the_most_specific_entry(status: str, code: str) -> None:
    entry = status_code(status)
    assert entry is not None
    assert entry.code == code
    assert entry.standing not in RETIRED


def test_what_is_no_code_has_no_entry() -> None:
    assert status_code("5.1") is None
    assert status_code("9.99.9") is None
    assert reply_code(650) is None
    assert reply_code(42) is None
