# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery codes` and `bouncery rules check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bouncery import Reason, classify
from bouncery.cli import codes
from bouncery.codes.registry import reply_codes, status_codes
from tests.cli.letters import run

if TYPE_CHECKING:
    from pathlib import Path


def told(*query: str) -> str:
    result = run("codes", *query)
    assert result.exit_code == 0
    return result.stdout


def test_all_codes_are_listed_without_a_query() -> None:
    listed = [line.split()[0] for line in told().splitlines()]
    assert listed == [entry.code for entry in reply_codes()] + [entry.code for entry in status_codes()]


@pytest.mark.parametrize("code", [550, 421, 553])
def test_a_reply_code_is_told_with_what_we_decide(code: int) -> None:
    text = told(str(code))
    verdict = classify(f"{code}")
    assert f"{code} alone: {verdict.decision} {verdict.reason}" in text
    assert "RFC 821; 5321" in text
    assert "goes with:" in text or code == 553


def test_an_enhanced_code_is_told_for_both_classes() -> None:
    text = told("5.1.1")
    assert "X.1.1  Bad destination mailbox address" in text
    assert "5.1.1 alone: hard user_unknown (rule " in text
    assert "4.1.1 alone: " in text
    assert "goes with:  451, 550" in text


def test_a_success_is_no_failure() -> None:
    assert "250 alone: no failure" in told("250")


def test_a_retired_meaning_decides_nothing() -> None:
    assert "(superseded)" in told("5.6.2")
    assert told("5.6.2").count("alone:") == 2


def test_what_no_rfc_defines_is_marked() -> None:
    assert "no RFC (observed)" in told("571")
    assert "draft-martin" in told("456")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_told(reason: Reason) -> None:
    text = told(reason)
    assert text.startswith(f"{reason}  ")
    assert "what we decide: " in text


def test_user_unknown_names_its_codes() -> None:
    assert "5.1.1" in told("user_unknown")


def test_what_is_not_registered_is_said_so() -> None:
    assert "Nothing is registered for 9·." in told("9\x07")


def test_a_reply_code_without_partners_has_no_such_line() -> None:
    entry = next(entry for entry in reply_codes() if entry.code == "571")
    assert list(codes.partners_of(entry)) == []


def test_the_shipped_rules_are_clean() -> None:
    result = run("rules", "check")
    assert result.exit_code == 0, result.output
    assert "shipped rules: no problems" in result.stdout


def test_a_file_of_ones_own_is_checked(tmp_path: Path) -> None:
    good, bad, binary = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "binary.toml"
    good.write_text(
        '[[rule]]\nid = "frob"\nreason = "mailbox_full"\nany = ["quux has frobnicated"]\nsource = "us"\n'
        'hits = ["550 quux has frobnicated"]\n'
    )
    bad.write_text('[[rule]]\nid = "x"\nreson = "spam"\n')
    binary.write_bytes(b"\xff\xfe")
    assert run("rules", "check", good).output == "1 file: no problems\n"
    result = run("rules", "check", good, bad, binary)
    assert result.exit_code == 1
    assert "bad.toml" in result.stdout
    assert "binary.toml: cannot be read" in result.stdout
    assert result.stderr.startswith("3 files: ")
    assert run("rules", "check", tmp_path / "missing.toml").exit_code == 66


def test_a_rule_of_ones_own_stands_beside_the_one_it_overrides(tmp_path: Path) -> None:
    """Who writes a rule sees which shipped one it takes replies from."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[rule]]\nid = "ours"\nreason = "policy"\nany = ["user unknown here at all"]\nsource = "ours"\n'
        'hits = ["550 User unknown here at all"]\n',
        encoding="utf-8",
    )
    result = run("rules", "check", str(own))
    assert result.exit_code == 0
    assert "own/ours overrides user_unknown/unknown" in result.output
