"""`bouncery explain`: how a verdict came about, and what would have changed it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from bouncery import parse
from bouncery.cli import exits
from bouncery.cli.parse import Run, check_rules
from bouncery.cli.safe import printable
from bouncery.cli.story import on_recipient, on_reply, on_report
from bouncery.cli.work import located, ruleset
from bouncery.codes.grammar import innermost
from bouncery.rules import shipped
from bouncery.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bouncery.rules import RuleSet

LEAST_WORDS = 2
TOLD_IN_FULL = 20
"""Recipients of one message that are explained; the others are counted."""


@click.command("explain")
@click.argument("what", metavar='FILE|"REPLY"')
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Rules of your own; they outrank the shipped ones.")
@click.pass_context
def command(ctx: click.Context, what: str, rule_files: tuple[str, ...]) -> None:
    """Tell how we judge a message, or a reply such as "550 5.1.1 User unknown", and why.

    FILE is anything that parse reads; - is standard input.
    """
    check_rules(ctx, rule_files)
    rules = ruleset(rule_files) or shipped()
    if what == STANDARD_INPUT or os.path.lexists(what):
        explain_messages(ctx, what, rules)
    elif innermost(what) or len(what.split()) >= LEAST_WORDS:
        echo(on_reply(what, rules))
    else:
        click.echo(f"bouncery: {printable(what)}: no such file, and no SMTP reply either", err=True)
        ctx.exit(exits.NO_INPUT)


def explain_messages(ctx: click.Context, source: str, rules: RuleSet) -> None:
    """Explain every message of a source."""
    run = Run((source,))
    for number, mail in enumerate(run.mails()):
        report = located(parse(mail.data, rules=rules), mail)
        if number:
            click.echo()
        echo(on_report(report))
        for recipient in report.recipients[:TOLD_IN_FULL]:
            click.echo()
            echo(on_recipient(recipient, rules))
        if len(report.recipients) > TOLD_IN_FULL:
            rest = len(report.recipients) - TOLD_IN_FULL
            click.echo(f"\nand {rest} more recipients; bouncery parse --json lists them all")
    ctx.exit(run.code)


def echo(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        click.echo(line)
