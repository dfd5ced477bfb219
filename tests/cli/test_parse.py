# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery parse` in this process: what it prints, and with which exit code."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from bouncery import Kind, Report
from bouncery.cli import parse, work
from bouncery.cli.progress import Progress
from bouncery.sources import Mail
from tests.cli.letters import GIBBERISH, bounce, mailbox, run

if TYPE_CHECKING:
    from pathlib import Path

OWN_RULE = """\
[[rule]]
id = "frobnicated"
reason = "mailbox_full"
any = ["quux frobnicated"]
source = "our own server"
hits = ["550 quux frobnicated"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reports(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_piped_output_is_one_report_a_line(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce("a@example.com"))
    (here / "b.mbox").write_bytes(mailbox(2))
    result = run("parse", "a.eml", "b.mbox")
    assert result.exit_code == 0
    found = reports(result.stdout)
    assert [(row["source"], row["index"]) for row in found] == [("a.eml", 0), ("b.mbox", 0), ("b.mbox", 1)]
    assert [row["recipients"][0]["address"] for row in found] == ["a@example.com", "u0@example.com", "u1@example.com"]
    assert {row["recipients"][0]["verdict"]["decision"] for row in found} == {"hard"}


def test_standard_input_is_a_source() -> None:
    assert [row["source"] for row in reports(run("parse", "-", input=mailbox(2)).stdout)] == ["-", "-"]


def test_what_is_no_mail_is_no_error(here: Path) -> None:
    (here / "x.bin").write_bytes(bytes(range(256)))
    result = run("parse", "x.bin")
    assert result.exit_code == 0
    assert reports(result.stdout)[0]["kind"] == "other"
    assert reports(result.stdout)[0]["notes"]


def test_a_missing_source_is_named_and_the_others_are_read(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce())
    result = run("parse", "missing.eml", "a.eml")
    assert result.exit_code == 66
    assert "missing.eml: no such file or directory" in result.stderr
    assert len(reports(result.stdout)) == 1


def test_an_unreadable_message_is_named_and_the_others_are_read(here: Path) -> None:
    (here / "in").mkdir()
    (here / "in" / "a.eml").symlink_to("a.eml")
    (here / "in" / "b.eml").write_bytes(bounce())
    result = run("parse", "in")
    assert result.exit_code == 1
    assert "in/a.eml: cannot be read" in result.stderr
    assert [row["source"] for row in reports(result.stdout)] == ["in/b.eml"]


def test_a_message_that_breaks_the_parser_is_named_and_the_others_are_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(data: bytes, **_: object) -> Report:
        if b"u0@" in data:
            raise RecursionError("too deep\x1b[31m")
        return Report(kind=Kind.OTHER)

    monkeypatch.setattr(work, "parse", fragile)
    (here / "m").write_bytes(mailbox(2))
    result = run("parse", "m")
    assert result.exit_code == 1
    assert result.stderr == "bouncery: m, message 0: RecursionError: too deep·[31m\n"
    assert [row["index"] for row in reports(result.stdout)] == [1]


@pytest.mark.parametrize(
    "args",
    [
        ["parse"],
        ["parse", "--nonsense", "x"],
        ["parse", "-j", "0", "x"],
        ["nonsense"],
        [],
        ["explain"],
        ["rules"],
        ["codes", "1", "2"],
    ],
)
def test_wrong_usage_is_64(args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 64
    assert "Usage: bouncery" in result.stderr


def test_own_rules_outrank_the_shipped_ones(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce(reply=GIBBERISH))
    (here / "own.toml").write_text(OWN_RULE)
    before, after = (reports(run("parse", "a.eml", *extra).stdout)[0] for extra in ((), ("--rules", "own.toml")))
    assert before["recipients"][0]["verdict"]["reason"] == "undetermined"
    assert after["recipients"][0]["verdict"]["rule"] == "own/frobnicated"


def test_rules_of_the_environment_stay_beside_own_rules(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "env.toml").write_text(OWN_RULE)
    (here / "own.toml").write_text(OWN_RULE.replace("frobnicated", "defenestrated"))
    monkeypatch.setenv("BOUNCERY_RULES", str(here / "env.toml"))
    rules = work.ruleset((str(here / "own.toml"),))
    assert rules is not None
    assert {rule.id for rule in rules.rules if rule.user} == {"env/frobnicated", "own/defenestrated"}


def test_a_missing_rule_file_is_66_and_a_broken_one_64(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce())
    (here / "broken.toml").write_text("[[rule]]\n")
    assert run("parse", "a.eml", "--rules", "missing.toml").exit_code == 66
    result = run("parse", "a.eml", "--rules", "broken.toml")
    assert result.exit_code == 64
    assert "broken.toml" in result.stderr
    assert result.stdout == ""


def test_unknown_replies_are_collected_without_addresses(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce("joe.bloggs@example.com", GIBBERISH + " (joe.bloggs, ann@other.example)"))
    (here / "b.eml").write_bytes(bounce())
    assert run("parse", "a.eml", "b.eml", "--unknown", "new.txt").exit_code == 0
    assert (here / "new.txt").read_text() == "550 quux frobnicated 77 for u@example.com (u, u@example.com)\n"


def test_a_file_that_cannot_be_written_is_74(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce())
    result = run("parse", "a.eml", "--unknown", str(here / "no" / "such.txt"))
    assert result.exit_code == 74
    assert "such.txt" in result.stderr


@pytest.mark.parametrize("char", ["\x1b", "\x7f", "\x9b", "\u202e", "\U000e0041"])
def test_json_holds_no_raw_control_characters(here: Path, char: str) -> None:
    (here / "a.eml").write_bytes(bounce(reply=f"550 5.1.1 {{}} evil {char}[31m"))
    output = run("parse", "a.eml", "--json").stdout
    assert char not in output
    json.loads(output)


def test_processes_give_the_same_in_the_same_order(here: Path) -> None:
    (here / "m").write_bytes(mailbox(300))
    one, two = (run("parse", "m", "-j", str(jobs)) for jobs in (1, 2))
    assert one.stdout_bytes == two.stdout_bytes
    assert two.exit_code == 0


def test_few_messages_are_under_way_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK_MAILS", 1)
    taken = 0

    def source() -> Any:  # noqa: ANN401 - a generator
        nonlocal taken
        for number in range(50):
            taken = number
            yield Mail("m", number, bounce())

    found = work.outcomes(source(), (), 2)
    next(found)
    assert taken <= 2 * work.CHUNKS_PER_JOB + 1
    found.close()


def test_what_was_left_out_of_a_message_is_noted() -> None:
    outcome = work.outcome(Mail("m", 0, bounce(), omitted=5), ())
    assert "message: the last 5 bytes were not read" in json.loads(outcome.line)["notes"]
    assert outcome.size == len(bounce()) + 5


def test_a_worker_leaves_interrupts_to_its_parent() -> None:
    import signal

    before = signal.getsignal(signal.SIGINT)
    try:
        work.leave_interrupts_to_parent()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_directory_is_named_as_given(here: Path) -> None:
    (here / "in" / "sub").mkdir(parents=True)
    (here / "in" / "sub" / "a.eml").write_bytes(bounce())
    assert [row["source"] for row in reports(run("parse", "in").stdout)] == [os.path.join("in", "sub", "a.eml")]  # noqa: PTH118


def test_a_table_goes_to_the_console(here: Path) -> None:
    (here / "a.eml").write_bytes(bounce())
    screen = parse.terminal()
    stream = io.StringIO()
    screen.file = stream
    run = parse.Run(["a.eml"])
    with Progress(["a.eml"], screen) as progress:
        run.write(work.outcomes(run.mails(), (), 1), progress, screen, None)
    assert "user_unknown" in stream.getvalue()
    assert "1 message" in stream.getvalue()
    assert run.code == 0
