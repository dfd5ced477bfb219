"""`bouncery decide`: what is to be done about addresses since the last time, each action once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from bouncery.cli import exits
from bouncery.cli.db import database, opened
from bouncery.cli.deciding_options import (
    checked,
    handed,
    keys_of,
    moment,
    now_option,
    policy_option,
    receiver,
    receiver_options,
    say,
    token_options,
    write,
)
from bouncery.cli.stats import begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bouncery.deciding import Decided, Line

UNPROVEN = (
    "there are neither signed return paths nor a send log, so nothing is done; this is what would be done with "
    'trust = "address" in the policy. '
    "Anyone who knows an address could then have it removed by a few mails that look like bounces, and a report that names "
    "the wrong recipient would hit the wrong subscriber."
)
PROVIDERS = 10
"""Domains that the summary of a dry run names."""


@click.command("decide")
@database
@policy_option()
@click.option("--since", callback=begin, metavar="DATE", help="Leave out what happened before.")
@receiver_options
@click.option("--force", is_flag=True, help="Do what the run guard withholds as well.")
@click.option("--size", type=click.IntRange(min=1), metavar="N", help="Subscribers, of which the run guard takes its share.")
@click.option(
    "--dry-run/--no-dry-run",
    "dry",
    default=None,
    help="Say what would be done; write nothing, hand over nothing. The first time this is the default.",
)
@token_options
@now_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - what the options above name
    """Say what is to be done about addresses since the last time, and hand each action over once.

    The steps are hold, probe, suspend, remove, unsubscribe and clear. Exit code 75: the run guard withholds suspensions, or
    COMMAND wants to be asked again.
    """
    from bouncery.deciding import believed, decide
    from bouncery.deciding.handing import pending

    checked(options["execute"])
    since, now, form, policy = (options[name] for name in ("since", "now", "form", "policy"))
    keys, code = keys_of(options), exits.OK
    with opened(options["url"], options["key_file"]) as store:
        found = decide(
            store,
            policy,
            now=moment(now),
            keys=keys,
            dry=options["dry"],
            since=since.timestamp() if since else None,
            force=options["force"],
            size=options["size"],
        )
        if not found.dry:
            code = handed(store, receiver(form, options["execute"]), now)
        elif found.unproven:
            rehearsed(believed(store, policy, now=moment(now), keys=keys), form)
        else:
            rehearsed([*pending(store), *found.lines], form)
    tell(found, asked=options["dry"] is not None)
    ctx.exit(exits.TEMPORARY if found.withheld else code)


def rehearsed(lines: Sequence[Line], form: str) -> None:
    """Print what would be handed over, and count it by the domain of the addresses."""
    from bouncery.deciding.handing import Printer

    write(Printer(form, write).text(lines))
    for domain, count in Counter(line.address.rpartition("@")[2] for line in lines).most_common(PROVIDERS):
        mine = [line for line in lines if line.address.rpartition("@")[2] == domain]
        say(f"{domain}: {count} {'action' if count == 1 else 'actions'}: {steps(mine)}")


def tell(found: Decided, *, asked: bool) -> None:
    """Say what was decided, and what a person should know."""
    for alarm in found.alarms:
        say(alarm)
    heard = f"{found.heard} events"
    extra = ", ".join(f"{count} {what}" for count, what in ((found.undone, "undone"), (found.forged, "forged")) if count)
    would = "would be done" if found.dry else "to be done"
    say(f"{heard}{f' ({extra})' if extra else ''}; {would}: {steps(found.lines) or 'nothing'}")
    if found.withheld:
        say(
            f"{len(found.withheld)} suspensions are withheld, because one run may do {found.limit}; "
            "see whether they are right, and give --force to do them"
        )
    if found.unproven:
        say(UNPROVEN)
    if found.dry and found.first and not asked:
        say("this was a dry run, because nothing was ever handed over; give --no-dry-run to do it")


def steps(lines: Sequence[Line]) -> str:
    """Count actions by their step."""
    return ", ".join(f"{count} {step}" for step, count in Counter(line.step for line in lines).most_common())
