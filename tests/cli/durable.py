"""Runs over a source into a record, in this process, and what the record holds then."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bouncery.cli.judging import Judge
from bouncery.cli.running import Runner
from bouncery.cli.tally import Tally
from bouncery.sources.inbox import InboxOptions, open_inbox
from bouncery.store import Store
from tests.cli.letters import bounce

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.sources.inbox import Inbox

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPTIONS = InboxOptions(batch_messages=50, timeout=10.0, retries=8, poll=0.1)


def moment() -> datetime:
    """Give the time of all runs."""
    return NOW


def letters(count: int) -> list[bytes]:
    """Give bounces of u0@example.com, u1@example.com and so on."""
    return [bounce(f"u{number}@example.com") for number in range(count)]


def run_once(
    source: str | Inbox,
    record: str,
    options: InboxOptions = OPTIONS,
    *,
    now: Callable[[], datetime] = moment,
    stopped: Callable[[], bool] | None = None,
) -> Tally:
    """Run over a source."""
    tally = Tally()
    inbox = open_inbox(source, options) if isinstance(source, str) else source
    runner = Runner(
        inbox,
        judge=Judge((), 1),
        opening=partial(Store.open, record),
        tally=tally,
        stopped=stopped or options.stopped,
        now=now,
    )
    runner.run()
    return tally


def counts(record: str) -> tuple[int, int]:
    """Give how many messages, each once, and events a record holds, after a look at whether it is sound."""
    with Store.open(record, create=False) as store:
        assert store.check() == []
        totals = store.totals()
    return totals.messages, totals.events


def addresses(record: str) -> list[str]:
    """Give the address of each event, in order."""
    with Store.open(record, create=False) as store:
        return sorted(event.address for event in store.events())


class Nothing:
    """A store with nothing in it."""

    def __call__(self, _: str, /) -> bool:
        """Tell that a message is not stored."""
        return False

    def many(self, _: object, /) -> frozenset[str]:
        """Tell it of many."""
        return frozenset()
