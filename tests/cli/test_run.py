# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery run`: read, judge, store, acknowledge; what it prints, and with which exit code it ends."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import smtplib
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from bouncery import Kind, Report
from bouncery.cli import judging, meter
from bouncery.cli.meter import Meter
from bouncery.cli.run import command
from bouncery.cli.running import Stop
from bouncery.cli.tally import Tally
from bouncery.model import Decision, Reason, Recipient, SourceError, StoreError, Verdict
from bouncery.sources.files import Mail
from bouncery.sources.inbox import Delivery, Outcome, open_inbox
from bouncery.store import Store
from tests.bench.durable import killed
from tests.cli.durable import NOW, OPTIONS, addresses, counts, letters, run_once
from tests.cli.letters import bounce, mailbox
from tests.sources.dovecot import free_ports
from tests.store.postgres import Server

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

PROGRAM = (sys.executable, "-c", "from bouncery.cli.run import command; command()")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOUNCERY_DB", raising=False)
    (tmp_path / "box").write_bytes(mailbox(30))
    return tmp_path


def run(*args: object, **extra: Any) -> Result:  # noqa: ANN401 - handed to click
    from bouncery.cli import Commands

    group = Commands("bouncery")
    group.get_command = lambda *_: command  # type: ignore[method-assign]
    return CliRunner().invoke(group, ["run", *map(str, args)], **extra)


def test_a_run_stores_everything_once_and_sums_up(here: Path) -> None:
    result = run("box", "--db", "r.db")
    assert result.exit_code == 0
    assert "30 messages in" in result.stdout
    assert "30 stored, 0 known before, 30 new events" in result.stdout
    for row in ("failure            30", "hard            30", "user_unknown            30", "example.com            30"):
        assert " ".join(row.split()) in " ".join(result.stdout.split())
    again = run("box", "--db", "r.db", "--json")
    summary = json.loads(again.stdout)
    assert (summary["messages"], summary["stored"], summary["known"], summary["events"]) == (0, 0, 30, 0)
    assert addresses(str(here / "r.db")) == sorted(f"u{number}@example.com" for number in range(30))


@pytest.mark.usefixtures("here")
def test_several_processes_store_the_same() -> None:
    summary = json.loads(run("box", "--db", "r.db", "--json", "-j", "2", "--batch", "7").stdout)
    assert (summary["stored"], summary["decisions"], summary["reasons"]) == (30, {"hard": 30}, {"user_unknown": 30})
    assert summary["outcomes"] == {"processed": 30}
    assert counts("r.db") == (30, 30)


def test_a_dry_run_writes_nothing(here: Path) -> None:
    result = run("box", "--dry-run")
    assert result.exit_code == 0
    assert "nothing stored: a dry run" in result.stdout
    assert os.listdir(here) == ["box"]  # noqa: PTH208 - names alone


