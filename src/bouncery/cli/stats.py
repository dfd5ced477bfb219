"""`bouncery stats`: how many events there were, by day, provider or reason."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
import msgspec

from bouncery.cli.db import database, opened
from bouncery.cli.safe import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from bouncery.store import Row

GROUPS = ("day", "provider", "reason")
SHOWN = 50
"""Groups that a terminal shows one by one; the others are added up."""
DATE_CHARS = len("2026-11-30")


def begin(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Read a moment (ISO 8601); UTC where no zone is given."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; give 2026-11-30 or 2026-11-30T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def end(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """Read a moment; a date alone is the whole day."""
    moment = begin(ctx, param, value)
    return moment + timedelta(days=1) if moment and len(value or "") <= DATE_CHARS else moment


@click.command("stats")
@database
@click.option("--since", callback=begin, metavar="DATE", help="From this day or moment on.")
@click.option("--until", callback=end, metavar="DATE", help="Up to the end of this day, or before this moment.")
@click.option("--by", type=click.Choice(GROUPS), default=GROUPS[0], show_default=True, help="What is counted apart.")
@click.option("--json", "as_json", is_flag=True, help="One group a line, also on a terminal.")
def command(url: str, key_file: str | None, since: datetime | None, until: datetime | None, by: str, *, as_json: bool) -> None:
    """Count the events of a time, and how they were decided.

    On a terminal the answer is a table, elsewhere one group a line in JSON. Days are those of UTC.
    """
    from bouncery.store import By

    with opened(url, key_file) as store:
        rows = store.statistics(since, until, By(by))
    if as_json or not sys.stdout.isatty():
        sys.stdout.buffer.writelines(printable_json(msgspec.json.encode(row)) + b"\n" for row in rows)
        return
    from rich.console import Console

    Console().print(table(rows, by))


def table(rows: Sequence[Row], by: str) -> Table:
    """Give the table with its totals."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_footer=True, header_style="bold")
    totals = added("", rows)
    made.add_column(by, "all", overflow="fold")
    for name, style in (("events", ""), ("hard", "red"), ("soft", "yellow"), ("retry", "cyan"), ("other", "dim")):
        made.add_column(name, f"{getattr(totals, name):,}", justify="right", style=style, no_wrap=True)
    shown = list(rows[:SHOWN])
    if len(rows) > SHOWN:
        shown = [*rows[: SHOWN - 1], added(f"{len(rows) - SHOWN + 1} others", rows[SHOWN - 1 :])]
    for row in shown:
        numbers = (row.events, row.hard, row.soft, row.retry, row.other)
        made.add_row(Text(printable(row.group)), *(f"{number:,}" for number in numbers))
    return made


def added(group: str, rows: Sequence[Row]) -> Row:
    """Add groups up."""
    from bouncery.store import Row

    numbers = ("events", "hard", "soft", "retry", "other")
    return Row(group, *(sum(getattr(row, name) for row in rows) for name in numbers))
