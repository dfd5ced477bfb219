# ruff: noqa: D103 - a test's name says what it holds
"""Killed between any two steps: no action is lost, and what comes twice comes under the same id."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bouncery.deciding import hand_over
from bouncery.store import Store
from bouncery.store.book import book
from tests.deciding.decider import STEPS, Notebook
from tests.deciding.world import contents, day, dies, run

ROOT = Path(__file__).parents[2]
ADDRESSES = ("u@example.com", "v@example.net", "w@example.org")
KILLS = (*STEPS, "the decision", "the first action", "the end")
TWICE = ("the first action", "the mark")
"""Steps between an action and its acknowledgement: only there may it come again."""


@pytest.mark.parametrize("step", KILLS)
def test_nothing_is_lost_and_nothing_doubled(url: str, tmp_path: Path, step: str) -> None:
    notes = tmp_path / "notes"
    with Store.open(url) as store:
        dies(store, *ADDRESSES)
    command = (sys.executable, "-m", "tests.deciding.decider", url, str(notes), step)
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Store.open(url) as store:
        assert store.check() == []
        run(store, 5)
        hand_over(store, Notebook(notes), lambda: day(5))
        assert run(store, 6).lines == []
        with book(store) as opened:
            assert opened.outbox.pending() == []
        rows = contents(store, "outbox", "heard")
    lines = notes.read_text("utf-8").splitlines()
    assert len(set(lines)) == len(ADDRESSES) == len(rows["bouncery_outbox"])
    assert len({line.split()[0] for line in lines}) == len(ADDRESSES)
    assert len(rows["bouncery_heard"]) == 2 * len(ADDRESSES)
    assert len(lines) - len(set(lines)) == (step in TWICE)
