"""Namespaces of the lab's own: each is held by one process, and all that is in it ends with that process.

Nothing has a name in the host's network, no mount shows outside, and a kill of the lab itself ends every process in them:
the holder reads from the lab and is the first process of its process namespace.
"""

from __future__ import annotations

import asyncio
import shlex
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from typing import TYPE_CHECKING

from corpus.lab.names import CAPTURE, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOLD = "trap '' CHLD; read -r pid rest </proc/self/stat; hostname \"$1\"; echo $pid; exec cat"
"""Says its process id as the host sees it, then waits. Orphans are reaped by the kernel since CHLD is ignored."""
BRIDGE = "bouncery"
PATIENCE_SECONDS = 10.0


class LabError(Exception):
    """Something of the lab that does not work: says what."""


async def run(argv: Sequence[str], *, failing: bool = False) -> str:
    """Run a command to its end and give what it printed. Raises LabError where it fails, unless it may."""
    process = await asyncio.create_subprocess_exec(*argv, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    try:
        printed, _ = await process.communicate()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
        raise
    text = printed.decode("utf-8", "replace")
    if process.returncode and not failing:
        raise LabError(f"{shlex.join(argv)} ended with {process.returncode}: {text[-2000:]}")
    return text


class Namespace:
    """A holder's namespaces: mounts, processes, host name, and its own network unless it is to reach the host's."""

    def __init__(self, name: str, *, own_network: bool = True) -> None:
        """Name the holder, for those who list processes."""
        self.name = f"bouncery-{name}"
        self.kinds = ["--mount", "--pid", "--uts", "--ipc", *(["--net"] if own_network else [])]
        self.holder: asyncio.subprocess.Process | None = None
        self.pid = 0

    async def open(self, host: str) -> None:
        """Start the holder; `host` is the host name inside."""
        argv = ["unshare", *self.kinds, "--fork", "--kill-child", "--propagation", "private"]
        self.holder = await asyncio.create_subprocess_exec(
            *argv, "sh", "-c", HOLD, self.name, host, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        line = await self.holder.stdout.readline() if self.holder.stdout else b""
        if not line.strip().isdigit():
            raise LabError(f"{self.name}: unshare gives no namespaces")
        self.pid = int(line)

    async def close(self) -> None:
        """End the holder and with it every process inside."""
        if self.holder and self.holder.stdin:
            self.holder.stdin.close()
            try:
                await asyncio.wait_for(self.holder.wait(), PATIENCE_SECONDS)
            except TimeoutError:
                self.holder.kill()
                await self.holder.wait()

    def inside(self, *argv: str, root: str | None = None) -> list[str]:
        """Give the command that runs another inside."""
        enter = ["nsenter", "--target", str(self.pid), *self.kinds]
        return [*enter, "--", *(["chroot", root] if root else []), *argv]

    async def run(self, *argv: str, root: str | None = None, failing: bool = False) -> str:
        """Run a command inside."""
        return await run(self.inside(*argv, root=root), failing=failing)


async def lay_bridge(world: Namespace, numbers: Iterable[int]) -> None:
    """Give the world its bridge with an address for each of its hosts."""
    await world.run("ip", "link", "set", "lo", "up")
    await world.run("ip", "link", "add", BRIDGE, "type", "bridge")
    for number in numbers:
        await world.run("ip", "address", "add", f"{PREFIX}{number}/24", "dev", BRIDGE)
    await world.run("ip", "link", "set", BRIDGE, "up")


def world_numbers(sinks: Iterable[int]) -> list[int]:
    """Give the numbers of all hosts of the world: names, the injecting client, the sinks, the sender's server."""
    return [1, 2, *sorted(sinks), CAPTURE]


async def plug_in(world: Namespace, server: Namespace, number: int) -> None:
    """Connect a server's network to the bridge."""
    port = f"port{number}"
    link = ["ip", "link", "add", port, "netns", str(world.pid), "type", "veth"]
    await run([*link, "peer", "name", "eth0", "netns", str(server.pid)])
    await world.run("ip", "link", "set", port, "master", BRIDGE, "up")
    await server.run("ip", "link", "set", "lo", "up")
    await server.run("ip", "address", "add", f"{PREFIX}{number}/24", "dev", "eth0")
    await server.run("ip", "link", "set", "eth0", "up")
