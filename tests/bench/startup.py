"""What an import of the library costs, against an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time


def start(program: str) -> float:
    """Give the seconds that an interpreter takes to run a program."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - begin


def importing_costs(starts: int = 15, name: str = "bouncery") -> float:
    """Give the seconds that an import costs more than a bare start: the best of several of both, in turns."""
    pairs = [(start("pass"), start(f"import {name}")) for _ in range(starts)]
    return min(loaded for _, loaded in pairs) - min(bare for bare, _ in pairs)
