"""`bouncery show`: what is recorded about an address, with the evidence of each event."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from bouncery.address import read_address
from bouncery.cli.db import database, opened
from bouncery.cli.safe import printable, printable_json
from bouncery.deciding import story
from bouncery.model import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Group

    from bouncery.store import Event

EXCERPT_CHARS = 300
NO_FAILURE = "no failure"
TITLES = ("when (UTC)", "decision", "reason", "status", "reply")
INDENT = (0, 0, 0, 4)


@click.command("show")
@click.argument("address")
@database
@click.option("--json", "as_json", is_flag=True, help="One event a line, also on a terminal.")
def command(address: str, url: str, key_file: str | None, *, as_json: bool) -> None:
    """Show all that is recorded about an ADDRESS, the oldest first.

    On a terminal the answer is a table, with the score of the address and its place on the ladder below; elsewhere one
    event a line in JSON.
    """
    wanted = read_address(address) or address
    with opened(url, key_file) as store:
        events = store.history(wanted)
        standing = story(store, wanted, datetime.now(UTC).timestamp())
    if not events:
        click.echo(f"bouncery: nothing is recorded about {printable(address)}", err=True)
    elif as_json or not sys.stdout.isatty():
        sys.stdout.buffer.writelines(printable_json(msgspec.json.encode(event)) + b"\n" for event in events)
    else:
        from rich.console import Console

        console = Console()
        console.print(table(events))
        for line in (summary(events), *map(printable, standing)):
            console.print(line, highlight=False, markup=False)


def table(events: Sequence[Event]) -> Group:
    """Give a line for each event, and below it the evidence, which has the whole width."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from bouncery.cli.table import STYLES

    rows = [TITLES, *(cells(event) for event in events)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    title, *lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    shown: list[Text | Padding] = [Text(title, "bold", no_wrap=True)]
    for event, line in zip(events, lines, strict=True):
        decision = event.recipient.verdict.decision
        text = Text(line, "" if decision else "dim", no_wrap=True)
        text.stylize(STYLES[decision], widths[0] + 2, widths[0] + 2 + widths[1])
        words, *others = evidence(event)
        shown += [text, Padding(Text(words), INDENT), *(Padding(Text(other, "dim"), INDENT) for other in others)]
    return Group(*shown)


def cells(event: Event) -> tuple[str, ...]:
    """Give when it happened and what was decided."""
    recipient = event.recipient
    verdict = recipient.verdict
    return (
        f"{event.at:%Y-%m-%d %H:%M}",
        verdict.decision or "-",
        verdict.reason or recipient.action or event.report.kind,
        printable(recipient.status or ""),
        str(recipient.reply or ""),
    )


def evidence(event: Event) -> Iterator[str]:
    """Tell what was said and by whom, what decided, and where the message is."""
    recipient = event.recipient
    verdict = recipient.verdict
    said = recipient.diagnostic or (verdict.evidence[0].text if verdict.evidence else "")
    server = recipient.remote_mta or event.report.reporting_mta or event.provider
    yield printable(f'{server}: "{said[:EXCERPT_CHARS]}"' if said else server)
    if verdict.rule:
        witness = verdict.evidence[0] if verdict.evidence else None
        place = f': "{witness.text[:EXCERPT_CHARS]}" in the {witness.source}' if witness and witness.text != said else ""
        yield printable(f"rule {verdict.rule}{place}")
    yield printable(f"message {event.identity} of {event.source}, SHA-256 {event.digest}")


def summary(events: Sequence[Event]) -> str:
    """Count the events of an address."""
    decided = Counter(event.recipient.verdict.decision or NO_FAILURE for event in events)
    counts = ", ".join(f"{decided[name]} {name}" for name in (*Decision, NO_FAILURE) if name in decided)
    return f"\n{len(events)} {'event' if len(events) == 1 else 'events'}: {counts}"
