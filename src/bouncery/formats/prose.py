"""What prose says of the kind of a message: final failure, warning, automatic answer. The phrases are in prose.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from bouncery.phrases import PhraseBook, fold

LONGEST = 20_000
"""Characters of one text that are searched."""


@cache
def book() -> PhraseBook[str]:
    """Give the phrases with the signal that each of them is."""
    text = resources.files("bouncery.formats").joinpath("prose.toml").read_text("utf-8")
    return PhraseBook((phrase, name) for name, table in tomllib.loads(text).items() for phrase in table["any"])


def signals(*texts: str) -> frozenset[str]:
    """Give the signals in some texts: "failure", "delay", "auto_reply" and the other tables of prose.toml."""
    found: set[str] = set()
    for text in texts:
        for phrase, _, _ in book().find(fold(text[:LONGEST])):
            found.update(phrase.meanings)
    return frozenset(found)
