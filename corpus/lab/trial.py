"""The trial of one server: started in its own namespaces, given its cases, watched until its queue is empty."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from corpus.lab.names import PREFIX
from corpus.lab.network import LabError, Namespace, plug_in
from corpus.lab.roots import ENVIRONMENT
from corpus.lab.truth import Arrival

if TYPE_CHECKING:
    from pathlib import Path

    from corpus.lab.cases import Case
    from corpus.lab.roots import Roots
    from corpus.lab.servers import Server

LOG = "/var/log/bouncery.log"
POLL_SECONDS = 1.5
SETTLE_SECONDS = 0.8
"""How long after an arrival the queue is asked: the server takes the injected message off right behind the notification."""
QUIET_SECONDS = 5.0
"""How long nothing may come back, with an empty queue, before the trial ends."""


@dataclass
class Waiting:
    """A message that came back, until the queue has been asked."""

    case: Case
    data: bytes
    at: float
    queued: bool | None = None


@dataclass
class Trial:
    """One server under test and what came back from it."""

    server: Server
    cases: list[Case]
    space: Namespace
    root: str = ""
    version: str = ""
    waiting: list[Waiting] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    injected: set[str] = field(default_factory=set)
    listing: str = ""
    last: float = 0.0

    async def start(self, world: Namespace, roots: Roots, folder: Path) -> None:
        """Bring the server up."""
        server = self.server
        await self.space.open(server.host)
        await plug_in(world, self.space, server.number)
        self.root = str(await roots.mount(server, self.space, folder / server.name))
        for source, target in server.files.items():
            await self.space.run("install", "-D", "-m", "644", str(server.folder / source), self.root + target)
        await self.inside(f"echo nameserver {PREFIX}1 >/etc/resolv.conf; echo {server.host} >/etc/mailname")
        await self.inside(f"echo '127.0.0.1 localhost\n{PREFIX}{server.number} {server.host}' >/etc/hosts")
        commands = "\n".join(["set -e", *server.start])
        await self.inside(f"(\n{commands}\n) >{LOG} 2>&1 </dev/null || {{ tail -n 30 {LOG}; exit 1; }}")
        found = re.search(r"\d+(?:\.\d+)+", await self.inside(server.version))
        self.version = found[0] if found else "unknown"
        self.last = time.monotonic()

    async def inside(self, command: str) -> str:
        """Run a shell command in the server's root."""
        return await self.space.run(*ENVIRONMENT, "sh", "-c", command, root=self.root)

    def heard(self, event: dict[str, Any]) -> None:
        """Take in what the world tells of this server."""
        self.last = time.monotonic()
        if "injected" in event:
            self.injected.add(event["injected"])
            if event["refused"]:
                self.problems.append(f"{event['injected']}: not taken: {event['refused']}")
            return
        case = next((case for case in self.cases if case.id == event["mail"]), None)
        if case is None:
            self.problems.append(f"mail for {event['to']}, which no case has sent")
        else:
            self.waiting.append(Waiting(case, base64.b64decode(event["data"]), self.last))

    def holds(self, case: Case) -> bool:
        """Tell whether the queue, when last asked, held a case's message."""
        return bool(re.search(rf"list\+{re.escape(case.id)}(?:[@=]|-bounces-)", self.listing))

    async def watch(self) -> None:
        """Ask the queue again and again until it is empty and nothing comes back, or the server's time is over."""
        began = time.monotonic()
        while time.monotonic() - began < self.server.seconds:
            await asyncio.sleep(POLL_SECONDS)
            asked = time.monotonic()
            self.listing = await self.inside(self.server.queue)
            for each in self.waiting:
                if each.queued is None and asked - each.at > SETTLE_SECONDS:
                    each.queued = self.holds(each.case)
            if len(self.injected) < len(self.cases):
                began = asked
                continue
            busy = any(map(self.holds, self.cases))
            if not busy and time.monotonic() - self.last > QUIET_SECONDS:
                return
        self.problems += [f"{case.id}: still queued after {self.server.seconds} s" for case in self.cases if self.holds(case)]

    def arrivals(self) -> list[Arrival]:
        """Give what came back, in order, and note what did not."""
        back = {each.case.id for each in self.waiting}
        for case in self.cases:
            if case.silent and case.id in back:
                self.problems.append(f"{case.id}: something came back, and nothing should")
            if not case.silent and case.id not in back:
                self.problems.append(f"{case.id}: nothing came back")
        return [
            Arrival(server=self.server, version=self.version, case=each.case, data=each.data, queued=bool(each.queued))
            for each in self.waiting
        ]

    async def log(self) -> str:
        """Give the server's log."""
        try:
            return await self.inside(f"cat {LOG} {self.server.logs}")
        except LabError as error:
            return str(error)
