# ruff: noqa: D103 - a test's name says what it holds
"""What a person sees on a terminal: the table, the progress bar, and nothing that a mail could do to the terminal."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bouncery import Decision, Kind, Reason, Recipient, Report, Verdict
from bouncery.cli import progress
from bouncery.cli.safe import CONTROL, printable, printable_json
from bouncery.cli.table import Table
from bouncery.masking import masked
from bouncery.model import Evidence, Source
from tests.cli.letters import PROGRAM, bounce, mailbox

if TYPE_CHECKING:
    from pathlib import Path


def table(width: int = 120) -> tuple[Table, io.StringIO]:
    stream = io.StringIO()
    return Table(Console(file=stream, width=width, force_terminal=True, color_system="standard")), stream


def hard(address: str = "u@example.com", diagnostic: str | None = "550 5.1.1 User unknown") -> Recipient:
    verdict = Verdict(
        decision=Decision.HARD, reason=Reason.USER_UNKNOWN, evidence=(Evidence(Source.TEXT, "no such user here"),)
    )
    return Recipient(address=address, status="5.1.1", reply=550, diagnostic=diagnostic, verdict=verdict)


def on_terminal(*args: object) -> str:
    """Run a command on a terminal and give what it showed."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen((*PROGRAM, *map(str, args)), stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        assert process.wait(60) == 0
    os.close(master)
    return shown.decode()


def test_a_terminal_gets_a_table_with_totals(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce("a@example.com"))
    shown = on_terminal("parse", tmp_path / "a.eml")
    assert shown.count("\n") == 5
    for word in ("recipient", "decision", "reason", "status", "reply", "excerpt", "a@example.com", "\x1b[1;31mhard"):
        assert word in shown
    assert "1 message\x1b[0m: 1 failure" in shown


def test_a_terminal_gets_json_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bounce())
    assert on_terminal("parse", "--json", tmp_path / "a.eml").startswith('{"v":1,')


def test_rows_tell_decision_kind_and_words() -> None:
    shown, stream = table()
    shown.add(Report(kind=Kind.FAILURE, recipients=(hard(), hard(diagnostic=None))))
    shown.add(Report(kind=Kind.DELIVERED, recipients=(Recipient(address="d@example.com"),)))
    shown.add(Report(kind=Kind.OTHER, source="box", index=3, notes=("no mail",)))
    shown.totals()
    lines = [line for line in plain(stream.getvalue()).splitlines() if line]
    assert lines[1].split() == ["u@example.com", "hard", "user_unknown", "5.1.1", "550", "User", "unknown"]
    assert lines[2].endswith("no such user here")
    assert lines[3].split() == ["d@example.com", "-", "delivered"]
    assert lines[4].split() == ["-", "-", "other", "box:3.", "no", "mail"]
    assert lines[5:] == ["3 messages: 1 failure, 1 delivered, 1 other", "3 recipients: 2 hard, 1 no decision"]


def test_nothing_at_all_still_has_totals() -> None:
    shown, stream = table()
    shown.totals()
    assert plain(stream.getvalue()).split("\n") == ["", "0 messages", "0 recipients", ""]


@pytest.mark.parametrize("width", [20, 60, 80, 120, 300])
def test_no_line_is_wider_than_it_should_be(width: int) -> None:
    shown, stream = table(width)
    shown.add(Report(kind=Kind.FAILURE, recipients=(hard("ü" * 500 + "@example.com", "550 5.1.1 " + "日本" * 500),)))
    console = Console(width=width)
    for line in plain(stream.getvalue()).splitlines():
        assert console.render_str(line, markup=False, emoji=False).cell_len <= max(width, 69)


def plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@given(st.text())
def test_no_text_of_a_mail_can_control_the_terminal(text: str) -> None:
    shown, stream = table()
    shown.add(Report(kind=Kind.FAILURE, source=text, recipients=(hard(text, text),)))
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in plain(stream.getvalue()).replace("\n", ""))


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_is_one_line_that_can_be_encoded(text: str) -> None:
    line = printable(text)
    line.encode()
    assert len(line.splitlines()) <= 1
    assert printable(line) == line


@given(st.text())
def test_printable_json_keeps_the_value(text: str) -> None:
    import msgspec

    line = printable_json(msgspec.json.encode(text))
    assert msgspec.json.decode(line) == text
    assert CONTROL.search(line.decode()) is None


@pytest.mark.parametrize(
    ("text", "addresses", "result"),
    [
        ("550 <joe@example.org>: unknown", (), "550 <u@example.com>: unknown"),
        ("550 Unknown user Joe.Bloggs", ("joe.bloggs@example.org",), "550 Unknown user u"),
        ("bounce+joe=example.org@lists.example.net", (), "u@example.com"),
        ("joe=40example.org and joe%40example.org", (), "u@example.com and u@example.com"),
        ('"joe bloggs"@example.org', (), "u@example.com"),
        ("mailbox of ab is full", ("ab@example.org", None), "mailbox of ab is full"),
        ("two\r\n lines \x1b[0m", (), "two lines ·[0m"),
        ("jürgen@bücher.example unbekannt", (), "u@example.com unbekannt"),
    ],
)
def test_masking(text: str, addresses: tuple[str | None, ...], result: str) -> None:
    assert printable(masked(text, *addresses)) == result


def test_a_long_run_shows_a_bar_on_a_terminal_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m").write_bytes(mailbox(2))
    now = 0.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    for shown in (True, False):
        stream = io.StringIO()
        monkeypatch.setattr(sys.stderr, "isatty", lambda shown=shown: shown)
        now = 0.0
        with progress.Progress([str(tmp_path / "m")], Console(file=stream, force_terminal=True)) as bar:
            bar.advance(10)
            assert stream.getvalue() == ""
            now = progress.DELAY
            bar.advance(10)
            bar.advance(10)
        assert ("reading" in stream.getvalue()) is shown


def test_a_bar_has_no_end_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with progress.Progress(["-"], None) as bar:
        bar.advance(10)
        assert bar.bar is not None
        assert bar.bar.tasks[0].total is None
