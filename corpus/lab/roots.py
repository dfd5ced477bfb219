"""Root file systems for the servers under test: Debian once, and above it a layer for each server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from corpus.lab.network import LabError, Namespace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from corpus.lab.servers import Server

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
SOURCES = f"deb {MIRROR} {SUITE} main\ndeb {MIRROR}-security {SUITE}-security main\n"
HELD_BACK = "#!/bin/sh\nexit 101\n"
"""What keeps packages from starting their services (policy-rc.d)."""
ENVIRONMENT = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
APT = ("apt-get", "-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-unsafe-io")
OLD_CLOCK = ("-o", "Acquire::Check-Valid-Until=false")
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
"""The authorities that the host trusts: what installs from elsewhere than Debian may have to go through a proxy of its own."""
DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
NAMES = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


class Roots:
    """The folder in which Debian and the layers are kept; those that are there are used again."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a folder."""
        self.folder = folder
        self.base = folder / "base"

    async def lay_base(self) -> None:
        """Install Debian's smallest system unless it is there."""
        if self.base.exists():
            return
        new = self.folder / "base.new"
        shutil.rmtree(new, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        space = Namespace("base", own_network=False)
        await space.open("base")
        try:
            await space.run("debootstrap", "--variant=minbase", SUITE, str(new), MIRROR)
            write(new / "etc/apt/sources.list", SOURCES)
            write(new / "usr/sbin/policy-rc.d", HELD_BACK, 0o755)
            host_names(new)
            await space.run(*ENVIRONMENT, "apt-get", "-q", *OLD_CLOCK, "update", root=str(new))
        finally:
            await space.close()
        new.rename(self.base)

    def layer(self, server: Server) -> Path:
        """Give the folder of a server's layer; other packages make another layer."""
        wanted = "\n".join([*server.packages, *server.install])
        return self.folder / f"{server.name}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"

    async def lay(self, server: Server) -> None:
        """Install a server's packages into its layer unless they are there."""
        layer = self.layer(server)
        if layer.exists():
            return
        new = layer.with_suffix(".new")
        for path in (new, work := layer.with_suffix(".work"), joined := layer.with_suffix(".joined")):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        space = Namespace(f"{server.name}-install", own_network=False)
        await space.open(server.host)
        try:
            host_names(new)
            await overlay(space, [self.base], new, work, joined)
            await furnish(space, joined)
            await space.run(*ENVIRONMENT, *APT, "install", *server.packages, root=str(joined))
            await space.run("sh", "-c", f"[ ! -e {TRUSTED} ] || install -D -m 644 {TRUSTED} {joined}{TRUSTED}")
            for command in server.install:
                await space.run(*ENVIRONMENT, "sh", "-c", command, root=str(joined))
        finally:
            await space.close()
        shutil.rmtree(work)
        joined.rmdir()
        new.rename(layer)

    async def mount(self, server: Server, space: Namespace, folder: Path) -> Path:
        """Mount a server's root in its namespace, all that it writes in memory. Gives the path that has it there."""
        await space.run("mkdir", str(folder))
        await space.run("mount", "-t", "tmpfs", "bouncery", str(folder))
        upper, work, root = (folder / name for name in ("upper", "work", "root"))
        await space.run("mkdir", str(upper), str(work), str(root))
        await overlay(space, [self.layer(server), self.base], upper, work, root)
        await furnish(space, root)
        return root


def host_names(root: Path) -> None:
    """Let programs in a root find the host's name servers."""
    (root / "etc").mkdir(exist_ok=True)
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)


async def overlay(space: Namespace, lower: Iterable[Path], upper: Path, work: Path, at: Path) -> None:
    """Mount layers one above the other."""
    layers = ":".join(map(str, lower))
    await space.run("mount", "-t", "overlay", "bouncery", "-o", f"lowerdir={layers},upperdir={upper},workdir={work}", str(at))


async def furnish(space: Namespace, root: Path) -> None:
    """Give a root its /proc and a /dev of its own."""
    await space.run("mount", "-t", "proc", "proc", str(root / "proc"))
    await space.run("mount", "-t", "tmpfs", "bouncery", str(root / "dev"))
    made = [f"mknod -m 666 {root}/dev/{name} c 1 {minor}" for name, minor in DEVICES.items()]
    made += [f"ln -s {target} {root}/dev/{name}" for name, target in NAMES.items()]
    await space.run(
        "sh", "-c", " && ".join([*made, f"mknod -m 666 {root}/dev/tty c 5 0", f"mkdir -m 1777 {root / 'dev' / 'shm'}"])
    )


async def lay_all(roots: Roots, servers: Iterable[Server]) -> None:
    """Install all that is not there: Debian first, then every server at once."""
    await roots.lay_base()
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(roots.lay(server))


def checked(folder: Path) -> Path:
    """Give a folder for roots, or raise LabError where overlay could not use its path."""
    if set(os.fspath(folder)) & set(":,\\"):
        raise LabError(f"{folder}: a path with a colon or comma cannot be mounted; choose another with --roots")
    return folder
