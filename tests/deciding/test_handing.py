# ruff: noqa: D103 - a test's name says what it holds
"""Handing over: to a command, action by action, or in print."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from bouncery.deciding import Handed, hand_over
from bouncery.deciding.handing import Command, Printer
from bouncery.deciding.line import COLUMNS
from bouncery.model import BounceryError
from bouncery.store.book import book
from bouncery.store.outbox import Status
from tests.deciding.world import bounce, day, dies, run, send, steps, taken

if TYPE_CHECKING:
    from pathlib import Path

    from bouncery.store import Store

SCRIPT = """\
import json, pathlib, sys
action = json.load(sys.stdin)
here = pathlib.Path(sys.argv[1])
with here.open("a") as notes:
    notes.write(json.dumps(action) + "\\n")
code = here.with_suffix(".codes")
codes = json.loads(code.read_text()) if code.exists() else {}
if action["address"] in codes:
    sys.exit(print("no\\nluck", file=sys.stderr) or codes[action["address"]])
"""


class Host:
    """A host whose command notes what it gets, and answers as it is told."""

    def __init__(self, folder: Path) -> None:
        """Write the command."""
        self.notes = folder / "notes.jsonl"
        script = folder / "host.py"
        script.write_text(SCRIPT, "utf-8")
        self.command = f"{sys.executable} '{script}' '{self.notes}'"

    def answer(self, **codes: int) -> None:
        """Let it answer with exit codes, by local part."""
        made = {f"{name}@example.com": code for name, code in codes.items()}
        self.notes.with_suffix(".codes").write_text(json.dumps(made), "utf-8")

    def took(self) -> list[dict[str, str]]:
        """Give what it got since the last time."""
        lines = self.notes.read_text("utf-8").splitlines() if self.notes.exists() else []
        self.notes.write_text("", "utf-8")
        return [json.loads(line) for line in lines]

    def hand(self, store: Store) -> Handed:
        """Hand everything over to it."""
        return hand_over(store, Command(self.command), lambda: day(6))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Give a host."""
    return Host(tmp_path)


def test_a_command_gets_each_action_in_json(store: Store, host: Host) -> None:
    dies(store, "u@example.com", "v@example.com")
    run(store, 5)
    assert host.hand(store) == Handed(2, [], [])
    took = host.took()
    assert sorted((one["address"], one["step"]) for one in took) == [("u@example.com", "suspend"), ("v@example.com", "suspend")]
    assert len({one["id"] for one in took}) == 2
    assert host.hand(store) == Handed(0, [], [])
    assert host.took() == []


def test_75_comes_again_under_the_same_id(store: Store, host: Host) -> None:
    dies(store, "u@example.com", "v@example.com")
    run(store, 5)
    host.answer(u=75)
    assert host.hand(store) == Handed(1, ["u@example.com: suspend: exit code 75: no luck"], [])
    first = {one["address"]: one["id"] for one in host.took()}
    host.answer()
    assert host.hand(store) == Handed(1, [], [])
    assert {one["address"]: one["id"] for one in host.took()} == {"u@example.com": first["u@example.com"]}


def test_what_waits_keeps_its_order(store: Store, host: Host) -> None:
    send(store, "u@example.com", 0)
    store.add([bounce("u@example.com", 0)])
    run(store, 1)
    host.answer(u=75)
    host.hand(store)
    host.took()
    run(store, 3.5)
    assert len(host.hand(store).later) == 1
    assert [one["step"] for one in host.took()] == ["hold"]
    host.answer()
    host.hand(store)
    assert [one["step"] for one in host.took()] == ["hold", "clear"]


def test_what_is_refused_is_kept_aside_with_the_reason(store: Store, host: Host) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    host.answer(u=3)
    assert host.hand(store) == Handed(0, [], ["u@example.com: suspend: exit code 3: no luck"])
    assert len(host.took()) == 1
    host.answer()
    assert host.hand(store) == Handed(0, [], [])
    with book(store) as opened:
        (parcel,) = opened.outbox.of(opened.sends.person("u@example.com"))
    assert (parcel.status, parcel.reason, parcel.attempts) == (Status.ASIDE, "exit code 3: no luck", 1)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/no/such/command", "the command does not run (No such file or directory)"),
        (f"{sys.executable} -c 'import time; time.sleep(9)'", "no answer within 0 seconds"),
        (f"{sys.executable} -c 'import os; os.kill(os.getpid(), 9)'", "exit code -9"),
    ],
)
def test_a_command_that_fails_loses_nothing(store: Store, command: str, why: str) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    seconds = 0.2 if "sleep" in command else 20
    found = hand_over(store, Command(command, seconds), lambda: day(6))
    assert found == Handed(0, [f"u@example.com: suspend: {why}"], [])
    assert len(taken(store)) == 1


@pytest.mark.parametrize("command", ["", "'"])
def test_a_command_must_be_one(command: str) -> None:
    with pytest.raises(BounceryError, match="--exec"):
        Command(command)


def test_csv_has_every_strike_and_no_formula(store: Store) -> None:
    send(store, "=cmd@example.com", 0)
    store.add([bounce("=cmd@example.com", 0)])
    found = run(store, 1)
    printer = Printer("csv", str)
    head, row = csv.reader(io.StringIO(printer.text(found.lines)))
    assert tuple(head) == COLUMNS
    assert row[:4] == ["'=cmd@example.com", "hold", "", "1.00"]
    assert '5.1.1 user_unknown L2 1.00 "550 5.1.1 No such user here" (mbox:bounces ' in row[9]
    assert printer.text([]) == ""


def test_addresses_are_those_that_get_no_more_mail(store: Store) -> None:
    send(store, "held@example.com", 4)
    store.add([bounce("held@example.com", 4)])
    dies(store, "u@example.com")
    found = run(store, 5)
    assert steps(found.lines) == [("held@example.com", "hold"), ("u@example.com", "suspend")]
    assert Printer("addresses", str).text(found.lines) == "u@example.com\n"


def test_a_printer_that_fails_acknowledges_nothing(store: Store) -> None:
    dies(store, "u@example.com")
    run(store, 5)

    def broken(_: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        hand_over(store, Printer("jsonl", broken), lambda: day(6))
    assert len(taken(store)) == 1
