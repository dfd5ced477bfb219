"""Dates of RFC 5322, section 3.3, as ISO 8601: "2026-11-23T10:00:00+09:00", or Z for UTC."""

from __future__ import annotations

import re

# What nearly every server writes; the standard library reads the rest.
USUAL = re.compile(
    r"\s*(?:[A-Za-z]{3},\s*)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) "
    r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d) ([+-])(\d\d)([0-5]\d)(?=\s|\(|$)"
)
MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
LONG_MONTHS = frozenset({"01", "03", "05", "07", "08", "10", "12"})


def last_day(month: str) -> int:
    """Give a day up to which a month surely reaches; a leap day is left to the standard library."""
    return 31 if month in LONG_MONTHS else 28 if month == "02" else 30


def iso_date(field: str) -> str | None:
    """Give a date field as ISO 8601; None if it cannot be read."""
    found = USUAL.match(field)
    if found:
        day, name, year, hour, minute, second, sign, zone_hour, zone_minute = found.groups()
        month = MONTHS.get(name.lower())
        if month and 0 < int(day) <= last_day(month) and int(zone_hour) < 24:
            zone = "Z" if zone_hour + zone_minute == "0000" else f"{sign}{zone_hour}:{zone_minute}"
            return f"{year}-{month}-{int(day):02}T{hour}:{minute}:{second}{zone}"
    return unusual_date(field)


LEAP_SECOND = re.compile(r"(?<=:\d\d):60\b")


def unusual_date(field: str) -> str | None:
    """Read a date with the standard library's tolerance for zone names, two-digit years and missing parts."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(LEAP_SECOND.sub(":59", field, count=1)).isoformat().replace("+00:00", "Z")
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
