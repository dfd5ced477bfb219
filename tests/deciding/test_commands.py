# ruff: noqa: D103 - a test's name says what it holds
"""The commands: what they print, what they say, and how they end."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from bouncery.cli import decide, exits, sent, simulate, token, undo, what_if
from bouncery.policy import Policy, PolicyError
from bouncery.policy.simulate import Trial
from bouncery.store import Store
from bouncery.store.book import book
from tests.cli.letters import on_terminal
from tests.deciding.world import KEYS, bounce, contents, day, dies, moment

if TYPE_CHECKING:
    from pathlib import Path

    import click
    from click.testing import Result

SECRETS = {"BOUNCERY_TOKEN_KEYS": "1:the-first-secret-of-ours", "BOUNCERY_RETURN_PATH": KEYS.return_path}


def run(command: click.Command, *args: object, **extra: Any) -> Result:  # noqa: ANN401 - handed to click
    return CliRunner().invoke(command, [str(arg) for arg in args], catch_exceptions=False, **extra)


def at(number: float) -> str:
    return moment(day(number)).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.fixture
def record(tmp_path: Path) -> str:
    """Give the path of an empty record."""
    path = str(tmp_path / "record.db")
    Store.open(path).close()
    return path


@pytest.fixture
def dead(record: str) -> str:
    """Give a record in which an address died."""
    with Store.open(record) as store:
        dies(store, "u@example.com")
    return record


def test_decide_begins_dry_and_says_so(dead: str) -> None:
    found = run(decide.command, "--db", dead, "--now", at(5))
    assert found.exit_code == exits.OK
    assert [json.loads(line)["step"] for line in found.stdout.splitlines()] == ["suspend"]
    assert "2 events; would be done: 1 suspend" in found.stderr
    assert "example.com: 1 action: 1 suspend" in found.stderr
    assert "this was a dry run, because nothing was ever handed over; give --no-dry-run to do it" in found.stderr
    again = run(decide.command, "--db", dead, "--now", at(5), "--no-dry-run")
    assert "; to be done: 1 suspend" in again.stderr
    assert json.loads(again.stdout)["address"] == "u@example.com"
    last = run(decide.command, "--db", dead, "--now", at(6))
    assert (last.stdout, last.stderr) == ("", "bouncery: 0 events; to be done: nothing\n")


def test_show_tells_where_an_address_stands_now_and_what_was_handed_over(dead: str) -> None:
    run(decide.command, "--db", dead, "--now", at(5), "--no-dry-run")
    shown = on_terminal(dead, "show", "u@example.com")
    assert "no longer stands" in shown  # the record is years old
    assert "suspend: done" in shown


def test_decide_names_the_one_setting_and_its_risk(record: str, tmp_path: Path) -> None:
    with Store.open(record) as store:
        store.add([bounce("u@example.com", number) for number in (0, 4, 8)])
    found = run(decide.command, "--db", record, "--now", at(9))
    assert json.loads(found.stdout)["step"] == "suspend"
    assert 'with trust = "address" in the policy. Anyone who knows an address could then' in found.stderr
    assert run(decide.command, "--db", record, "--now", at(9), "--no-dry-run").stdout == ""
    policy = tmp_path / "policy.toml"
    policy.write_text('trust = "address"\n', "utf-8")
    believing = run(decide.command, "--db", record, "--now", at(10), "--policy", policy)
    assert "neither signed" not in believing.stderr


def test_decide_tells_what_is_withheld(record: str) -> None:
    with Store.open(record) as store:
        dies(store, *(f"u{number}@d{number}.example.com" for number in range(12)))
    arguments = ("--db", record, "--no-dry-run", "--format", "addresses", "--now", at(5))
    found = run(decide.command, *arguments)
    assert found.exit_code == exits.TEMPORARY
    assert len(found.stdout.splitlines()) == 10
    assert "2 suspensions are withheld, because one run may do 10; see whether they are right" in found.stderr
    forced = run(decide.command, *arguments, "--force")
    assert (forced.exit_code, len(forced.stdout.splitlines())) == (exits.OK, 2)


@pytest.mark.parametrize(("code", "expected"), [(0, exits.OK), (75, exits.TEMPORARY), (1, exits.UNREADABLE)])
def test_decide_hands_over_to_a_command(dead: str, code: int, expected: int) -> None:
    command = f"{sys.executable} -c 'raise SystemExit({code})'"
    found = run(decide.command, "--db", dead, "--no-dry-run", "--now", at(5), "--exec", command)
    assert (found.exit_code, found.stdout) == (expected, "")
    assert ("u@example.com: suspend: exit code" in found.stderr) == bool(code)


def test_decide_refuses_a_command_before_it_decides(dead: str) -> None:
    assert run(decide.command, "--db", dead, "--no-dry-run", "--exec", "'").exit_code == 2
    assert "never" not in run(decide.command, "--db", dead, "--now", at(5)).stdout


def test_csv_holds_no_control_characters(record: str) -> None:
    with Store.open(record) as store:
        dies(store, "u@example.com")
        wrong = bounce("v@example.com", 0, ("hard", "user_unknown", "5.1.1", "550 5.1.1 \x1b[31mred\r\nUnknown"))
        store.add([wrong])
    found = run(decide.command, "--db", record, "--now", at(5), "--format", "csv")
    assert "\x1b" not in found.stdout
    assert [row[1] for row in csv.reader(io.StringIO(found.stdout))] == ["action", "suspend"]


@pytest.mark.parametrize("text", ["hard_strikes = 'two'", "no_such_number = 1", "preset = 'bold'"])
def test_a_wrong_number_is_named(dead: str, tmp_path: Path, text: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=text.partition(" ")[0]):
        run(decide.command, "--db", dead, "--policy", policy)


def test_a_policy_that_cannot_be_read_is_named(dead: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    for problem in ("cannot be read", "is no TOML"):
        found = run(decide.command, "--db", dead, "--policy", policy)
        assert found.exit_code == 2
        assert problem in found.stderr
        policy.write_text("= 1", "utf-8")


def test_undo_prints_who_is_cleared(dead: str) -> None:
    run(decide.command, "--db", dead, "--no-dry-run", "--now", at(5))
    dry = run(undo.command, "--db", dead, "--domain", "example.com", "--now", at(6), "--dry-run")
    assert json.loads(dry.stdout)["step"] == "clear"
    assert "2 events would be undone; 1 addresses stand otherwise" in dry.stderr
    found = run(undo.command, "--db", dead, "--reason", "user_unknown", "--text", "such user", "--now", at(6))
    assert json.loads(found.stdout)["step"] == "clear"
    assert "2 events undone" in found.stderr
    again = run(decide.command, "--db", dead, "--now", at(7))
    assert again.stdout == ""


def test_undo_needs_something(dead: str) -> None:
    with pytest.raises(PolicyError, match="undo: give a time"):
        run(undo.command, "--db", dead)


def test_what_if_in_json_and_as_a_table(dead: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[policy]\npreset = "cautious"\n', "utf-8")
    found = run(what_if.command, "--db", dead, "--policy", policy, "--now", at(5))
    compared = json.loads(found.stdout)
    assert [(one["now"], one["then"], one["change"]) for one in compared["differences"]] == [("suspend", "hold", "stays")]
    from bouncery.deciding import compare

    with Store.open(dead) as store:
        result = compare(store, Policy.preset("cautious"), Policy(), now=day(5))
    console = Console(width=120, file=io.StringIO())
    console.print(what_if.table(result))
    assert isinstance(console.file, io.StringIO)
    assert "u@example.com" in console.file.getvalue()
    assert what_if.summary(result).endswith("gone: 1 now, 0 then; 0 would go, 1 would stay, 1 stand otherwise")


def test_tokens_are_made_and_checked() -> None:
    made = run(token.command, "make", "U@example.com", "--list", "news", env=SECRETS)
    path = made.stdout.strip()
    assert path.startswith("bounces+")
    found = run(token.command, "check", path, "--address", "u@example.com", "--list", "News", env=SECRETS)
    assert (found.exit_code, json.loads(found.stdout)["holds"]) == (exits.OK, True)
    other = run(token.command, "check", path, "--address", "v@example.com", env=SECRETS)
    assert (other.exit_code, json.loads(other.stdout)["why"]) == (exits.UNREADABLE, "it was made for another address")
    bad = run(token.command, "check", path.replace("+", "+a", 1), "bounces@example.org", env=SECRETS)
    assert [json.loads(line)["why"] for line in bad.stdout.splitlines()] == ["length", "no token of ours"]
    bare = run(token.command, "make", "u@example.com", "--list", "news", "--bare", env=SECRETS).stdout.strip()
    assert f"bounces+{bare}@{KEYS.return_path.partition('@')[2]}" == path


def test_secrets_come_from_a_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("1:the-first-secret-of-ours\n", "utf-8")
    where = ("make", "u@example.com", "--return-path", KEYS.return_path, "--now", at(0))
    by_file = run(token.command, *where, "--token-keys-file", file)
    by_command = run(token.command, *where, "--token-keys-command", f"cat '{file}'")
    assert by_file.stdout == by_command.stdout == run(token.command, *where, env=SECRETS).stdout


@pytest.mark.parametrize(
    ("env", "extra"),
    [
        ({}, ()),
        ({"BOUNCERY_TOKEN_KEYS": "1:the-first-secret-of-ours"}, ()),
        ({"BOUNCERY_RETURN_PATH": "bounces@example.org"}, ()),
        ({**SECRETS, "BOUNCERY_TOKEN_KEYS": "1:short"}, ()),
        ({**SECRETS, "BOUNCERY_TOKEN_KEYS": "one:the-first-secret-of-ours"}, ()),
        ({**SECRETS, "BOUNCERY_RETURN_PATH": "no address"}, ()),
        (SECRETS, ("--token-keys-file", "/no/such/file")),
        (SECRETS, ("--token-keys-command", "false")),
        (SECRETS, ("--token-keys-command", "/no/such/command")),
    ],
)
def test_wrong_secrets_are_told_without_showing_them(env: dict[str, str], extra: tuple[str, ...]) -> None:
    with pytest.raises(PolicyError) as caught:
        run(token.command, "make", "u@example.com", *extra, env={"BOUNCERY_TOKEN_KEYS": None, **env})
    assert "secret-of" not in str(caught.value)


def test_sent_takes_lines_once_and_names_the_wrong_ones(tmp_path: Path) -> None:
    path = str(tmp_path / "record.db")
    good = [
        {"address": "u@example.com", "at": "2026-11-24T12:00:00Z", "message_id": "<1@example.org>", "list": "news"},
        {"address": "v@example.com", "at": "2026-11-24T12:00:00", "envelope_id": "e1", "kind": "added"},
        {"address": "w@example.com", "at": 1_795_521_600.5, "recipient_id": 17, "list_id": 3},
    ]
    bad = [
        '{"address": "nobody", "at": 0}',
        '{"address": "u@example.com", "at": "soon"}',
        '{"address": "u@example.com", "at": 0, "kind": "failure"}',
        '{"address": "u@example.com"}',
        '{"address": "u@example.com", "at": 0, "message": "x"}',
        "x" * 70_000,
    ]
    text = "\n".join([*map(json.dumps, good), "", *bad]) + "\n"
    found = run(sent.command, "--db", path, input=text)
    assert found.exit_code == exits.UNREADABLE
    assert found.stdout == "3 mails, 3 of them new; 6 lines could not be read\n"
    assert "-:5: address: 'nobody' is none" in found.stderr.replace("<stdin>", "-")
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(map(json.dumps, good)), "utf-8")
    again = run(sent.command, "--db", path, file)
    assert (again.exit_code, again.stdout) == (exits.OK, "3 mails, 0 of them new\n")
    with Store.open(path) as store, book(store) as opened:
        times = [row.at for row in opened.sends.between(0, opened.sends.last())]
        assert times == [int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())] * 3
        assert opened.sends.by_token("17/3", times[0], times[0] + 1) is not None
        assert len(contents(store, "sends")["bouncery_sends"]) == 3


def test_simulate_tells_what_a_policy_would_do() -> None:
    found = run(simulate.command, "--subscribers", 200, "--days", 120)
    trial = json.loads(found.stdout)
    assert trial["wrong"] == 0
    assert trial["dead"] > trial["dead_kept"]
    lines = simulate.told(Trial(**{**trial, "wrong_kinds": (("lives", 1),)}))
    assert lines[0].startswith("taken off wrongly    0 of ")
    assert lines[0].endswith("(1 lives)")
