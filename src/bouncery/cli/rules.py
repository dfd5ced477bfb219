"""`bouncery rules`: work on rule files."""

from __future__ import annotations

from pathlib import Path

import click

from bouncery.cli import exits
from bouncery.cli.safe import printable
from bouncery.model import RuleError
from bouncery.rules import shipped
from bouncery.rules.lint import lint_files, overrides


@click.group("rules")
def command() -> None:
    """Check rule files: the shipped ones and your own."""


@command.command("check")
@click.argument("files", nargs=-1)
@click.pass_context
def check(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Find what is wrong with rule files, all of it at once; without FILES, with the shipped rules."""
    missing = [name for name in files if not Path(name).exists()]
    for name in missing:
        click.echo(f"bouncery: {printable(name)}: no such rule file", err=True)
    if missing:
        ctx.exit(exits.NO_INPUT)
    texts, problems = read(files)
    if texts or not files:
        problems += lint_files(texts)
    for problem in problems:
        click.echo(printable(str(problem)))
    if texts and not problems:
        for own, theirs in overrides(texts):
            click.echo(printable(f"{own} overrides {theirs}"))
    click.echo(summary(files, len(problems)), err=bool(problems))
    ctx.exit(exits.UNREADABLE if problems else exits.OK)


def read(files: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[RuleError]]:
    """Give path and text of each file, and those that hold no text."""
    texts: list[tuple[str, str]] = []
    problems: list[RuleError] = []
    for name in files:
        try:
            texts.append((name, Path(name).read_text("utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(RuleError(name, None, f"cannot be read ({error}); give a UTF-8 TOML file"))
    return texts, problems


def summary(files: tuple[str, ...], problems: int) -> str:
    """Say how many problems there are, in what."""
    what = f"{len(files)} file{'' if len(files) == 1 else 's'}" if files else f"{len(shipped().rules)} shipped rules"
    return f"{what}: {problems or 'no'} problem{'' if problems == 1 else 's'}"
