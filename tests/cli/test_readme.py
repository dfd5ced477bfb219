# ruff: noqa: D103 - a test's name says what it holds
"""The README shows real output, real decisions and commands that exist."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery.cli import COMMANDS
from bouncery.decide import DECISIONS
from bouncery.model import Permanence, Reason

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (\w+) \| (`.+`) \| (\w+) \| (\w+) \|$", re.MULTILINE)
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def shown(command: str) -> str:
    """Give what a command shows on a terminal of 100 columns."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    words = shlex.split(command)
    assert words[0] == "bouncery"
    program = (sys.executable, "-c", "from bouncery.cli import main; main()", *words[1:])
    with subprocess.Popen(program, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        pieces = []
        with contextlib.suppress(OSError):
            while data := os.read(master, 65536):
                pieces.append(data)
        assert process.wait(60) == 0
    os.close(master)
    return ANSI.sub("", b"".join(pieces).decode()).replace("\r\n", "\n")


def test_it_is_short() -> None:
    assert README.count("\n") <= 150


def test_the_program_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(blocks("python")[0], "README.md", "exec"), {})  # noqa: S102 - our own text
    assert output.getvalue() == blocks("text")[0]


def test_the_commands_print_what_is_shown() -> None:
    (session,) = blocks("console")
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        assert shown(command).strip("\n") == output.strip("\n")


def test_the_table_of_decisions_is_the_one_in_the_code() -> None:
    written = {}
    for permanence, reasons, temporary, final in ROW.findall(README):
        written[Permanence(permanence), True] = temporary
        written[Permanence(permanence), False] = final
        assert {Reason(name).permanence for name in re.findall(r"`(\w+)`", reasons)} == {Permanence(permanence)}
    assert written == DECISIONS


def test_every_command_is_described() -> None:
    assert set(re.findall(r"`bouncery ([\w-]+)", README)) == set(COMMANDS)


def test_the_number_of_reasons_is_right() -> None:
    assert f"{len(Reason)} in all" in README


def test_the_shell_commands_are_one_line_each() -> None:
    assert len(blocks("sh")) == 2
    for command in blocks("sh"):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && ")
