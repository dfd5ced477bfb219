"""A run of the lab: the world and all servers at once, and the end of all of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.lab.cases import FOLDER
from corpus.lab.network import LabError, Namespace, lay_bridge, world_numbers
from corpus.lab.roots import Roots, lay_all
from corpus.lab.sinks import Book
from corpus.lab.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corpus.lab.cases import Case, Script
    from corpus.lab.servers import Server

PROJECT = FOLDER.parent.parent
LONGEST_LINE = 1 << 24


class Lab:
    """Everything of one run; `close` ends it, whatever has been opened."""

    def __init__(self, script: Script, roots: Path | None, say: Callable[[str], object]) -> None:
        """Take the cases, the folder that keeps the roots (None: a fresh one, removed at the end), and where to report."""
        self.script = script
        self.scratch = Path(tempfile.mkdtemp(prefix="bouncery-lab-"))
        self.roots = Roots((roots or self.scratch / "roots").absolute())
        self.say = say
        self.began = time.monotonic()
        self.world = Namespace("world")
        self.process: asyncio.subprocess.Process | None = None
        self.trials: list[Trial] = []

    def report(self, text: str) -> None:
        """Say what is going on, and since when."""
        self.say(f"{time.monotonic() - self.began:6.1f} s  {text}")

    async def run(self, servers: Sequence[Server], cases: Callable[[Server], list[Case]]) -> list[Trial]:
        """Try all servers at once and give their trials."""
        self.report("Debian and the servers' packages")
        await lay_all(self.roots, servers)
        self.report("the world")
        await self.open_world(servers)
        self.trials = [Trial(server, cases(server), Namespace(server.name)) for server in servers]
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self.listen())
            tries = [group.create_task(self.attempt(trial)) for trial in self.trials]
            await asyncio.gather(*tries)
            listening.cancel()
        return self.trials

    async def open_world(self, servers: Sequence[Server]) -> None:
        """Start the world: its network, then the one process that is all of it."""
        await self.world.open("world.example")
        sinks = Book(self.script).numbers()
        await lay_bridge(self.world, world_numbers(sinks))
        hosts = json.dumps({server.host: server.number for server in servers})
        argv = self.world.inside("env", f"--chdir={PROJECT}", sys.executable, "-m", "corpus.lab.world", hosts)
        self.process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE)
        if not self.process.stdout or not await self.process.stdout.readline():
            raise LabError("the world has not started; what it said stands above")

    async def listen(self) -> None:
        """Hand what the world tells to the trial that it is about."""
        stream = self.process.stdout if self.process else None
        while stream and (line := await stream.readline()):
            event = json.loads(line)
            for trial in self.trials:
                if trial.server.number == event.get("host"):
                    trial.heard(event)
        raise LabError("the world has ended before its time")

    async def attempt(self, trial: Trial) -> None:
        """Start a server, inject its cases, and watch it."""
        await trial.start(self.world, self.roots, self.scratch)
        self.report(f"{trial.server.name}: {trial.server.product} {trial.version} started, {len(trial.cases)} cases")
        for case in trial.cases:
            self.order(inject=case.id, into=trial.server.number, local=trial.server.local)
        await trial.watch()
        self.report(f"{trial.server.name}: {len(trial.waiting)} messages came back")

    def order(self, **words: object) -> None:
        """Tell the world to do something."""
        if self.process and self.process.stdin:
            self.process.stdin.write(json.dumps(words).encode() + b"\n")

    async def close(self) -> None:
        """End every process of the lab and remove what it wrote; mounts and networks end with their holders."""
        for space in (*(trial.space for trial in self.trials), self.world):
            await space.close()
        if self.process:
            await self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)
