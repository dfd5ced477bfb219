# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery show`, `stats` and `db`: what they answer, to a person and to a program."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from bouncery import Decision, Kind, Reason, parse
from bouncery.cli import db, show, stats
from bouncery.model import Action, StoreError
from bouncery.store import Entry, Event, Row, Store
from bouncery.store.tables import EVENTS
from tests.cli.letters import bounce, on_terminal
from tests.store.entries import KEY, NOW, decided, entry, failed, report

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RAW = bounce("raw@example.com")
DAYS = ("2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z", "2026-11-02T23:59:59Z")


@pytest.fixture
def record(tmp_path: Path) -> str:
    """Give a record of a few days, with a raw message."""
    path = str(tmp_path / "record.db")
    full = decided(Decision.SOFT, Reason.MAILBOX_FULL, remote_mta="gmail-smtp-in.l.google.com", diagnostic="452 \x1b[31mfull")
    relayed = decided(None, action=Action.DELIVERED, remote_mta=None, diagnostic=None, status=None, reply=None)
    reports = (
        report(failed(), date=DAYS[0]),
        report(full, date=DAYS[1]),
        report(relayed, kind=Kind.DELIVERED, date=DAYS[2], reporting_mta=None),
    )
    with Store.open(path, keep_raw_days=30) as store:
        store.add([entry(number, made) for number, made in enumerate(reports)])
        store.add([Entry("pipe", "1", parse(RAW), hashlib.sha256(RAW).digest(), len(RAW), NOW, raw=RAW)])
    return path


def run(command: click.Command, *args: str, **extra: Any) -> Result:  # noqa: ANN401 - handed to click
    return CliRunner().invoke(command, [*args], **extra)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def drawn(table: object, width: int = 110) -> str:
    """Give what a table looks like."""
    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


def events(path: str, address: str = "u@example.com") -> list[Event]:
    with Store.open(path) as store:
        return store.history(address)


def test_a_program_gets_one_event_a_line(record: str) -> None:
    found = lines(run(show.command, "--db", record, "U@Example.com"))
    assert [event["at"] for event in found] == list(DAYS)
    assert found[0]["report"]["recipients"][0]["verdict"]["evidence"][0]["text"] == "User unknown"
    assert found[0]["digest"] == entry(0).digest.hex()


@pytest.mark.parametrize("spelled", ["<u@example.com>", "A. User <u@EXAMPLE.com>", "mailto:u@example.com", '"u"@example.com'])
def test_an_address_may_be_spelled_in_any_way(record: str, spelled: str) -> None:
    assert len(lines(run(show.command, "--db", record, spelled))) == 3


def test_an_address_that_is_not_there_is_no_error(record: str) -> None:
    result = run(show.command, "--db", record, "nobody@example.com\x1b[31m")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "bouncery: nothing is recorded about nobody@example.com·[31m\n"


def test_a_person_gets_a_table_with_the_evidence(record: str) -> None:
    shown = drawn(show.table(events(record)))
    for words in (
        "2026-11-01 10:00",
        "hard",
        "user_unknown",
        "5.1.1",
        "550",
        "mx.example.com:",
        "rule user_unknown/unknown",
        "mbox:bounces",
        "mailbox_full",
        "452 ·[31mfull",
        "delivered",
    ):
        assert words in shown
    assert "\x1b" not in shown
    assert entry(0).digest.hex() in "".join(shown.split())
    assert show.summary(events(record)) == "\n3 events: 1 hard, 1 soft, 1 no failure"
    assert show.summary(events(record)[:1]) == "\n1 event: 1 hard"


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("show", ("u@example.com",), ("decision", "\x1b[1;31mhard", "3 events: 1 hard, 1 soft, 1 no failure")),
        ("show", ("u@example.com", "--json"), ('{"address":"u@example.com"',)),
        ("stats", (), ("retry", "2026-11-02", "all")),
        ("stats", ("--json",), ('{"group":"2026-11-01"',)),
    ],
)
def test_a_terminal_gets_a_table_unless_json_is_asked_for(
    record: str, name: str, args: tuple[str, ...], words: tuple[str, ...]
) -> None:
    shown = on_terminal(record, name, *args)
    assert [word for word in words if word not in shown] == []


def test_a_witness_that_is_not_the_reply_is_quoted(record: str) -> None:
    first, *_ = events(record)
    told = list(show.evidence(first))
    assert told[0].startswith('mx.example.com: "550 5.1.1 <u@example.com>')
    assert told[1] == 'rule user_unknown/unknown: "User unknown" in the diagnostic'
    assert told[2].startswith("message 0 of mbox:bounces, SHA-256 ")


def test_statistics_for_a_program(record: str) -> None:
    assert lines(run(stats.command, "--db", record)) == [
        {"group": "2026-11-01", "events": 1, "hard": 1, "soft": 0, "retry": 0, "other": 0},
        {"group": "2026-11-02", "events": 2, "hard": 0, "soft": 1, "retry": 0, "other": 1},
        {"group": "2026-11-23", "events": 1, "hard": 1, "soft": 0, "retry": 0, "other": 0},
    ]
    assert [row["group"] for row in lines(run(stats.command, "--db", record, "--by", "provider"))] == ["example.com", "google"]
    assert {row["group"] for row in lines(run(stats.command, "--db", record, "--by", "reason", "--json"))} == {
        "user_unknown",
        "mailbox_full",
        "unknown",
    }


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("2026-11-02", "2026-11-02", 2),
        ("2026-11-01T10:00:01", "2026-11-02T23:59:59Z", 1),
        ("2026-11-02T01:00:00+02:00", "20261130", 3),
        ("2026-12-01", "2026-12-31", 0),
    ],
)
def test_a_day_counts_whole(record: str, since: str, until: str, count: int) -> None:
    found = lines(run(stats.command, "--db", record, "--since", since, "--until", until))
    assert sum(row["events"] for row in found) == count


