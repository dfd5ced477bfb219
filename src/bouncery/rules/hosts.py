"""Who answered: the provider behind a remote host or behind the marks that its replies carry."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Any


@cache
def rows() -> dict[str, dict[str, Any]]:
    """Give the providers of hosts.toml."""
    text = resources.files("bouncery.rules").joinpath("hosts.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["provider"])


@cache
def suffixes() -> dict[str, str]:
    """Give host suffix -> provider."""
    return {host: name for name, row in rows().items() for host in row.get("hosts", ())}


@cache
def marks() -> dict[str, str]:
    """Give mark in a reply -> provider."""
    return {mark: name for name, row in rows().items() for mark in row.get("marks", ())}


@lru_cache(maxsize=1024)
def providers(host: str | None) -> frozenset[str]:
    """Give the providers whose suffix ends the name of the answering host, label by label."""
    labels = (host or "").casefold().strip("[]. ").split(".")
    tails = (".".join(labels[start:]) for start in range(len(labels)))
    known = suffixes()
    return frozenset(known[tail] for tail in tails if tail in known)
