"""Show that the lab leaves nothing behind: `python -m tests.lab.leavings [--roots DIR]`, as root.

Runs it four times: to its end, stopped by SIGINT and by SIGTERM, and killed. Compares the namespaces, mounts,
processes and scratch folders of the machine before and after (a lab that is killed cannot remove its folder). Exit 1 where
something has stayed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import gettempdir

from corpus.lab.servers import names

PATIENCE_SECONDS = 30
LAB = re.compile(rf"corpus\.lab|bouncery-(?:world|base|{'|'.join(names())})")
RUNS: tuple[tuple[str, signal.Signals | None, float], ...] = (
    ("run to its end", None, 600.0),
    ("interrupted", signal.SIGINT, 8.0),
    ("terminated while it installs", signal.SIGTERM, 1.0),
    ("killed", signal.SIGKILL, 8.0),
)


def namespaces() -> set[str]:
    """Give the network and process namespaces that some process is in."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/*"):
        if path.name in {"net", "pid", "mnt"}:
            try:
                found.add(str(path.readlink()))
            except OSError:
                continue
    return found


def processes() -> set[str]:
    """Give the processes that are the lab's by their command line."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if LAB.search(words) and int(path.parent.name) != os.getpid():
            found.add(f"{path.parent.name} {words[:100]}")
    return found


def state() -> dict[str, set[str]]:
    """Give all that the lab could leave behind."""
    named = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "namespaces": namespaces(),
        "named network namespaces": set(named.splitlines()),
        "links": {line.split(":")[1] for line in links.splitlines()},
        "mounts": set(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()),
        "processes": processes(),
    }


def left_by(name: str, number: signal.Signals | None, seconds: float, options: list[str]) -> list[str]:
    """Run the lab once and give what has stayed of it."""
    before = state()
    scratch = set(Path(gettempdir()).glob("bouncery-lab-*"))
    command = [sys.executable, "-m", "corpus.lab", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as lab:
        try:
            lab.wait(seconds)
        except subprocess.TimeoutExpired:
            lab.send_signal(number or signal.SIGKILL)
            lab.wait(PATIENCE_SECONDS)
    time.sleep(1)
    after = state()
    stayed = [f"{name}: {kind}: {each}" for kind, things in after.items() for each in sorted(things - before[kind])]
    for path in sorted(set(Path(gettempdir()).glob("bouncery-lab-*")) - scratch):
        if number is signal.SIGKILL:
            shutil.rmtree(path)
        else:
            stayed.append(f"{name}: {path}")
    return stayed


def main(options: list[str]) -> int:
    """Run the lab in every way and print what has stayed."""
    stayed = [line for name, number, seconds in RUNS for line in left_by(name, number, seconds, options)]
    sys.stdout.write("".join(f"{line}\n" for line in stayed) or "nothing has stayed\n")
    return 1 if stayed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