def test_what_is_no_date_is_refused(record: str) -> None:
    result = run(stats.command, "--db", record, "--since", "yesterday")
    assert result.exit_code == 2
    assert "'yesterday' is no date; give 2026-11-30 or 2026-11-30T12:00:00Z" in result.stderr


def test_statistics_for_a_person() -> None:
    rows = [Row(f"{number}.example", 1200 - number, 1200 - number, 0, 0, 0) for number in range(60)]
    shown = drawn(stats.table(rows, "provider"))
    assert "0.example" in shown
    assert "1,200" in shown
    assert "11 others" in shown
    assert "59.example" not in shown
    total = sum(row.events for row in rows)
    assert f"{total:,}" in shown.splitlines()[-1]
    assert "49.example" in drawn(stats.table(rows[:50], "provider"))


def test_a_good_record_passes_the_check(record: str) -> None:
    result = run(db.command, "check", "--db", record)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{record}: 4 messages (0 further copies, 0 kept aside), 4 events, 1 raw messages; nothing wrong\n"
    )


def test_damage_is_named(record: str) -> None:
    with Store.open(record) as store, store.engine.begin() as connection:
        connection.execute(EVENTS.update().where(EVENTS.c.id == 1).values(facts="{"))
    result = run(db.command, "check", "--db", record)
    assert result.exit_code == 1
    assert "bouncery: event 1: its facts cannot be read" in result.stderr
    assert result.stdout.endswith("; 1 problems\n")


def test_vacuum_deletes_what_is_over(record: str) -> None:
    assert run(db.command, "vacuum", "--db", record, "--now", "2026-12-24").stdout == "0 raw messages deleted\n"
    assert run(db.command, "vacuum", "--db", record, "--now", "2026-12-25").stdout == "1 raw messages deleted\n"
    assert run(db.command, "vacuum", "--db", record).stdout == "0 raw messages deleted\n"


def test_export_to_standard_output_and_to_a_file(record: str, tmp_path: Path) -> None:
    assert len(lines(run(db.command, "export", "--db", record))) == 4
    result = run(db.command, "export", "--db", record, "--format", "csv", "-o", str(tmp_path / "events.csv"))
    assert (result.exit_code, result.stdout) == (0, "")
    with (tmp_path / "events.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["provider"] for row in csv.DictReader(stream)] == ["example.com", "google", "example.com", "example.com"]


def test_a_raw_message_is_given_back(record: str) -> None:
    digest = hashlib.sha256(RAW).hexdigest()
    assert run(db.command, "raw", "--db", record, digest).stdout_bytes == RAW
    assert run(db.command, "raw", "--db", record, digest[::-1]).exit_code == 66
    assert "the digest has 64 hexadecimal digits" in run(db.command, "raw", "--db", record, "no digest").stderr


def test_what_strangers_wrote_is_not_written_to_a_terminal(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for args in (("export", "--db", record), ("raw", "--db", record, "00")):
        with pytest.raises(click.UsageError, match="not for a terminal"):
            db.command.main([*args], standalone_mode=False)


def test_a_record_must_be_there(tmp_path: Path) -> None:
    for command, args in ((show.command, ["u@example.com"]), (stats.command, []), (db.command, ["check"])):
        result = run(command, *args, "--db", str(tmp_path / "missing.db"))
        assert isinstance(result.exception, StoreError)
        assert "missing.db: no such database" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_record_can_come_from_the_environment(record: str) -> None:
    assert len(lines(run(show.command, "u@example.com", env={"BOUNCERY_DB": record}))) == 3
    assert "BOUNCERY_DB" in run(stats.command, "--help").output
    result = run(stats.command)
    assert result.exit_code == 2
    assert "Missing option '--db'" in result.stderr


def test_hashed_addresses_are_found_with_the_key(tmp_path: Path) -> None:
    path, key = str(tmp_path / "record.db"), tmp_path / "key"
    key.write_bytes(KEY + b"\n")
    with Store.open(path, key=KEY) as store:
        store.add([entry(1)])
    (found,) = lines(run(show.command, "--db", path, "--key-file", str(key), "u@example.com"))
    assert "u@example.com" not in found["address"]
    result = run(show.command, "--db", path, "u@example.com")
    assert "addresses are hashed, and no key was given" in str(result.exception)
    result = run(show.command, "--db", path, "--key-file", str(tmp_path / "missing"), "u@example.com")
    assert "missing: the key cannot be read (No such file or directory)" in str(result.exception)


def test_vacuum_takes_the_time_of_now(record: str) -> None:
    with Store.open(record) as store:
        assert store.vacuum(datetime.now(UTC).replace(year=2000)) == 0
