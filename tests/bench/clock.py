"""Ratios of costs that are measured in turns in one process, so that a busy machine slows both sides alike."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def once(work: Callable[[T], object], given: Sequence[T]) -> float:
    """Give the mean seconds of work on each of the inputs."""
    start = time.process_time()
    for piece in given:
        work(piece)
    return (time.process_time() - start) / len(given)


def in_turns(given: Sequence[T], *works: Callable[[T], object], rounds: int = 7) -> list[float]:
    """Give the mean seconds of each work on the inputs: the best of several rounds, after one that warms up."""
    best = [float("inf")] * len(works)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + 1):
            for place, work in enumerate(works):
                cost = once(work, given)
                best[place] = min(best[place], cost) if number else best[place]
    finally:
        gc.enable()
    return best
