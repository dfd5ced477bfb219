"""Recipients of which a notification names only the local part, as servers do for their own users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOCAL = r"[A-Za-z0-9][A-Za-z0-9_.+\-]{0,63}"
_REFUSED = r"(?:[Uu]nknown|[Nn]o such|[Nn]ot found|does not exist|doesn't exist|[Nn]ot known|[Ff]ull|quota|disabled|\b55\d\b)"
# A line that announces a list of recipients.
ANNOUNCES = re.compile(
    r"\b(?:recipients?|address(?:\(?es\)?)?|users?|addressees?|undeliverable to|accepting mail from [^\s]{1,200}"
    r"|deliver(?:ed)? to|list of|following|empf(?:ä|ae)nger|destinatari[oae]s?|destinataires?)\b[^\n]{0,80}[:：][ \t]*$",
    re.IGNORECASE,
)
ROW = re.compile(
    rf"[ \t]{{1,20}}[<\"'*\-]{{0,3}}[ \t]?({_LOCAL})[>\"']{{0,2}}[ \t]*(?:\([^\n]*|\"[^\n]*|\.\.\.[^\n]*"
    rf"|(?::[ \t]|[ \t]{{2}})[^\n]*{_REFUSED}[^\n]*)?$"
)
# A local part right behind the words that call it a recipient.
NAMED = re.compile(
    rf"(?:(?:could not deliver|unable to deliver|undeliverable|not delivered)(?: to)?:"
    r"|\b(?:unknown (?:local )?(?:user|recipient|mailbox)|target user|recipient|user ?name|user|mailbox|addressee)[ \t]*:)"
    rf"[ \t]*[<\"']?({_LOCAL})[>\"']?[ \t]*(?=[\n.;,(])"
    rf"|\b(?:user|mailbox|account|recipient)[ \t]{{1,3}}[<\"']({_LOCAL})[>\"']",
    re.IGNORECASE,
)
NO_NAMES = frozenset(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "is",
        "was",
        "were",
        "has",
        "have",
        "not",
        "be",
        "and",
        "or",
        "unknown",
        "unavailable",
        "yes",
        "no",
        "none",
        "failed",
        "error",
        "reason",
        "status",
        "user",
        "users",
        "mailbox",
        "recipient",
        "message",
        "mail",
        "following",
    ]
)
MOST = 200
"""Recipients of one list."""


def local_parts(text: str, beside: Sequence[int]) -> list[tuple[str, int, int]]:
    """Give local parts with their spans: rows of an announced list, or of the list that holds the addresses at `beside`.

    Where the text names no full address at all, also a local part behind a label.
    """
    rows = listed(text, beside)
    if rows or beside:
        return rows
    found = [
        (found[1] or found[2], found.start(1 if found[1] else 2), found.end(1 if found[1] else 2))
        for found in NAMED.finditer(text)
    ]
    names = {name.lower(): (name, start, end) for name, start, end in reversed(found) if name.lower() not in NO_NAMES}
    return sorted(names.values(), key=lambda row: row[1])[:1]


def listed(text: str, beside: Sequence[int]) -> list[tuple[str, int, int]]:
    """Give the rows of the lists of recipients in a text."""
    rows: list[tuple[str, int, int]] = []
    at, open_list = 0, False
    # A last line without an end may be cut off within the name.
    for line in text.split("\n")[:-1]:
        row = ROW.match(line) if open_list else None
        full = any(at <= start < at + len(line) for start in beside)
        if row and row[1].lower() not in NO_NAMES and len(rows) < MOST:
            rows.append((row[1], at + row.start(1), at + row.end(1)))
        elif line.strip() and not full:
            open_list = line.rstrip().endswith((":", "：")) and ANNOUNCES.search(line) is not None
        at += len(line) + 1
    return rows if not beside or near(rows, beside) else []


def near(rows: list[tuple[str, int, int]], beside: Sequence[int]) -> bool:
    """Whether rows and full addresses can belong to one list."""
    return bool(rows) and min(abs(start - other) for _, start, _ in rows for other in beside) < 400
