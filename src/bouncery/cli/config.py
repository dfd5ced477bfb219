"""`bouncery config`: what a configuration file says, and what is wrong with it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from bouncery.cli import exits
from bouncery.cli.safe import printable
from bouncery.cli.settings import Finding, findings, names, read, shown, wants_list
from bouncery.model import BounceryError
from bouncery.sources.inbox import open_inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURABLE = ("run", "ingest")
"""The commands that read a configuration file."""


@click.group("config")
def command() -> None:
    """Look at a configuration file."""


@command.command("check")
@click.argument("path", metavar="FILE", envvar="BOUNCERY_CONFIG")
@click.pass_context
def check(ctx: click.Context, path: str) -> None:
    """Explain what every line of a configuration FILE does, and name what is wrong, all of it at once.

    No server is asked and no database opened.
    """
    found = list(explained(read(path), ctx))
    for finding in found:
        click.echo(printable(f"{finding.key} = {shown(finding.value)}"))
        click.echo(f"    {printable(finding.problem or meaning(finding.parameter))}")
    problems = sum(finding.problem is not None for finding in found)
    click.echo(
        f"{printable(path)}: {len(found)} setting{'' if len(found) == 1 else 's'}, "
        f"{problems or 'no'} problem{'' if problems == 1 else 's'}",
        err=bool(problems),
    )
    ctx.exit(exits.UNREADABLE if problems else exits.OK)


def explained(values: dict[str, Any], ctx: click.Context) -> Iterator[Finding]:
    """Look at all settings: those for every command first."""
    commands = {name: import_module(f"bouncery.cli.{name}").command for name in CONFIGURABLE}
    everywhere = {key: parameter for command in commands.values() for key, parameter in names(command).items()}
    shared = {key: value for key, value in values.items() if not isinstance(value, dict)}
    merged = click.Command("any", params=[*everywhere.values()])
    yield from with_sources(findings(merged, shared, "", ctx))
    for name, table in values.items():
        if name in commands and isinstance(table, dict):
            yield from with_sources(findings(commands[name], table, f"{name}.", ctx))
        elif isinstance(table, dict):
            yield Finding(name, None, "...", f"no such command; there are {', '.join(CONFIGURABLE)}")


def with_sources(found: Iterator[Finding]) -> Iterator[Finding]:
    """Look at the sources as well: whether they can be read is seen when they are, how they are written already now."""
    for finding in found:
        yield finding
        if finding.problem is None and isinstance(finding.parameter, click.Argument):
            for source in finding.value:
                if problem := misspelled(source):
                    yield Finding(finding.key, finding.parameter, source, problem)


def misspelled(source: str) -> str | None:
    """Say what is wrong with a source; None if nothing is."""
    try:
        open_inbox(source).close()
    except BounceryError as error:
        return str(error)
    return None


def meaning(parameter: click.Parameter | None) -> str:
    """Give the words that --help has for an option."""
    if isinstance(parameter, click.Option):
        several = " Several of them." if wants_list(parameter) else ""
        return f"{parameter.help or ''}{several}"
    return "What is read, one source after the other; side by side with watch or with an LMTP server among them."
