"""Decides and hands over, and kills itself behind a step. `python -m tests.deciding.decider URL FILE STEP`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bouncery.deciding import hand_over
from bouncery.deciding.handing import Answer, Verdict
from bouncery.store import Store
from bouncery.store.heard import Heard
from bouncery.store.outbox import Outbox
from bouncery.store.states import States
from tests.deciding.world import day, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bouncery.deciding import Line

STEPS: dict[str, tuple[type, str]] = {
    "the run": (Heard, "begin_run"),
    "the events": (Heard, "add"),
    "the outbox": (Outbox, "add"),
    "the states": (States, "put"),
    "the guards": (States, "put_guards"),
    "the mark": (Outbox, "mark"),
}
"""Steps inside a transaction, by the method that ends them."""


def die() -> None:
    """End as in a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_behind(owner: type, name: str) -> None:
    """Let a method be the last one that runs."""
    method = getattr(owner, name)

    def last(*args: Any, **extra: Any) -> None:  # noqa: ANN401 - handed on
        method(*args, **extra)
        die()

    setattr(owner, name, last)


class Notebook:
    """Writes the id of each action into a file, as a host would carry it out."""

    portion = 1

    def __init__(self, path: Path, *, dies: bool = False) -> None:
        """Take the file, and whether the first action is the last one."""
        self.path = path
        self.dies = dies

    def take(self, lines: Sequence[Line]) -> list[Answer]:
        """Write actions down."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{line.id} {line.address} {line.step}\n" for line in lines)
        if self.dies:
            die()
        return [Answer(Verdict.DONE)] * len(lines)


def main() -> None:
    """Decide on day 5 and hand over."""
    url, path, step = sys.argv[1:]
    if step in STEPS:
        die_behind(*STEPS[step])
    with Store.open(url, create=False) as store:
        run(store, 5)
        if step == "the decision":
            die()
        hand_over(store, Notebook(Path(path), dies=step == "the first action"), lambda: day(5))
        die()


if __name__ == "__main__":
    main()
