"""Who answered: the provider behind a remote host or behind the marks that its replies carry."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


@cache
def table() -> tuple[dict[str, str], dict[str, str]]:
    """Give host suffix -> provider and mark in a reply -> provider, from rules/hosts.toml."""
    text = resources.files("bouncery.rules").joinpath("hosts.toml").read_text("utf-8")
    rows = tomllib.loads(text)["provider"]
    hosts = {host: name for name, row in rows.items() for host in row.get("hosts", ())}
    marks = {mark: name for name, row in rows.items() for mark in row.get("marks", ())}
    return hosts, marks


def providers(text: str, *hosts: str | None) -> frozenset[str]:
    """Give the providers that a reply comes from, by the answering hosts' names and by marks in the text."""
    suffixes, marks = table()
    found = {name for host in hosts if host for name in by_host(host.casefold(), suffixes)}
    folded = text.casefold()
    found.update(name for mark, name in marks.items() if mark in folded)
    return frozenset(found)


def by_host(host: str, suffixes: dict[str, str]) -> list[str]:
    """Give the providers whose suffix ends a host name, label by label."""
    labels = host.strip("[]. ").split(".")
    tails = (".".join(labels[start:]) for start in range(len(labels)))
    return [suffixes[tail] for tail in tails if tail in suffixes]
