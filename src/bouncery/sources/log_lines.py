"""Lines as syslog writes them (RFC 3164, section 4.1, or with ISO 8601 dates), and the moments they tell."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bouncery.dates import MONTHS

SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?"
    r"(?P<when>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) "
    r"(?P<host>[^\s:]{1,255}) (?P<tag>[^\s\[\]:]{1,120})(?:\[\d{1,10}\])?: "
    r"(?:\[ID \d{1,10} [\w.]{1,40}\] )?(?P<text>.*)",
    re.DOTALL,
)
FRACTION = re.compile(r"[.,](\d{1,6})\d*")
AHEAD = timedelta(days=1)
"""How far a server's clock may be ahead of ours before its line is taken for one of the year before."""
LEAP_CYCLE = 8
"""Years between two leap days, at most."""


class Line(NamedTuple):
    """A line's parts; `tag` is the program as it calls itself."""

    when: str
    host: str
    tag: str
    text: str


def syslog(line: str) -> Line | None:
    """Take a line apart; None for one that syslog did not write."""
    found = SYSLOG.match(line)
    return Line(*found.group("when", "host", "tag", "text")) if found else None


def moment(when: str, now: datetime) -> datetime | None:
    """Give a date as UTC; None if there is no such day.

    One without a zone is local time, in the zone of `now`. One without a year is the last such one until a day after `now`.
    """
    try:
        told = yearless(when, now) if when[:1].isalpha() else datetime.fromisoformat(plain(when))
    except ValueError:
        return None
    if told is None:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=now.tzinfo)).astimezone(UTC)


def plain(when: str) -> str:
    """Write a date so that the standard library reads it: microseconds at most, no leap second, no space before a zone."""
    when = FRACTION.sub(r".\1", when, count=1).replace(" +", "+").replace(" -", "-")
    return f"{when[:17]}59{when[19:]}" if when[17:19] == "60" else when


def yearless(when: str, now: datetime) -> datetime | None:
    """Find the year of an RFC 3164 date."""
    month = MONTHS.get(when[:3].lower())
    if month is None:
        return None
    clock = f"{when[4:6].replace(' ', '0')} {when[7:]}".replace(":60", ":59")
    latest = now.replace(tzinfo=None) + AHEAD
    for year in range(latest.year, latest.year - LEAP_CYCLE - 1, -1):
        try:
            told = datetime.fromisoformat(f"{year:04}-{month}-{clock}")
        except ValueError:
            continue
        if told <= latest:
            return told
    return None
