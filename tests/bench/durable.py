"""What a run survives and what it costs: `python -m tests.bench.durable {kills,rate} [--help]`.

`kills` ends runs by SIGKILL at random moments and starts them again, then counts. `rate` compares a run into SQLite with
`bouncery parse` on the same mbox, both in two processes, and tells the most memory that any of the processes took.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bouncery.store import Store
from tests.cli.letters import FROM, bounce
from tests.sources.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUN = (sys.executable, "-c", "from bouncery.cli.run import command; command()")
PARSE = (sys.executable, "-c", "from bouncery.cli import main; main()", "parse")
KINDS = ("mbox", "maildir", "imap")
PATIENCE = 300.0


class Survived(NamedTuple):
    """What is there after runs that were killed: both should be the number of messages."""

    killed: int
    messages: int
    events: int
    left: int
    seconds: float


def address(number: int) -> str:
    """Give the recipient of a message."""
    return f"u{number}@example.com"


def write_mbox(path: Path, count: int) -> None:
    """Write bounces into an mbox, one at a time."""
    with path.open("wb") as stream:
        for number in range(count):
            stream.write(FROM + bounce(address(number)) + b"\n")


def write_maildir(path: Path, count: int) -> None:
    """Write bounces into a Maildir."""
    for room in ("tmp", "new", "cur"):
        (path / room).mkdir(parents=True)
    for number in range(count):
        (path / "new" / f"{1_764_000_000 + number}.M{number}P1.test").write_bytes(bounce(address(number)))


def prepared(kind: str, place: Path, count: int, stack: ExitStack) -> tuple[str, Dovecot | None]:
    """Make a source with bounces and give its URL."""
    if kind == "mbox":
        write_mbox(place / "box", count)
        return f"mbox:{place / 'box'}", None
    if kind == "maildir":
        write_maildir(place / "maildir", count)
        return f"maildir:{place / 'maildir'}", None
    server = stack.enter_context(Dovecot())
    server.fill("killed", (bounce(address(number)) for number in range(count)))
    return f"imap://killed@127.0.0.1:{server.imap}", server


def left(kind: str, place: Path, server: Dovecot | None) -> int:
    """Count what was not acknowledged; an mbox knows no such thing."""
    if server is not None:
        return server.count("killed")
    return len(list((place / "maildir" / "new").iterdir())) if kind == "maildir" else 0


def killed(kind: str, count: int, kills: int, seed: int, *, database: str | None = None, jobs: int = 1) -> Survived:
    """Kill runs at random moments until all is stored and all kills are used up; then look at what is there."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    begin = time.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-")))
        url, server = prepared(kind, place, count, stack)
        record = database or f"sqlite:///{place / 'record.db'}"
        command = (*RUN, url, "--db", record, "--quiet", "--batch", "20", "--jobs", str(jobs))
        # At points of the work rather than of the clock: whatever the machine does, the kills are spread over the run.
        for target in sorted(chance.sample(range(count * 9 // 10), kills)):
            while not kill_behind(command, record, target, chance.uniform(0.0, 0.05)):
                pass
        code = subprocess.run(command, check=False, env=environment(), timeout=PATIENCE).returncode
        assert code == 0, code
        with Store.open(record, create=False) as store:
            problems = store.check()
            assert not problems, problems
            totals = store.totals()
            names = sorted(event.address for event in store.events())
        assert names == sorted(map(address, range(count))), "some are missing or there twice"
        return Survived(kills, totals.messages, totals.events, left(kind, place, server), time.monotonic() - begin)


def environment() -> dict[str, str]:
    """Give the environment with the server's password."""
    return {**os.environ, "BOUNCERY_PASSWORD": PASSWORD}


def kill_behind(command: Sequence[str], record: str, target: int, pause: float) -> bool:
    """Kill a run a moment after it has stored `target` messages; False if it ended before."""
    with subprocess.Popen(command, env=environment(), start_new_session=True) as process:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and stored(record) < target and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def stored(record: str) -> int:
    """Count the messages that are stored so far."""
    path = record.removeprefix("sqlite:///")
    if path != record and not Path(path).exists():
        return 0
    import sqlite3

    import psycopg

    try:
        if path != record:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                return int(connection.execute("SELECT count(*) FROM bouncery_messages").fetchone()[0])
        with psycopg.connect(record) as server:
            row = server.execute("SELECT count(*) FROM bouncery_messages").fetchone()
            return int(row[0]) if row else 0
    except (sqlite3.OperationalError, psycopg.Error):
        return 0


class Cost(NamedTuple):
    """What a command took: seconds, and the most memory of any of its processes in MiB."""

    seconds: float
    memory: float


def cost(command: Sequence[str]) -> Cost:
    """Run a command and watch its processes."""
    begin = time.monotonic()
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment()) as process:
        while process.poll() is None:
            most = max([most, *map(memory, family(process.pid))])
            time.sleep(0.05)
    assert process.returncode == 0, process.returncode
    return Cost(time.monotonic() - begin, most / 1024)


def family(pid: int) -> Iterator[int]:
    """Give a process and its children, by what Linux tells of them."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def memory(pid: int) -> int:
    """Give the most memory that a process has taken so far, in KiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def rates(counts: Sequence[int], jobs: int) -> Iterator[str]:
    """Compare a run with `parse` on mboxes of several sizes."""
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="rate-") as folder:
            place = Path(folder)
            write_mbox(place / "box", count)
            parse = cost((*PARSE, "--json", "-j", str(jobs), str(place / "box")))
            run = cost((*RUN, str(place / "box"), "--db", f"sqlite:///{place / 'record.db'}", "-q", "-j", str(jobs)))
            with Store.open(f"sqlite:///{place / 'record.db'}", create=False) as store:
                assert store.totals().events == count
            yield (
                f"{count} messages, {jobs} processes: run {count / run.seconds:.0f} a second, "
                f"{run.memory:.0f} MiB at most; parse {count / parse.seconds:.0f} a second, {parse.memory:.0f} MiB at most; "
                f"{parse.seconds / run.seconds:.2f} times its rate"
            )


def main() -> None:
    """Print the measurements."""
    ask = argparse.ArgumentParser(prog="python -m tests.bench.durable", description=__doc__)
    parts = ask.add_subparsers(dest="part", required=True)
    kills = parts.add_parser("kills", help="runs ended by SIGKILL")
    kills.add_argument("--messages", type=int, default=5_000)
    kills.add_argument("--kills", type=int, default=50)
    kills.add_argument("--seed", type=int, default=1)
    kills.add_argument("--only", choices=KINDS)
    kills.add_argument("--db", help="an empty database; without it an SQLite file")
    rate = parts.add_parser("rate", help="messages a second and memory")
    rate.add_argument("--messages", type=int, nargs="+", default=[10_000, 100_000])
    rate.add_argument("--jobs", type=int, default=2)
    args = ask.parse_args()
    if args.part == "rate":
        for line in rates(args.messages, args.jobs):
            print(line, flush=True)
        return
    for kind in [args.only] if args.only else KINDS:
        found = killed(kind, args.messages, args.kills, args.seed, database=args.db)
        print(
            f"{kind}: {found.killed} kills, {found.messages} of {args.messages} messages and {found.events} events stored, "
            f"each once; {found.left} not acknowledged; {found.seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
