"""The registries of reply codes (RFC 5321, section 4.2) and enhanced status codes (RFC 3463, RFC 5248), searchable.

The two TSV files beside this module hold what the standards say and what servers are known to say beyond them. A
`standing` tells which: "standard" and "registered" codes are defined by the RFC that is named, "draft" ones were only
proposed, "observed" ones are used without a definition, "unconfirmed" ones are said to be; "superseded" and "collision"
meanings were replaced or never registered; "class", "subject" and "range" rows stand for all codes of their group.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

_PARTIAL_STATUS = re.compile(r"([2-5x])\.(\d{1,3}|x)?(?:\.(\d{1,3}|x)?)?", re.IGNORECASE)
RETIRED = frozenset({"superseded", "collision", "deprecated"})
"""Standings of a meaning that is not the registered one of its code."""


class ReplyCode(NamedTuple):
    """A reply code of an SMTP server; `code` is three digits, or "5yz" for the rest of a class."""

    code: str
    title: str
    gist: str
    rfc: str
    standing: str


class StatusCode(NamedTuple):
    """An enhanced status code; `code` has X for any class and x for any detail, `replies` the reply codes it goes with."""

    code: str
    replies: tuple[str, ...]
    title: str
    gist: str
    rfc: str
    standing: str


def rows(name: str) -> list[list[str]]:
    """Read one of the TSV files, without its header."""
    text = resources.files("bouncery.codes").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


@cache
def reply_codes() -> tuple[ReplyCode, ...]:
    """Give all reply codes, in their order."""
    return tuple(ReplyCode(*row) for row in rows("reply_codes.tsv"))


@cache
def status_codes() -> tuple[StatusCode, ...]:
    """Give all enhanced status codes: classes, subjects, then details."""
    return tuple(StatusCode(code, tuple(replies.split()), *rest) for code, replies, *rest in rows("enhanced_status.tsv"))


def reply_code(reply: int) -> ReplyCode | None:
    """Give the entry of a reply code, else that of its class (RFC 5321, section 4.2.1); None outside of 200 to 599."""
    known = {entry.code: entry for entry in reply_codes()}
    return known.get(str(reply)) or known.get(f"{reply // 100}yz")


def status_code(status: str) -> StatusCode | None:
    """Give the entry of an enhanced status code, else that of its subject, else that of its class (RFC 3463, section 2)."""
    parts = status.split(".")
    if len(parts) != 3:
        return None
    number, subject, detail = parts
    known = {entry.code: entry for entry in reversed(status_codes()) if entry.standing not in RETIRED}
    forms = (f"X.{subject}.{detail}", f"X.{subject}.x", f"{number}.x.x")
    return next((known[form] for form in forms if form in known), None)


def search(query: str) -> tuple[ReplyCode | StatusCode, ...]:
    """Give the entries for a code, the beginning of one, or words of title, gist and RFC.

    "550" and "5.1.1" give one code (its class where it is not registered), "55" and "5.7" all that begin so,
    "mailbox full" and "7505" all that contain every word.
    """
    wanted = query.strip()
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 3:
        return by_reply(wanted)
    if _PARTIAL_STATUS.fullmatch(wanted):
        return by_status(wanted)
    words = wanted.casefold().split()
    entries: tuple[ReplyCode | StatusCode, ...] = (*reply_codes(), *status_codes())
    return tuple(
        entry for entry in entries if all(word in f"{entry.title} {entry.gist} {entry.rfc}".casefold() for word in words)
    )


def by_reply(digits: str) -> tuple[ReplyCode, ...]:
    """Give the reply codes that begin with digits; the class for a full code that is in no list."""
    found = tuple(entry for entry in reply_codes() if entry.code.startswith(digits))
    if not found and len(digits) == 3:
        entry = reply_code(int(digits))
        return (entry,) if entry else ()
    return found


def by_status(query: str) -> tuple[StatusCode, ...]:
    """Give the status codes of a class, a subject, or exactly one with its former meanings."""
    number, subject, detail = ([*query.upper().rstrip(".").split("."), "X", "X"])[:3]
    found = tuple(
        entry
        for entry in status_codes()
        for own in [entry.code.upper().split(".")]
        if all(theirs in (mine, "X") for mine, theirs in zip(own[1:], (subject, detail), strict=True))
        and (own[0] in ("X", number) or number == "X")
    )
    if found or "X" in (subject, detail):
        return found
    entry = status_code(f"{number}.{subject}.{detail}")
    return (entry,) if entry else ()
