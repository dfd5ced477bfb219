"""The progress bar of a run: rate, decisions so far and time left; on a terminal, for what takes longer than two seconds."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from bouncery.cli.progress import DELAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.progress import Progress as Bar

    from bouncery.cli.tally import Tally
    from bouncery.sources.inbox import Inbox

REFRESH = 0.25


class Meter:
    """Shows how far the sources are; a context manager, so that the bar never outlives the run."""

    def __init__(self, tally: Tally, inboxes: Sequence[Inbox], console: Console | None = None) -> None:
        """Show what `tally` counts; on `console`, else on standard error."""
        self.tally = tally
        self.inboxes = inboxes
        self.console = console
        self.over = threading.Event()
        self.bar: Bar | None = None
        self.thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin, on a terminal."""
        if sys.stderr.isatty():
            self.thread = threading.Thread(target=self.follow, daemon=True)
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away."""
        self.over.set()
        if self.thread is not None:
            self.thread.join()
        if self.bar is not None:
            self.bar.stop()

    def follow(self) -> None:
        """Show the bar after a while, and keep it up to date."""
        if self.over.wait(DELAY):
            return
        self.bar = self.started()
        while not self.over.wait(REFRESH):
            self.update()

    def started(self) -> Bar:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        shape = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        bar = Bar(*shape, console=self.console or Console(stderr=True), transient=True)
        bar.add_task("reading", total=None)
        bar.start()
        return bar

    def update(self) -> None:
        """Bring the bar up to date: by bytes where all sources know them, else by messages."""
        if self.bar is None:
            return
        totals = [inbox.total for inbox in self.inboxes]
        kinds = {inbox.by_bytes for inbox in self.inboxes}
        known = [total for total in totals if total is not None]
        total = sum(known) if len(known) == len(totals) and len(kinds) == 1 else None
        done = self.tally.size if kinds == {True} else self.tally.messages
        rate = self.tally.messages / max(time.monotonic() - self.tally.begin, 0.001)
        words = f"{self.tally.messages} messages, {rate:.0f}/s  {self.tally.decided()}"
        self.bar.update(self.bar.task_ids[0], completed=done, total=total, description=words)