@pytest.mark.usefixtures("here")
def test_a_bad_message_is_kept_aside_and_the_others_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(data: bytes, **_: object) -> Report:
        if b"u7@" in data:
            raise RecursionError("too deep\x1b[31m")
        return Report(kind=Kind.OTHER)

    monkeypatch.setattr(judging, "parse", fragile)
    result = run("box", "--db", "r.db", "--keep-raw", "10", "--json")
    assert result.exit_code == 1
    assert "kept aside (RecursionError: too deep·[31m)" in result.stderr
    assert len(json.loads(result.stdout)["aside"]) == 1
    with Store.open("r.db") as store:
        assert store.totals().aside == 1
        assert store.totals().messages == 30


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("box",), 64, "no record; give --db URL, or --dry-run"),
        (("--db", "r.db"), 64, "no SOURCE"),
        (("missing", "box", "--db", "r.db"), 66, "missing: no such file"),
        (("imaps://u:secret@h", "--db", "r.db"), 64, "does not belong into a URL"),
        (("ftp://h/x", "--db", "r.db"), 64, "no such kind of source"),
        (("box", "--db", "mysql://h/x"), 75, "no such kind of database"),
        (("box", "--db", "/nowhere/at/all/r.db"), 75, "see that the directory exists"),
        (("box", "--db", "postgresql://u@127.0.0.1:1/x"), 75, "see that the server runs"),
        (("box", "--db", "postgresql://u:secret@127.0.0.1:1/x"), 64, "set PGPASSWORD"),
        (("imap://u@127.0.0.1:1", "--retries", "0", "--db", "r.db"), 75, "see to the server"),
        (("pop3://u@127.0.0.1:1", "--retries", "0", "--db", "r.db"), 75, "see to the server"),
        (("box", "--db", "r.db", "--rules", "missing.toml"), 64, "missing.toml"),
    ],
)
def test_exit_codes(
    here: Path,  # noqa: ARG001 - where it runs
    args: tuple[str, ...],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOUNCERY_PASSWORD", "x")
    result = run(*args)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert "secret@" not in result.output
    assert "Traceback" not in result.output


def test_the_other_sources_are_read_when_one_cannot_be(here: Path) -> None:
    result = run("missing", "box", "--db", "r.db", "--json")
    assert result.exit_code == 66
    assert json.loads(result.stdout)["stored"] == 30
    assert counts(str(here / "r.db")) == (30, 30)


def box_of(here: Path, count: int) -> Path:
    box = here / "maildir"
    for room in ("tmp", "new", "cur"):
        (box / room).mkdir(parents=True)
    for number, data in enumerate(letters(count)):
        (box / "new" / str(number)).write_bytes(data)
    return box


def test_a_database_that_is_locked_is_75_and_acknowledges_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = box_of(here, 5)
    run("box", "--db", "r.db")
    opening = Store.open
    monkeypatch.setattr(Store, "open", lambda url, **extra: opening(url, **{**extra, "timeout": 0.2}))
    with sqlite3.connect("r.db") as other:
        other.execute("BEGIN IMMEDIATE")
        result = run(box, "--db", "r.db")
        other.rollback()
    other.close()
    assert result.exit_code == 75
    assert "another process has been writing for too long" in result.stderr
    assert len(os.listdir(box / "new")) == 5  # noqa: PTH208 - names alone
    assert run(box, "--db", "r.db").exit_code == 0
    assert counts("r.db")[0] == 30


def test_a_store_that_fails_in_the_middle_has_acknowledged_what_it_stored(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = box_of(here, 30)
    add = Store.add
    calls: list[int] = []

    def failing(self: Store, batch: Any) -> Any:  # noqa: ANN401 - handed on
        calls.append(1)
        if len(calls) == 3:
            raise StoreError("r.db: database or disk is full (SQLITE_FULL); make room on the disk and run again")
        return add(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", failing)
        result = run(box, "--db", "r.db", "--batch", "10")
    assert result.exit_code == 75
    assert "make room on the disk" in result.stderr
    assert counts("r.db") == (20, 20)
    assert len(os.listdir(box / "new")) == 10  # noqa: PTH208 - names alone
    assert run(box, "--db", "r.db").exit_code == 0
    assert counts("r.db") == (30, 30)


def test_a_postgresql_that_stops_in_the_middle_has_what_was_acknowledged(tmp_path: Path) -> None:
    box = box_of(tmp_path, 30)
    server = Server().start()
    asked = iter(range(100))

    def now() -> datetime:
        if next(asked) == 2:
            server.stop("immediate")
        return NOW

    try:
        record = server.database()
        options = msgspec.structs.replace(OPTIONS, batch_messages=10)
        with pytest.raises(StoreError, match="see that the server runs"):
            run_once(str(box), record, options, now=now)
        assert len(list((box / "new").iterdir())) == 10
        server.start()
        assert counts(record) == (20, 20)
        assert run_once(str(box), record, options).code == 0
        assert counts(record) == (30, 30)
    finally:
        server.stop("immediate")
        server.remove()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_finishes_the_batch_and_the_next_run_goes_on(here: Path, number: signal.Signals, code: int) -> None:
    (here / "many").write_bytes(mailbox(3_000))
    args = (*PROGRAM, "many", "--db", "r.db", "--batch", "20", "-j", "2", "--json")
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (here / "r.db").exists() or stored(here) < 100:
            time.sleep(0.01)
        process.send_signal(number)
        output, complaints = process.communicate(timeout=60)
    assert process.returncode == code, complaints
    assert complaints == b""
    summary = json.loads(output)
    assert 100 <= summary["stored"] < 3_000
    assert counts("r.db") == (summary["stored"], summary["stored"])
    assert json.loads(run("many", "--db", "r.db", "--json").stdout)["stored"] == 3_000 - summary["stored"]


def stored(here: Path) -> int:
    try:
        with sqlite3.connect(here / "r.db") as connection:
            return int(connection.execute("SELECT count(*) FROM bouncery_messages").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def test_a_second_signal_ends_it_at_once() -> None:
    stop = Stop()
    with stop.listening():
        signal.raise_signal(signal.SIGTERM)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


def test_an_lmtp_server_that_is_killed_loses_nothing(here: Path) -> None:
    (port,) = free_ports(1)
    args = (*PROGRAM, f"lmtp://127.0.0.1:{port}", "--db", "r.db", "--quiet")
    waiting = letters(300)
    processes = [subprocess.Popen(args)]
    end = time.monotonic() + 90
    while waiting and time.monotonic() < end:
        with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.LMTP("127.0.0.1", port) as server:
            while waiting:
                server.sendmail("", ["a@example.net"], waiting[0])
                waiting.pop(0)
                if len(waiting) == 300 - 90 * len(processes):
                    processes[-1].kill()
                    processes[-1].wait()
                    processes.append(subprocess.Popen(args))
        time.sleep(0.05)
    processes[-1].terminate()
    assert processes[-1].wait(30) == 0
    assert len(processes) == 4
    assert counts(str(here / "r.db")) == (300, 300)


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_runs_that_are_killed_lose_nothing_and_store_nothing_twice(kind: str) -> None:
    found = killed(kind, 300, 4, 7)
    assert (found.messages, found.events, found.left) == (300, 300, 0)


def test_sources_are_watched_side_by_side(here: Path) -> None:
    (port,) = free_ports(1)
    box = box_of(here, 3)
    args = (*PROGRAM, str(box), "box", f"lmtp://127.0.0.1:{port}", "--db", "r.db", "--watch", "--poll", "0.1", "--json")
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        import smtplib

        for _ in range(200):
            try:
                with smtplib.LMTP("127.0.0.1", port) as server:
                    server.sendmail("", ["a@example.net"], bounce("lmtp@example.com"))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        (box / "new" / "late").write_bytes(bounce("late@example.com"))
        end = time.monotonic() + 20
        while stored(here) < 35 and time.monotonic() < end:
            time.sleep(0.05)
        process.terminate()
        output, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, b"")
    assert json.loads(output)["events"] == 32
    assert {"lmtp@example.com", "late@example.com"} < set(addresses("r.db"))


def test_a_message_that_ends_the_process_is_kept_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "parse", deadly)
    judge = judging.Judge((), 2)
    monkeypatch.setattr(judging, "LATER_START", "fork")
    batch = [Delivery(Mail("x", number, data), str(number)) for number, data in enumerate(letters(6))]
    results = judge.submit(batch)()
    more = judge.submit(batch[:2])()
    judge.close()
    assert [result.problem for result in results] == [None] * 4 + ["the process that read it ended", None]
    assert [result.problem for result in more] == [None, None]


def deadly(data: bytes, **_: object) -> Report:
    """Break the process on one message."""
    if b"u4@" in data:
        os._exit(3)
    return Report(kind=Kind.OTHER)


@pytest.mark.parametrize(
    ("report", "outcome"),
    [
        (None, Outcome.UNRECOGNISED),
        (Report(kind=Kind.FAILURE), Outcome.UNRECOGNISED),
        (Report(kind=Kind.OTHER), Outcome.NOT_A_BOUNCE),
        (Report(kind=Kind.AUTO_REPLY), Outcome.NOT_A_BOUNCE),
        (Report(kind=Kind.UNSUBSCRIBE), Outcome.PROCESSED),
        (Report(kind=Kind.DELIVERED, recipients=(Recipient(address="a@example.com"),)), Outcome.PROCESSED),
        (
            Report(
                kind=Kind.FAILURE,
                recipients=(
                    Recipient(address="a@example.com", verdict=Verdict(decision=Decision.SOFT, reason=Reason.UNDETERMINED)),
                ),
            ),
            Outcome.UNRECOGNISED,
        ),
    ],
)
def test_outcomes(report: Report | None, outcome: Outcome) -> None:
    assert judging.outcome_of(report) is outcome


def test_a_log_is_stored_as_events(here: Path) -> None:
    (here / "mail.log").write_text(
        "2026-11-23T10:00:00+00:00 mx postfix/qmgr[9]: 4ABCD12345: from=<list@example.net>, size=1, nrcpt=1 (queue active)\n"
        "2026-11-23T10:00:01+00:00 mx postfix/smtp[9]: 4ABCD12345: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, "
        "delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 "
        "<u@example.com>: User unknown (in reply to RCPT TO command))\n"
    )
    summary = json.loads(run("postfix-log:mail.log", "--db", "r.db", "--json").stdout)
    assert (summary["events"], summary["decisions"]) == (1, {"hard": 1})
    assert json.loads(run("postfix-log:mail.log", "--db", "r.db", "--json").stdout)["stored"] == 0
    assert addresses("r.db") == ["u@example.com"]


def test_a_long_run_shows_rate_decisions_and_time_left(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "DELAY", 0.0)
    monkeypatch.setattr(meter, "REFRESH", 0.01)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    stream = io.StringIO()
    tally = Tally()
    tally.messages, tally.size = 12, (here / "box").stat().st_size // 2
    tally.decisions.update(hard=7, soft=5)
    with Meter(tally, [open_inbox(str(here / "box"))], Console(file=stream, width=120, force_terminal=True)) as shown:
        for _ in range(200):
            if "50%" in stream.getvalue():
                break
            threading.Event().wait(0.02)
    assert "12 messages, " in stream.getvalue()
    assert "7 hard, 5 soft" in stream.getvalue()
    assert "50%" in stream.getvalue()
    assert shown.bar is not None


def test_a_short_run_shows_no_bar(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Meter(Tally(), [open_inbox(str(here / "box"))]) as shown:
        assert shown.bar is None
    shown.update()
    assert shown.bar is None


def test_a_summary_names_the_greatest_and_counts_the_rest() -> None:
    tally = Tally()
    tally.providers.update({f"p{number}.example": number + 1 for number in range(12)})
    lines = list(tally.lines(dry=True))
    assert "  p11.example       12" in lines
    assert [line for line in lines if "others" in line] == ["  others             3"]


def test_what_nobody_foresaw_in_a_thread_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bouncery.cli import running

    def crash(_: object) -> None:
        raise BrokenProcessPool("no more")

    monkeypatch.setattr(running.Runner, "run", crash)
    result = run(box_of(here, 1), "box", "--watch", "--db", "r.db")
    assert isinstance(result.exception, BrokenProcessPool)


def test_problems_that_are_no_failure_leave_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    tally.trouble(SourceError("away"))
    assert tally.code == 0
    tally.skipped(SourceError("gone"))
    assert tally.code == 1
    assert capsys.readouterr().err == "bouncery: away\nbouncery: gone\n"
