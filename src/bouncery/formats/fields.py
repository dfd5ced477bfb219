"""Groups of fields as in message/delivery-status (RFC 3464, section 2.1), from servers that do not quite write them."""

from __future__ import annotations

import re
from itertools import pairwise
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

FIELD = re.compile(r"[ \t>|\ufeff]{0,8}([A-Za-z][A-Za-z0-9\-]{1,60})[ \t]{0,8}:[ \t]*(.*)")
TYPE = re.compile(r"([A-Za-z][A-Za-z0-9\-]{0,40})[ \t]*;[ \t]*")
"""The type before the value of a field (RFC 3464, section 2.1.2)."""
RECIPIENT_FIELDS = frozenset({"final-recipient", "original-recipient"})
PER_RECIPIENT = frozenset(
    {*RECIPIENT_FIELDS, "action", "status", "remote-mta", "diagnostic-code", "last-attempt-date", "will-retry-until"}
)


class Field(NamedTuple):
    """One field, unfolded, with the span of its value in the text; `name` is in lower case, `spelled` as it stands."""

    spelled: str
    name: str
    value: str
    start: int
    end: int


class Group:
    """Consecutive fields between blank lines; complete once something is looked up in it."""

    __slots__ = ("_first", "fields")

    def __init__(self, fields: list[Field] | None = None) -> None:
        """Begin a group."""
        self.fields: list[Field] = fields or []
        self._first: dict[str, Field] | None = None

    def get(self, name: str) -> str:
        """Give the value of the first field of that lower-case name; empty if there is none."""
        field = self.find(name)
        return field.value if field else ""

    def find(self, name: str) -> Field | None:
        """Give the first field of that lower-case name that has a value."""
        if self._first is None:
            self._first = {field.name: field for field in reversed(self.fields) if field.value}
        return self._first.get(name)

    def all(self, name: str) -> list[Field]:
        """Give all fields of that lower-case name that have a value."""
        return [field for field in self.fields if field.name == name and field.value]

    def verbatim(self) -> tuple[tuple[str, str], ...]:
        """Give all fields as they stand, in order."""
        return tuple([(field.spelled, field.value) for field in self.fields])

    def names_recipient(self) -> bool:
        """Whether the group has a recipient of its own."""
        return not RECIPIENT_FIELDS.isdisjoint([field.name for field in self.fields])

    def tells_outcome(self) -> bool:
        """Whether the group says what became of a recipient, without naming one."""
        return self.find("action") is not None and self.find("status") is not None


def first_value(groups: Iterable[Group], name: str) -> str:
    """Give a field of a report, wherever it stands; empty if there is none."""
    return next((value for group in groups if (value := group.get(name))), "")


def verbatim(groups: Iterable[Group]) -> tuple[tuple[str, str], ...]:
    """Give all fields of some groups as they stand, in order (RFC 3464, section 2.4)."""
    return tuple(field for group in groups for field in group.verbatim())


def read_groups(text: str) -> list[Group]:
    """Cut a text into groups; a second recipient begins a new group even without a blank line."""
    groups: list[Group] = [Group()]
    at = 0
    for line in text.split("\n"):
        if not line or line.isspace():
            if groups[-1].fields:
                groups.append(Group())
        elif line[0] in " \t" and groups[-1].fields and not looks_like_field(line):
            extend(groups[-1], line, at)
        else:
            take(groups, line, at)
        at += len(line) + 1
    if not text.endswith("\n"):
        drop_cut_recipient(groups[-1], len(text))
    return joined([part for group in groups if group.fields for part in parted(group)])


def drop_cut_recipient(group: Group, end: int) -> None:
    """Leave out a recipient at the very end of a text without a line end, which may be cut off within the address."""
    if group.fields and group.fields[-1].name in RECIPIENT_FIELDS and group.fields[-1].end >= end:
        group.fields.pop()


def looks_like_field(line: str) -> bool:
    """Whether an indented line is a field of a report all the same, not a continuation."""
    found = FIELD.match(line)
    return found is not None and found[1].lower() in PER_RECIPIENT


def take(groups: list[Group], line: str, at: int) -> None:
    """Add a line to the groups: a field, or the rest of an unindented long value."""
    found = FIELD.match(line)
    if found is None:
        if groups[-1].fields:
            extend(groups[-1], line, at)
        return
    spelled = intern(found[1])  # the same few names stand in every group
    name, value = intern(restored(spelled.lower())), found[2].strip()
    groups[-1].fields.append(Field(spelled, name, value, at + found.start(2), at + found.start(2) + len(value)))


def restored(name: str) -> str:
    """Give back the first letter that some servers lose (ction, tatus, inal-recipient)."""
    return BEHEADED.get(name, name)


BEHEADED = {"ction": "action", "tatus": "status", "inal-recipient": "final-recipient"}


def parted(group: Group) -> list[Group]:
    """Cut a group at each further recipient, where no blank line does it; RFC 3464 lets its fields stand in any order."""
    names = [field.name for field in group.fields]
    repeated = [name for name in RECIPIENT_FIELDS if names.count(name) > 1]
    if not repeated:
        return [group]
    first = min(repeated, key=names.index)
    starts = [0, *[at for at, name in enumerate(names) if name == first][1:], len(names)]
    return [Group(group.fields[start:end]) for start, end in pairwise(starts)]


LONGEST = 20_000
"""Characters of one field that are read."""


def extend(group: Group, line: str, at: int) -> None:
    """Append a continuation line to the last field (RFC 5322, section 2.2.3)."""
    last = group.fields[-1]
    if len(last.value) < LONGEST:
        value = f"{last.value} {line.strip()}" if last.value else line.strip()
        group.fields[-1] = last._replace(value=value, end=at + len(line))


def joined(groups: list[Group]) -> list[Group]:
    """Put a group that tells of no recipient, but of its fate, to the recipient before it."""
    result: list[Group] = []
    for group in groups:
        torn = result and not group.names_recipient() and result[-1].names_recipient()
        if torn and any(field.name in PER_RECIPIENT or field.name.startswith("x-") for field in group.fields):
            result[-1].fields.extend(group.fields)
        else:
            result.append(group)
    return result
