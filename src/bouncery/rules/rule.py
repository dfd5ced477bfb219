"""A rule: phrases, codes and scope that give a reason; and its rank, which never depends on where it stands."""

from __future__ import annotations

import tomllib
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import msgspec

from bouncery.model import Reason, RuleError, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


class Level(IntEnum):
    """How specific a rule is; the higher one wins (TAXONOMY 2.1, rule 4)."""

    REPLY = 10
    WEAK_STATUS = 20
    GENERIC = 30
    STATUS = 40
    PHRASE = 50
    SCOPED = 60
    TOKEN = 70


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]` table.

    `any` holds phrases on normalised text, `…` in them a gap; `none` vetoes; `match` a regular expression that must also
    match. `reply`, `status` (x for any digit group), `class`, `stage` and `provider` are scope. `generic` marks a phrase
    that a specific code outranks, `weak` a code that a generic phrase outranks, `token` a provider's own error name.
    A rule with `flag` gives no reason but a property of the text (see modifiers.toml).
    """

    id: str
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    match: str | None = None
    reason: Reason | None = None
    flag: str | None = None
    reply: tuple[int, ...] = ()
    status: tuple[str, ...] = ()
    class_: int | None = msgspec.field(default=None, name="class")
    stage: Stage | None = None
    provider: str | None = None
    generic: bool = False
    weak: bool = False
    token: bool = False
    user: bool = False
    source: str = ""
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    @property
    def scopes(self) -> int:
        """How many conditions besides the phrase the rule sets."""
        return sum(map(bool, (self.reply, self.status, self.class_, self.stage, self.provider)))

    @property
    def level(self) -> Level:
        """The kind of evidence that the rule stands on."""
        if not self.any:
            return self._code_level()
        if self.token:
            return Level.TOKEN
        if self.generic:
            return Level.GENERIC
        return Level.SCOPED if self.scopes else Level.PHRASE

    def _code_level(self) -> Level:
        if not self.status:
            return Level.REPLY
        return Level.WEAK_STATUS if self.weak else Level.STATUS


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    """A TOML file of rules; `none` at its head vetoes every rule in it."""

    rule: list[dict[str, Any]] = []
    none: tuple[str, ...] = ()


def read_rules(text: str, path: str, stem: str, *, user: bool = False) -> Iterator[Rule]:
    """Give the rules of one TOML file. RuleError names the file, the rule and the problem."""
    try:
        table = msgspec.convert(tomllib.loads(text), RuleFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleError(path, None, str(error)) from error
    for raw in table.rule:
        yield read_rule(raw, table.none, path, stem, user=user)


def read_rule(raw: dict[str, Any], none: tuple[str, ...], path: str, stem: str, *, user: bool) -> Rule:
    """Give one rule with its full id, and the reason that the file's name implies."""
    name = raw.get("id")
    if not isinstance(name, str) or not name:
        raise RuleError(path, None, "a [[rule]] without an id; give it one that says what it recognises")
    implied = {"reason": stem} if stem in set(Reason) else {}
    merged = {**implied, **raw, "id": f"{stem}/{name}", "none": [*none, *raw.get("none", ())], "user": user}
    try:
        rule = msgspec.convert(merged, Rule)
    except msgspec.ValidationError as error:
        raise RuleError(path, name, str(error)) from error
    if (rule.reason is None) == (rule.flag is None):
        raise RuleError(path, name, "needs either a reason (the file's name or a reason key) or a flag")
    return rule
