"""The run over one source: read, judge, store, acknowledge, in this order and in batches."""

from __future__ import annotations

import signal
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bouncery.cli.judging import entry_of, outcome_of
from bouncery.model import SourceError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from types import FrameType

    from bouncery.cli.judging import Judge, Judged
    from bouncery.cli.tally import Tally
    from bouncery.sources.inbox import Delivery, Inbox
    from bouncery.store import Store


class Stop:
    """Tells that the run is to end: at a first signal when the batch is finished, at a second one at once."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self.signal = 0

    def __call__(self) -> bool:
        """Whether somebody asked."""
        return self.signal != 0

    def ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's signature
        """Take note of a signal."""
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals for a while."""
        before = {number: signal.signal(number, self.ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Record:
    """The store of one run; opened with the first need, and again after it failed. Without one nothing is written."""

    def __init__(self, opening: Callable[[], Store] | None) -> None:
        """Take what opens the store; None for a dry run."""
        self.opening = opening
        self.store: Store | None = None

    def opened(self) -> Store | None:
        """Give the store."""
        if self.store is None and self.opening is not None:
            self.store = self.opening()
        return self.store

    def close(self) -> None:
        """Close the store."""
        store, self.store = self.store, None
        if store is not None:
            store.close()


class SeenBefore:
    """Tells which messages of a source the store has."""

    def __init__(self, record: Record, source: str, tally: Tally) -> None:
        """Ask a store about a source."""
        self.record = record
        self.tally = tally
        self.source = source

    def __call__(self, identity: str, /) -> bool:
        """Tell it of one message."""
        return bool(self.many([identity]))

    def many(self, identities: Sequence[str], /) -> frozenset[str]:
        """Give those of many that are stored."""
        store = self.record.opened()
        found = store.seen_many(self.source, identities) if store and identities else frozenset()
        self.tally.passed_over(len(found))
        return found


class Runner:
    """One run over one source."""

    def __init__(
        self,
        inbox: Inbox,
        *,
        judge: Judge,
        opening: Callable[[], Store] | None,
        tally: Tally,
        stopped: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        """Take what a run needs; `opening` is None for a dry run."""
        self.inbox = inbox
        self.judge = judge
        self.record = Record(opening)
        self.tally = tally
        self.stopped = stopped
        self.now = now

    def run(self) -> None:
        """Take everything that the source has. Raises StoreError or SourceError when it cannot go on."""
        pending: deque[tuple[list[Delivery], Callable[[], list[Judged]]]] = deque()
        try:
            self.record.opened()
            for batch in self.inbox.deliveries(SeenBefore(self.record, self.inbox.name, self.tally)):
                if batch:
                    pending.append((batch, self.judge.submit(batch)))
                while pending and (not batch or len(pending) > self.judge.ahead):
                    self.settle(*pending.popleft())
                if self.stopped():
                    break
            while pending:
                self.settle(*pending.popleft())
        finally:
            self.inbox.close()
            self.record.close()

    def settle(self, batch: list[Delivery], judged: Callable[[], list[Judged]]) -> None:
        """Store a batch and only then acknowledge it."""
        now = self.now()
        results = judged()
        entries = [entry_of(delivery, found, self.inbox.name, now) for delivery, found in zip(batch, results, strict=True)]
        try:
            store = self.record.opened()
            added = store.add(entries) if store else None
        except StoreError as error:
            if not self.inbox.refuse(batch):
                raise
            self.record.close()
            self.tally.trouble(SourceError(f"{error} ({self.inbox.name}: its senders were told to try again)"))
            return
        outcomes = [outcome_of(entry.report) for entry in entries]
        self.tally.count(entries, outcomes, added)
        if store:
            self.inbox.acknowledge(list(zip(batch, outcomes, strict=True)))
