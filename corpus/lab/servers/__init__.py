"""The servers under test: a folder for each, with `server.toml` and its configuration files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from corpus.lab.cases import frozen

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What this server does not tell: in which cases, of which action, what its message says instead, and why.

    An empty text says that nobody can tell. `unless` is what a message that does tell matches, `to` what the address
    of the recipient begins with where it is not said of all.
    """

    cases: tuple[str, ...]
    action: str
    says: dict[str, str | int]
    because: str
    unless: str = "(?!)"
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server under test, as its `server.toml` describes it (README.md says what each key is)."""

    name: str
    product: str
    packages: tuple[str, ...]
    version: str
    host: str
    number: int
    start: tuple[str, ...]
    queue: str
    logs: str
    seconds: int
    install: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    hides: tuple[Hidden, ...] = ()

    @property
    def local(self) -> str:
        """The domain whose mailboxes the server has."""
        return self.host.partition(".")[2]

    @property
    def folder(self) -> Path:
        """Where its configuration files are."""
        return FOLDER / self.name


def names() -> list[str]:
    """Give the names of all servers."""
    return sorted(path.parent.name for path in FOLDER.glob("*/server.toml"))


def read_server(name: str) -> Server:
    """Read a server's description. Raises TypeError where a key is unknown or missing."""
    data = tomllib.loads((FOLDER / name / "server.toml").read_text(encoding="utf-8"))
    hides = tuple(Hidden(**frozen(row)) for row in data.pop("hides", ()))
    return Server(name=name, hides=hides, **frozen(data))
