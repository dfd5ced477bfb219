"""The benchmark: `python -m tests.bench [FILE_OR_DIRECTORY ...] [--only NAME]`; without a path it runs on the corpus.

Every figure is a ratio to what ran beside it in the same process, or names the conditions that it was taken under.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.bench.speed import Line

CORPUS = Path(__file__).parents[2] / "corpus"


def messages(paths: Iterable[Path]) -> list[bytes]:
    """Read the files that were given, and every .eml below the directories."""
    files = [file for path in paths for file in (sorted(path.rglob("*.eml")) if path.is_dir() else [path])]
    return [file.read_bytes() for file in files]


def main() -> None:
    """Print the measurements."""
    ask = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    ask.add_argument("paths", nargs="*", type=Path, default=[CORPUS])
    ask.add_argument("--only", choices=("parsing", "matching", "starting", "growing", "sharing"))
    args = ask.parse_args()
    given = messages(args.paths)
    if not given:
        ask.error("no message in what was given: name files, or directories with .eml files")
    measurements: dict[str, Callable[[], list[Line]]] = {
        "parsing": lambda: speed.parsing(given),
        "matching": speed.matching,
        "starting": speed.starting,
        "growing": speed.growing,
        "sharing": lambda: speed.sharing(given),
    }
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name, measure in measurements.items():
        if args.only in {None, name}:
            for line in measure():
                print(f"{line.what:<38} {line.figure:>22}   {line.detail}", flush=True)


if __name__ == "__main__":
    main()
