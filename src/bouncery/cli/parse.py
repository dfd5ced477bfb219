"""`bouncery parse`: reports of messages, as a table on a terminal and as JSON lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from bouncery.cli import exits
from bouncery.cli.progress import Progress
from bouncery.cli.safe import printable, printable_json
from bouncery.cli.work import Outcome, outcomes, ruleset
from bouncery.model import Report, SourceError
from bouncery.sources import STANDARD_INPUT, mails

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from rich.console import Console

    from bouncery.cli.table import Table
    from bouncery.sources import Mail


@click.command("parse")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--json", "as_json", is_flag=True, help="One report a line, also on a terminal.")
@click.option("-j", "--jobs", default=1, type=click.IntRange(1, 256), metavar="N", help="Work in N processes; the order stays.")
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Rules of your own; they outrank the shipped ones.")
@click.option("--unknown", metavar="FILE", help="Write the replies that no rule recognises there, mail addresses masked.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    sources: tuple[str, ...],
    as_json: bool,
    jobs: int,
    rule_files: tuple[str, ...],
    unknown: str | None,
) -> None:
    """Say for each recipient of each message what happened and what to do about it.

    A SOURCE is a file with one message, an mbox, a Maildir, a directory of any of these, or - for standard input. On a
    terminal the answer is a table, elsewhere one JSON report a line.
    """
    check_rules(ctx, rule_files)
    run = Run(sources)
    console = None if as_json or not sys.stdout.isatty() else terminal()
    with contextlib.ExitStack() as stack:
        collected = stack.enter_context(open(unknown, "w", encoding="utf-8")) if unknown else None  # noqa: PTH123
        progress = stack.enter_context(Progress(sources, console))
        found = outcomes(run.mails(), rule_files, jobs)
        stack.callback(found.close)
        run.write(found, progress, console, collected)
    ctx.exit(run.code)


def check_rules(ctx: click.Context, paths: tuple[str, ...]) -> None:
    """Read the rules before any message: a mistake in them is the first thing to say."""
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - a path as it was given
            click.echo(f"bouncery: {printable(path)}: no such rule file", err=True)
            ctx.exit(exits.NO_INPUT)
    ruleset(paths)


def terminal() -> Console:
    """Give the console for a table."""
    from rich.console import Console

    return Console()


class Run:
    """One run over the sources: what it could not read, and the exit code that follows."""

    def __init__(self, sources: Sequence[str]) -> None:
        """Begin with nothing wrong."""
        self.sources = sources
        self.code = exits.OK

    def mails(self) -> Iterator[Mail]:
        """Give the messages of all sources; a source that does not exist does not keep the others from being read."""
        for source in self.sources:
            if source != STANDARD_INPUT and not os.path.lexists(source):
                self.complain(f"{source}: no such file or directory", exits.NO_INPUT)
                continue
            yield from mails(source, skipped=self.skip)

    def skip(self, error: SourceError) -> None:
        """Name what could not be read."""
        self.complain(str(error), exits.UNREADABLE)

    def complain(self, problem: str, code: int) -> None:
        """Name a problem on standard error; the worst one gives the exit code."""
        click.echo(f"bouncery: {printable(problem)}", err=True)
        self.code = max(self.code, code)

    def write(self, found: Iterator[Outcome], progress: Progress, console: Console | None, collected: TextIO | None) -> None:
        """Print every outcome as it comes."""
        table = make_table(console) if console else None
        for outcome in found:
            if outcome.problem:
                self.complain(outcome.problem, exits.UNREADABLE)
            elif table:
                table.add(msgspec.json.decode(outcome.line, type=Report))
            else:
                sys.stdout.buffer.write(printable_json(outcome.line) + b"\n")
            if collected:
                collected.writelines(f"{reply}\n" for reply in outcome.unknown)
            progress.advance(outcome.size)
        if table:
            table.totals()


def make_table(console: Console) -> Table:
    """Give the table on a console."""
    from bouncery.cli.table import Table

    return Table(console)
