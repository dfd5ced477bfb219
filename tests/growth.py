"""Whether doubling an input at most doubles the time: the measure of the tests with hostile input."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ALLOWED = 2.5
"""Times the cost that twice the input may have."""
RUNS = 5
"""Measurements of which the best one counts: noise only ever adds."""
TRIES = 4
"""Times that a growth which looks too steep is measured again, before it counts."""


class Growth(NamedTuple):
    """Cost in seconds of an input and of its double."""

    single: float
    double: float

    @property
    def is_linear(self) -> bool:
        """Whether the double costs at most `ALLOWED` times as much."""
        return self.double <= ALLOWED * self.single


def best(work: Callable[[T], object], given: T, runs: int) -> float:
    """Give the least time that work took."""
    least = float("inf")
    for _ in range(runs):
        start = time.process_time()
        work(given)
        least = min(least, time.process_time() - start)
    return least


def growth(work: Callable[[T], object], single: T, double: T, floor: float) -> Growth:
    """Measure both inputs, again and better where the growth looks steep; below the floor it does not matter."""
    found = Growth(0.0, best(work, double, 1))
    if found.double <= floor:
        return found
    for attempt in range(TRIES):
        runs = RUNS if attempt else 1
        found = Growth(best(work, single, runs), best(work, double, runs))
        if found.double <= floor or found.is_linear:
            break
    return found
