# ruff: noqa: D103 - a test's name says what it holds
"""A killed writer, a crashed server: every batch is there whole or not at all, and what was said to be stored is stored."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery.store import Store
from tests.store.postgres import Server
from tests.store.writer import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
KILLS = 3


def interrupted(url: str, interrupt: Callable[[subprocess.Popen[str]], None]) -> int:
    """Let a writer work for a while, interrupt it, and give the number of batches that it said were stored."""
    command = (sys.executable, "-m", "tests.store.writer", url)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        time.sleep(random.Random(lines[0]).uniform(0.0, 0.3))  # noqa: S311 - a moment, no secret
        interrupt(process)
        lines += process.stdout.readlines()
        process.wait(30)
    said = [line for line in lines if line.endswith("\n") and line.strip()]
    assert said, "the writer stored nothing"
    return int(said[-1]) + 1


def check(url: str, said: int) -> None:
    """See that all that was said to be stored is there, and nothing by halves."""
    with Store.open(url) as store:
        totals = store.totals()
        assert totals.messages % BATCH == 0
        assert said <= totals.messages // BATCH <= said + 1
        assert totals.events == totals.messages == totals.raw
        assert totals.copies == 0
        assert store.check() == []


def test_a_killed_writer_loses_nothing(url: str) -> None:
    for _ in range(KILLS):
        check(url, interrupted(url, lambda process: process.kill()))


def test_a_crashed_server_loses_nothing() -> None:
    server = Server(durable=True).start()
    try:
        url = server.database()
        for _ in range(2):
            said = interrupted(url, lambda _: server.stop("immediate"))
            server.start()
            check(url, said)
    finally:
        server.stop("immediate")
        server.remove()
