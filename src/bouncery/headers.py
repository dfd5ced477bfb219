"""Header blocks: fields by name, folded, encoded or broken as they come (RFC 5322, section 2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUNDARY = re.compile(r"\bboundary[ \t]*=[ \t\n]*(?:\"([^\"\n]{1,250})\"?|([^\s;\"]{1,250}))", re.IGNORECASE)
MEDIA_TYPE = re.compile(r"[ \t\n]*([!-.0-~]{1,60}/[!-.0-:<-~]{1,80})")


class Headers:
    """One header block: values by lower-case name, decoded and unfolded on access (RFC 5322, section 2.2).

    A message has thirty fields and a reader wants five, so values wait as they stand. Lines that are no field are skipped.
    """

    __slots__ = ("_fields", "_raw")

    def __init__(self, block: bytes) -> None:
        """Cut a block whose lines end in LF into its fields."""
        self._raw = block
        self._fields: dict[str, list[str]] = {}
        # Latin-1 keeps the bytes: a value is decoded when it is asked for.
        for name, value in FIELD.findall("\n" + block.decode("latin-1")):
            self._fields.setdefault(name.lower(), []).append(value)

    @property
    def block(self) -> str:
        """The whole block as text."""
        return decoded(self._raw)

    def get(self, name: str) -> str:
        """Give the first field of that lower-case name, unfolded; empty if there is none."""
        values = self._fields.get(name)
        return read_value(values[0]) if values else ""

    def all(self, name: str) -> list[str]:
        """Give every field of that lower-case name, unfolded, in order."""
        return [read_value(value) for value in self._fields.get(name, ())]

    def decoded(self, name: str) -> str:
        """Give the first field of that name with its encoded words decoded (RFC 2047)."""
        value = self.get(name)
        if "=?" not in value:
            return value
        from bouncery._flanker import decode_header

        return decode_header(value)

    def __contains__(self, name: str) -> bool:
        """Whether there is a field of that lower-case name."""
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        """Give the lower-case names, each once."""
        return iter(self._fields)

    def names(self, prefix: str) -> list[str]:
        """Give the lower-case names that begin so, each once, in order."""
        return [name for name in self._fields if name.startswith(prefix)]


FIELD = re.compile(r"\n([!-9;-~]{1,100})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*+)")


def read_value(value: str) -> str:
    """Give a field's value as text on one line, from its bytes as Latin-1."""
    if not value.isascii():
        value = decoded(value.encode("latin-1"))
    return " ".join(line.strip() for line in value.split("\n")).strip() if "\n" in value else value.strip()


def decoded(raw: bytes) -> str:
    """Decode header bytes: UTF-8 (RFC 6532), else Latin-1, which never fails."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def media_type(headers: Headers, default: str) -> str:
    """Give the lower-case media type of a header block (RFC 2045, section 5)."""
    value = headers.get("content-type")
    if not value:
        return default
    found = MEDIA_TYPE.match(value)
    return found[1].lower() if found else default


def boundary_of(headers: Headers) -> bytes | None:
    """Give the boundary parameter, even of a line that lost its field name."""
    value = headers.get("content-type")
    found = BOUNDARY.search(value, max(value.find("boundary"), 0)) or BOUNDARY.search(headers.block)
    if not found:
        return None
    boundary = (found[1] or found[2]).rstrip()
    return boundary.encode("ascii" if boundary.isascii() else "latin-1", "replace") or None
