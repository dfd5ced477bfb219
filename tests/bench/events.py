"""A record with a million events: `python -m tests.bench.events [--events N] [--db URL]`.

Stores them in batches as `bouncery run` does, spread over a year, over 200,000 addresses and 2,000 providers of very unequal
size; then asks what `bouncery show` and `bouncery stats` ask. Each figure stands beside its bound.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery import Decision, Evidence, Kind, Reason, Recipient, Report, Verdict
from bouncery.model import Action, Source
from bouncery.store import By, Entry, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
MONTH = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
ADDRESSES_PER_EVENT = 0.2
PROVIDERS = 2_000
BATCH = 500
ASKED = 200
SHOW_SECONDS, STATS_SECONDS = 0.050, 2.0
OUTCOMES = (
    (Decision.HARD, Reason.USER_UNKNOWN, "550 5.1.1 <{}>: Recipient address rejected: User unknown in local recipient table"),
    (Decision.SOFT, Reason.MAILBOX_FULL, "552 5.2.2 <{}>: user is over quota"),
    (Decision.SOFT, Reason.SPAM, "554 5.7.1 Message to <{}> blocked as spam"),
    (Decision.RETRY, Reason.GREYLISTED, "450 4.7.1 <{}>: Recipient address rejected: Greylisted, try again later"),
    (Decision.RETRY, Reason.EXPIRED, "Message for <{}> expired after 5 days"),
)


def some_address(chance: random.Random, addresses: int) -> str:
    """Give one of so many addresses; a few domains have most of them."""
    number = int(addresses * chance.random())
    return f"user{number}@host{int(PROVIDERS * (number / addresses) ** 4)}.example"


def recipient(chance: random.Random, addresses: int) -> Recipient:
    """Give a recipient that failed in one of a few ways."""
    address = some_address(chance, addresses)
    decision, reason, reply = OUTCOMES[int(len(OUTCOMES) * chance.random())]
    text = reply.format(address)
    return Recipient(
        address=address,
        action=Action.FAILED,
        final=True,
        status=text[4:9],
        reply=int(text[:3]) if text[0].isdigit() else None,
        diagnostic=text,
        remote_mta=f"mx.{address.partition('@')[2]}",
        fields=(("Final-Recipient", f"rfc822; {address}"), ("Action", "failed"), ("Diagnostic-Code", f"smtp; {text}")),
        verdict=Verdict(
            decision=decision,
            reason=reason,
            fault=reason.fault,
            confidence=0.98,
            rule=f"{reason}/example",
            evidence=(Evidence(Source.DIAGNOSTIC, text, 1, 120, 120 + len(text)),),
        ),
    )


def entries(count: int) -> Iterator[Entry]:
    """Give messages in the order of their dates, one event each."""
    chance = random.Random(1)  # noqa: S311 - the same record each time
    addresses = max(1, int(count * ADDRESSES_PER_EVENT))
    for number in range(count):
        date = BEGIN + timedelta(days=DAYS * number / count)
        report = Report(
            kind=Kind.FAILURE,
            formats=("dsn", "postfix"),
            reporting_mta="mx.example.org",
            date=f"{date:%Y-%m-%dT%H:%M:%SZ}",
            message_id=f"<{number}@mx.example.org>",
            recipients=(recipient(chance, addresses),),
        )
        digest = sha256(str(number).encode()).digest()
        yield Entry("imap://bounces@mail.example.org/INBOX", f"1/{number}", report, digest, 4000, date + timedelta(minutes=1))


def fill(store: Store, count: int) -> float:
    """Store events; give the seconds that the store alone took."""
    spent = 0.0
    source = entries(count)
    while batch := [entry for _, entry in zip(range(BATCH), source, strict=False)]:
        begin = time.perf_counter()
        store.add(batch)
        spent += time.perf_counter() - begin
    return spent


def seconds(work: Callable[[], object]) -> float:
    """Time a piece of work on the clock."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def say(what: str, figure: str, detail: str = "") -> None:
    """Print a measurement."""
    print(f"{what:<38} {figure:>22}   {detail}", flush=True)


def ask(url: str, count: int) -> bool:
    """Ask what the commands ask, with a store that was just opened; give whether all bounds held."""
    chance = random.Random(2)  # noqa: S311 - the same questions each time
    addresses = max(1, int(count * ADDRESSES_PER_EVENT))
    asked = [some_address(chance, addresses) for _ in range(ASKED)]
    with Store.open(url, create=False) as store:
        first = seconds(lambda: store.history(asked[0]))
        times = sorted(seconds(lambda address=address: store.history(address)) for address in asked)  # type: ignore[misc]
        found = {address: len(store.history(address)) for address in asked}
        worst = {by: max(seconds(lambda by=by: store.statistics(*MONTH, by)) for _ in range(3)) for by in By}  # type: ignore[misc]
        year = seconds(lambda: store.statistics(by=By.PROVIDER))
    spread = (
        f"median {times[ASKED // 2] * 1000:.2f}, first {first * 1000:.1f} ms; {statistics.mean(found.values()):.1f} events each"
    )
    say("show: the history of an address", f"{times[-1] * 1000:.2f} ms", f"the slowest of {ASKED}, bound 50; {spread}")
    for by, took in worst.items():
        say(f"stats: a month by {by}", f"{took:.3f} s", "the slowest of 3, bound 2")
    say("stats: the year by provider", f"{year:.3f} s")
    program = (
        sys.executable,
        "-c",
        "from bouncery.cli.show import command; command()",
        "--db",
        url,
        max(asked, key=found.__getitem__),
    )
    start = min(seconds(lambda: subprocess.run(program, check=True, stdout=subprocess.DEVNULL)) for _ in range(3))
    say("bouncery show as a program", f"{start * 1000:.0f} ms", "most of it the start of Python and of SQLAlchemy")
    return max(first, times[-1]) < SHOW_SECONDS and max(worst.values()) < STATS_SECONDS


def main() -> None:
    """Fill a record and question it."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.events", description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--db", metavar="URL", help="an empty database; without it a new SQLite file")
    args = options.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.db"
        url = args.db or f"sqlite:///{path}"
        with Store.open(url) as store:
            spent = fill(store, args.events)
        size = f"{path.stat().st_size / args.events:.0f} bytes each" if not args.db else ""
        say(f"storing {args.events:,} events", f"{args.events / spent:,.0f} a second", f"{spent:.1f} s in all; {size}")
        held = ask(url, args.events)
    sys.exit(None if held else "a bound was broken")


if __name__ == "__main__":
    main()
