"""Waiting: for a server that is away, and for what comes next."""

from __future__ import annotations

import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

from bouncery.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bouncery.sources.inbox import InboxOptions

FIRST, LONGEST = 0.5, 60.0
SLICE = 0.2


class AwayError(SourceError):
    """A server that cannot be reached or does not answer as it should; trying again may help."""


def pauses(options: InboxOptions) -> Iterator[float]:
    """Give the seconds to wait before each further try: twice as long each time, up to a minute."""
    count = options.retries if not options.watch else None
    growing = [FIRST * 2**power for power in range(7)]
    endless = chain(growing, repeat(LONGEST))
    for number, seconds in enumerate(endless):
        if count is not None and number >= count:
            return
        yield seconds


def pause(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait, but not on when the run is to end."""
    end = time.monotonic() + seconds
    while not stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(SLICE, left))
