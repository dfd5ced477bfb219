"""Dates of mail as ISO 8601."""

from __future__ import annotations

import pytest

from bouncery.dates import iso_date

DATES = [
    ("Mon, 23 Nov 2026 10:00:00 +0000", "2026-11-23T10:00:00Z"),
    ("23 Nov 2026 10:00:00 +0900", "2026-11-23T10:00:00+09:00"),
    ("  Mon, 3 Nov 2026 10:00:00 -0330 (NDT)", "2026-11-03T10:00:00-03:30"),
    ("Mon, 3 nov 2026 10:00:00 -0000", "2026-11-03T10:00:00Z"),
    ("Tue, 29 Feb 2028 23:59:59 +0100", "2028-02-29T23:59:59+01:00"),
    ("Mon, 30 Nov 2026 10:00:00 GMT", "2026-11-30T10:00:00Z"),
    ("Mon, 23 Nov 26 10:00:00 +0200", "2026-11-23T10:00:00+02:00"),
    ("Mon, 23 Nov 2026 10:00 EST", "2026-11-23T10:00:00-05:00"),
    ("Mon, 23 Foo 2026 10:00:00 +0000", None),
    ("Mon, 31 Feb 2026 10:00:00 +0000", None),
    ("Mon, 23 Nov 2026 25:00:00 +0000", None),
    ("Mon, 23 Nov 2026 10:00:00 +9999", None),
    ("yesterday", None),
    ("", None),
]


@pytest.mark.parametrize(("field", "date"), DATES)
def test_dates(field: str, date: str | None) -> None:
    """What can be read is ISO 8601 with its own zone; the rest is None."""
    assert iso_date(field) == date
