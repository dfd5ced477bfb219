"""Rules: from a reply's text and codes to a reason. The knowledge is in the TOML files of this folder."""

from __future__ import annotations

import os
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery.model import RuleError
from bouncery.rules.matcher import Candidate, Match, Question, RuleSet
from bouncery.rules.rule import Level, Rule, read_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

__all__ = ["Candidate", "Level", "Match", "Question", "Rule", "RuleSet", "load", "shipped"]

ENVIRONMENT = "BOUNCERY_RULES"


def shipped_files() -> Iterator[Traversable]:
    """Give the rule files that come with the library."""
    room = resources.files("bouncery.rules")
    for folder in (room, room / "providers"):
        yield from sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """Read the rules that come with the library, once a process."""
    return tuple(
        rule
        for file in shipped_files()
        if file.name not in DATA_FILES
        for rule in read_rules(file.read_text("utf-8"), file.name, file.name.removesuffix(".toml"))
    )


DATA_FILES = frozenset({"hosts.toml", "blocklists.toml"})
"""Tables beside the rules that hold no rules."""


@cache
def shipped() -> RuleSet:
    """Give the rule set that comes with the library, with the files that the environment names."""
    named = os.environ.get(ENVIRONMENT, "")
    return load(tuple(filter(None, named.split(os.pathsep)))) if named else RuleSet(shipped_rules())


def load(paths: Iterable[str | Path]) -> RuleSet:
    """Give the shipped rules together with a user's own, which outrank them. Raises RuleError."""
    own: list[Rule] = []
    for path in map(Path, paths):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RuleError(str(path), None, f"cannot be read ({error}); give a UTF-8 TOML file") from error
        own.extend(read_rules(text, str(path), path.stem, user=True))
    return RuleSet((*shipped_rules(), *own))
