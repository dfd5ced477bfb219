"""A PostgreSQL server of our own: in a temporary directory, on a free port of the loopback, as a user without rights."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Self

from tests.servers import program

DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = "-c fsync=off -c listen_addresses=127.0.0.1 -c max_connections=30 -c shared_buffers=64MB"
USER = "postgres"


def binary(name: str) -> str:
    """Find a program of PostgreSQL; Debian keeps them out of PATH."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    return program(name, "postgresql", map(str, reversed(folders)))


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server that can be stopped, killed and started again. PostgreSQL refuses to run as root."""

    def __init__(self, *, durable: bool = False) -> None:
        """Make a cluster; a durable one writes through to the disk."""
        self.user = USER if os.geteuid() == 0 else None
        self.home = Path(tempfile.mkdtemp(prefix="bouncery-postgres-"))
        if self.user:
            shutil.chown(self.home, self.user)
        self.data = self.home / "data"
        self.port = free_port()
        self.durable = durable
        self.numbers = count(1)
        self.run("initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync")

    def run(self, name: str, *args: str) -> None:
        """Run one of the server's programs on the cluster."""
        command = [binary(name), "-D", str(self.data), *args]
        done = subprocess.run(
            command,
            cwd=self.home,
            user=self.user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout

    def start(self) -> Self:
        """Start the server, and wait until it takes connections."""
        settings = SETTINGS.replace("fsync=off", "fsync=on") if self.durable else SETTINGS
        options = f"{settings} -p {self.port} -k {self.home}"
        self.run("pg_ctl", "start", "-w", "-l", str(self.home / "log"), "-o", options)
        return self

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; "immediate" is a crash."""
        self.run("pg_ctl", "stop", "-w", "-m", mode)

    def database(self, *options: str) -> str:
        """Create a database and give its URL."""
        name = f"bouncery{next(self.numbers)}"
        self.ask("createdb", "-T", "template0", *options, name)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def schema(self) -> str:
        """Create a schema in the database that is there, which is quicker, and give the URL that looks into it."""
        name = f"bouncery{next(self.numbers)}"
        self.ask("psql", "-q", "-c", f"CREATE SCHEMA {name}", USER)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{USER}?options=-csearch_path%3D{name}"

    def ask(self, client: str, *args: str) -> None:
        """Run one of the clients."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", USER)
        subprocess.run([binary(client), *where, *args], check=True, timeout=60)

    def remove(self) -> None:
        """Delete the cluster."""
        shutil.rmtree(self.home, ignore_errors=True)
