"""A progress bar for what takes longer than two seconds, on a terminal only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from bouncery.sources import size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress as Bar

DELAY = 2.0
"""Seconds that pass before the bar is shown."""


class Progress:
    """Counts bytes of the sources; a context manager, so that the bar never outlives the work."""

    def __init__(self, sources: Sequence[str], console: Console | None) -> None:
        """Show the bar on `console`, where the rows of a table go, else on standard error."""
        self.sources = sources
        self.console = console
        self.shown = sys.stderr.isatty()
        self.begin = time.monotonic()
        self.done = 0
        self.bar: Bar | None = None

    def __enter__(self) -> Self:
        """Begin to count."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()

    def advance(self, size: int) -> None:
        """Count a message."""
        self.done += size
        if not self.shown:
            return
        if self.bar is None and time.monotonic() - self.begin >= DELAY:
            self.bar = self.start()
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=self.done)

    def start(self) -> Bar:
        """Show the bar; without an end where the size of the sources is not known."""
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        shape = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        bar = Bar(*shape, console=self.console or Console(stderr=True), transient=True)
        sizes = [size(source) for source in self.sources]
        known = [part for part in sizes if part is not None]
        bar.add_task("reading", total=sum(known) if len(known) == len(sizes) else None)
        bar.start()
        return bar
