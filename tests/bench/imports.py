"""Processes that import flanker for the first time at once: `python -m tests.bench.imports [--copies 12] [--processes 8]`.

Each copy of flanker is fresh, as after an installation: its parse tables are out of date and ply would rewrite them.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = "from bouncery._flanker import address_list; assert address_list('A <u@example.com>') == ['u@example.com']"
PLAIN = "from flanker.addresslib import address; assert address.parse_list('A <u@example.com>')"


def fresh_copy(folder: Path) -> Path:
    """Copy flanker and ply as they were installed; give the folder to put on the path."""
    for name in ("flanker", "ply"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, folder / name, ignore=shutil.ignore_patterns("__pycache__", "parser.out"))
    return folder


def simultaneously(folder: Path, processes: int, program: str = PROGRAM) -> list[tuple[int | None, str]]:
    """Start processes that use the copy in a folder at once; give exit code and stderr of each."""
    path = {"PYTHONPATH": str(folder), "PATH": ""}
    command = [sys.executable, "-c", program]
    started = [subprocess.Popen(command, env=path, stderr=subprocess.PIPE, text=True) for _ in range(processes)]
    return [(process.returncode, errors) for process in started for errors in [process.communicate()[1]]]


def main() -> None:
    """Print how many processes crashed and how many wrote to stderr, with this library and with flanker alone."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--copies", type=int, default=12)
    ask.add_argument("--processes", type=int, default=8)
    args = ask.parse_args()
    for name, program in (("bouncery", PROGRAM), ("flanker alone", PLAIN)):
        ended = []
        for _ in range(args.copies):
            with tempfile.TemporaryDirectory() as folder:
                ended += simultaneously(fresh_copy(Path(folder)), args.processes, program)
        crashed, noisy = sum(code != 0 for code, _ in ended), sum(bool(errors) for _, errors in ended)
        print(f"{name}: {crashed} of {len(ended)} crashed, {noisy} wrote to stderr")


if __name__ == "__main__":
    main()
