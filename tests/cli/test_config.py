# ruff: noqa: D103 - a test's name says what it holds
"""The configuration file: the options' own names, and an explanation of every line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from bouncery.cli import Commands, config, ingest, run
from bouncery.cli.settings import names, shown
from tests.cli.letters import mailbox

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {"run": run.command, "config": config.command, "ingest": ingest.command}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "box").write_bytes(mailbox(3))
    return tmp_path


def call(*args: str) -> Result:
    group = Commands("bouncery")
    group.get_command = lambda _, cmd_name: COMMANDS[cmd_name]  # type: ignore[assignment, method-assign]
    return CliRunner().invoke(group, list(args))


GOOD = """\
db = "r.db"

[run]
source = ["box"]
jobs = 1
json = true
poll = 5.0
rules = []

[ingest]
keep-raw = 3
"""


def test_a_run_takes_what_the_file_says(here: Path) -> None:
    (here / "c.toml").write_text(GOOD)
    result = call("run", "--config", "c.toml")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["stored"] == 3
    assert (here / "r.db").exists()


def test_the_command_line_goes_before_the_file(here: Path) -> None:
    (here / "c.toml").write_text(GOOD)
    (here / "other").write_bytes(mailbox(5))
    result = call("run", "--config", "c.toml", "other", "--db", "s.db")
    assert json.loads(result.stdout)["stored"] == 5
    assert not (here / "r.db").exists()


def test_a_check_explains_every_line(here: Path) -> None:
    (here / "c.toml").write_text(GOOD)
    result = call("config", "check", "c.toml")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        'db = "r.db"',
        'run.source = ["box"]',
        "run.jobs = 1",
        "run.json = true",
        "run.poll = 5.0",
        "run.rules = []",
        "ingest.keep-raw = 3",
        "c.toml: 7 settings, no problems",
    ]
    assert lines[1] == f"    {names(run.command)['db'].help}"
    assert not (here / "r.db").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\njob = 2", "run.job = 2\n    no such option; did you mean jobs?"),
        ("xyzzy = 2", "no such option; there are"),
        ("[run]\npassword = 's3cret'", "a password does not belong into this file; give password-file"),
        ("[run]\njobs = 'two'", "'two' is not a valid int"),
        ("[run]\njobs = 0", "0 is not in the range"),
        ("[run]\nwatch = 1", "give true or false"),
        ("[run]\njobs = true", "give a value, not true or false"),
        ("[run]\nsource = 'box'", "give a list"),
        ("[run]\ndb = ['a']", "give one value"),
        ("[run]\nafter = 'burn'", "'burn' is not one of"),
        ("[run]\nsource = ['imaps://u:s3cret@h']", "a password does not belong into a URL"),
        ("[run]\nsource = ['missing']", "missing: no such file or directory"),
        ("[walk]\nx = 1", "no such command; there are run, ingest"),
    ],
)
def test_a_check_names_what_is_wrong(here: Path, text: str, said: str) -> None:
    (here / "c.toml").write_text(text)
    result = call("config", "check", "c.toml")
    assert result.exit_code == 1
    assert said in result.stdout
    assert "s3cret@" not in result.stdout
    assert "1 problem" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\njob = 2\nwatch = 3", "c.toml: run.job: no such option; did you mean jobs?\nc.toml: run.watch: give true"),
        ("run = 3", "run: give a table"),
        ("[run", "is no TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_run_refuses_a_file_with_mistakes(here: Path, text: str | None, said: str) -> None:
    if text is not None:
        (here / "c.toml").write_text(text)
    result = call("run", "--config", "c.toml", "box", "--dry-run")
    assert result.exit_code == 64
    assert said in result.stderr


def test_every_option_can_stand_in_a_file() -> None:
    known = names(run.command)
    assert {"source", "db", "jobs", "watch", "after", "password-file", "token-command", "dry-run"} <= known.keys()
    assert not {"config", "now", "help"} & known.keys()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("postgresql://u:s3cret@h/x", '"postgresql://u:***@h/x"'),
        ("imap://[::x", '"imap://..."'),
        (["a", True], '["a", true]'),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_without_passwords(value: object, text: str) -> None:
    assert shown(value) == text
