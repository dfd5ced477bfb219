"""What a run came to: counts while it goes on, a summary at its end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from bouncery.cli import exits
from bouncery.cli.safe import printable
from bouncery.cli.table import NO_DECISION, amount
from bouncery.model import Decision, SourceError
from bouncery.store.adding import provider

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.sources.inbox import Outcome
    from bouncery.store import Added, Entry

SHOWN = 10
"""Rows of reasons and providers in a summary for people."""


class Tally:
    """Counts what several threads read. Problems are named on standard error as they come; the worst gives the exit code."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lock = threading.Lock()
        self.begin = time.monotonic()
        self.messages = self.stored = self.events = self.known = self.size = 0
        self.outcomes: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.providers: Counter[str] = Counter()
        self.aside: list[str] = []
        self.code = exits.OK

    def count(self, entries: Sequence[Entry], outcomes: Sequence[Outcome], added: Added | None) -> None:
        """Count a batch; `added` is None when nothing was stored."""
        with self.lock:
            self.messages += len(entries)
            if added is not None:
                self.stored += added.messages
                self.events += added.events
                self.known += added.duplicates
            self.outcomes.update(outcome.name.lower() for outcome in outcomes)
            for entry in entries:
                self.size += entry.size
                self.look_at(entry)

    def passed_over(self, number: int) -> None:
        """Count what was not read, because it is stored."""
        with self.lock:
            self.known += number

    def look_at(self, entry: Entry) -> None:
        """Count what a message says."""
        if entry.report is None:
            problem = f"{entry.source}, message {entry.identity}: kept aside ({entry.problem})"
            self.aside.append(problem)
            self.complain(problem, exits.UNREADABLE)
            return
        self.kinds[entry.report.kind] += 1
        for recipient in entry.report.recipients:
            self.decisions[recipient.verdict.decision or NO_DECISION] += 1
            if recipient.verdict.reason:
                self.reasons[recipient.verdict.reason] += 1
            self.providers[provider(recipient)] += 1

    def complain(self, problem: str, code: int) -> None:
        """Name a problem."""
        click.echo(f"bouncery: {printable(problem)}", err=True)
        self.code = max(self.code, code)

    def skipped(self, error: SourceError) -> None:
        """Name what was passed over."""
        self.complain(str(error), exits.UNREADABLE)

    def trouble(self, error: SourceError) -> None:
        """Name what will be tried again, which is no failure of the run so far."""
        self.complain(str(error), exits.OK)

    def data(self) -> dict[str, Any]:
        """Give the summary for machines."""
        return {
            "messages": self.messages,
            "stored": self.stored,
            "known": self.known,
            "events": self.events,
            "bytes": self.size,
            "seconds": round(time.monotonic() - self.begin, 3),
            "outcomes": dict(self.outcomes),
            "kinds": dict(self.kinds),
            "decisions": dict(self.decisions),
            "reasons": dict(self.reasons.most_common()),
            "providers": dict(self.providers.most_common()),
            "aside": self.aside,
        }

    def decided(self) -> str:
        """Give the decisions so far in a few words."""
        order = (*Decision, NO_DECISION)
        return ", ".join(f"{self.decisions[name]} {name}" for name in order if name in self.decisions)

    def lines(self, *, dry: bool) -> Iterator[str]:
        """Give the summary for people."""
        seconds = max(time.monotonic() - self.begin, 0.001)
        rate = f"{self.messages / seconds:.0f} a second"
        yield f"{amount(self.messages, 'message')} in {seconds:.1f} s ({rate})"
        if dry:
            yield "nothing stored: a dry run"
        else:
            yield f"{self.stored} stored, {self.known} known before, {amount(self.events, 'new event')}"
        for title, counts in (
            ("kind", self.kinds),
            ("decision", self.decisions),
            ("reason", self.reasons),
            ("provider", self.providers),
        ):
            yield from rows(title, counts)
        if self.aside:
            yield f"{len(self.aside)} kept aside"


def rows(title: str, counts: Counter[str]) -> Iterator[str]:
    """Give a table of counts, the greatest first."""
    if not counts:
        return
    shown = counts.most_common(SHOWN)
    width = max(len(printable(name)) for name, _ in shown)
    yield f"\nby {title}"
    for name, number in shown:
        yield f"  {printable(name):<{width}} {number:>8}"
    if rest := counts.total() - sum(number for _, number in shown):
        yield f"  {'others':<{width}} {rest:>8}"
