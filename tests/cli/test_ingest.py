# ruff: noqa: D103 - a test's name says what it holds
"""`bouncery ingest`: a message is stored and the exit code is 0, or it is not and the code is 75. There is no other."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bouncery import Report
from bouncery.cli import Commands, ingest, judging
from bouncery.store import Store
from tests.cli.durable import counts, run_once
from tests.cli.letters import FROM, bounce

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
from bouncery.cli import Commands
from bouncery.cli.ingest import command
group = Commands("bouncery")
group.get_command = lambda *_: command
group()
"""
PROGRAM = (
    sys.executable,
    "-c",
    CODE,
    "ingest",
)
NO_MAIL = bytes(range(256)) * 10


@pytest.fixture
def record(tmp_path: Path) -> str:
    return str(tmp_path / "r.db")


def program(*args: str, data: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run it as a mail server does."""
    clean = {name: value for name, value in os.environ.items() if name not in {"BOUNCERY_DB", "RECIPIENT"}}
    return subprocess.run(
        (*PROGRAM, *args), input=data, capture_output=True, check=False, env={**clean, **environment}, timeout=60
    )


@pytest.mark.parametrize("data", [bounce(), FROM + bounce(), NO_MAIL, b"", b"Subject: hello\n\nIs anybody there?\n"])
def test_a_message_is_stored_and_the_code_is_0(record: str, data: bytes) -> None:
    done = program("--db", record, data=data)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert counts(record)[0] == 1
    assert program("--db", record, data=data).returncode == 0
    assert counts(record)[0] == 1


def test_the_same_message_by_pipe_and_by_file_is_one_event(record: str, tmp_path: Path) -> None:
    program("--db", record, data=b"Delivered-To: list@example.net\n" + bounce())
    (tmp_path / "a.eml").write_bytes(bounce().replace(b"\n", b"\r\n"))
    run_once(str(tmp_path / "a.eml"), record)
    assert counts(record) == (1, 1)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), b"no record; give --db URL, or set BOUNCERY_DB"),
        (("--nonsense",), b"No such option"),
        (("--db",), b"requires an argument"),
        (("--db", "/nowhere/at/all/r.db"), b"see that the directory exists"),
        (("--db", "mysql://h/x"), b"no such kind of database"),
        (("--db", "postgresql://u@127.0.0.1:1/x"), b"see that the server runs"),
        (("--db", "postgresql://u:secret@h/x"), b"set PGPASSWORD"),
        (("--db", "r.db", "--config", "/nowhere"), b"the configuration cannot be read"),
        (("--db", "r.db", "--key-file", "/nowhere"), b"the key cannot be read"),
        (("--db", "r.db", "--rules", "/nowhere"), b"/nowhere"),
        (("--db", "r.db", "--keep-raw", "x"), b"is not a valid int"),
        (("--db", "r.db", "extra"), b"unexpected extra argument"),
    ],
)
def test_whatever_is_wrong_the_message_stays_in_the_queue(
    args: tuple[str, ...], said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = program(*args, data=bounce())
    assert done.returncode == 75, done.stderr
    assert said in done.stderr
    assert done.stdout == b""
    assert b"secret@" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_database_that_is_locked_is_75(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program("--db", record, data=bounce())
    opening = Store.open
    monkeypatch.setattr(Store, "open", lambda url, **extra: opening(url, **{**extra, "timeout": 0.2}))
    other = sqlite3.connect(record)
    other.execute("BEGIN IMMEDIATE")
    assert in_process("--db", record, data=bounce("b@example.com")) == 75
    other.rollback()
    other.close()
    assert counts(record) == (1, 1)


def in_process(*args: str, data: bytes) -> int:
    from click.testing import CliRunner

    group = Commands("bouncery")
    group.get_command = lambda *_: ingest.command  # type: ignore[method-assign]
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(group, ["ingest", *args], input=data).exit_code
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), SystemExit(3), RuntimeError("x"), OSError(28, "full")])
def test_no_exception_becomes_another_code(record: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Store, "add", failing)
    assert in_process("--db", record, data=bounce()) == 75


def test_a_message_that_cannot_be_judged_is_kept_aside(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(judging, "parse", fragile)
    assert in_process("--db", record, data=bounce()) == 0
    with Store.open(record) as store:
        assert store.totals().aside == 1


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_full_or_closed_output_makes_no_other_code(record: str, closed: str, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(bounce())
    number = {"stdout": 1, "stderr": 2}[closed]
    away = "/nowhere/x/r.db"
    for place, database, code in (("/dev/full", record, 0), ("/dev/full", away, 75), ("&-", record, 0), ("&-", away, 75)):
        redirect = f"{number}>{place}"
        done = subprocess.run(
            ("sh", "-c", f'exec "$@" < {tmp_path / "m"} {redirect}', "sh", *PROGRAM, "--db", database),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == code, (place, database, done)


def test_a_signal_is_75(record: str) -> None:
    with subprocess.Popen((*PROGRAM, "--db", record), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(bounce())
        process.stdin.flush()
        import time

        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 75


@pytest.mark.parametrize(
    ("args", "environment", "recipient"),
    [
        (["--to", "a@example.net"], {"RECIPIENT": "b@example.net"}, "a@example.net"),
        ([], {"RECIPIENT": "b@example.net"}, "b@example.net"),
        ([], {"RECIPIENT": "b@example.net", "ORIGINAL_RECIPIENT": "c@example.net"}, "c@example.net"),
        ([], {}, None),
    ],
)
def test_whom_a_message_is_for(
    record: str, args: list[str], environment: dict[str, str], recipient: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    def watching(_: bytes, *, envelope_to: str | None, **__: object) -> Report:
        asked.append(envelope_to)
        return Report()

    for name in ingest.RECIPIENTS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(judging, "parse", watching)
    assert in_process("--db", record, *args, data=bounce()) == 0
    assert asked == [recipient]
