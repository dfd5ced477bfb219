"""`bouncery simulate`: a policy on trial, with made-up subscribers of whom it is known who lives and who does not."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import click
import msgspec

from bouncery.cli.deciding_options import policy_option

if TYPE_CHECKING:
    from bouncery.policy import Policy
    from bouncery.policy.simulate import Trial


@click.command("simulate")
@policy_option()
@click.option("--subscribers", "size", default=2_000, show_default=True, type=click.IntRange(1, 100_000), metavar="N")
@click.option("--days", default=365, show_default=True, type=click.IntRange(31, 1_000), metavar="N", help="How long.")
@click.option("--every", default=7, show_default=True, type=click.IntRange(1, 365), metavar="DAYS", help="Days between posts.")
@click.option("--seed", default=1, show_default=True, help="The same one gives the same subscribers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, also on a terminal.")
def command(policy: Policy, size: int, days: int, every: int, seed: int, *, as_json: bool) -> None:
    """Try a policy on made-up subscribers: who dies, whose provider errs, who is forged, and who would be taken off wrongly.

    The figures tell one policy from another; how many of your own subscribers die is for your own record to say (bouncery
    what-if).
    """
    from bouncery.policy.population import populate
    from bouncery.policy.simulate import Ours, run

    subscribers = populate(size, days, Random(seed))  # noqa: S311 - made up, no secret
    trial = run(Ours(policy), subscribers, days, every)
    if as_json or not sys.stdout.isatty():
        sys.stdout.buffer.write(msgspec.json.encode(trial._asdict() | {"wrong_kinds": dict(trial.wrong_kinds)}) + b"\n")
    else:
        click.echo("\n".join(told(trial)))


def told(trial: Trial) -> list[str]:
    """Give what became of the list."""
    wrong = f" ({', '.join(f'{count} {kind}' for kind, count in trial.wrong_kinds)})" if trial.wrong_kinds else ""
    return [
        f"taken off wrongly    {trial.wrong} of {trial.healthy} who read their mail{wrong}",
        f"dead, but kept       {trial.dead_kept} of {trial.dead}; {trial.dead_days:.1f} days until one goes",
        f"abandoned, but kept  {trial.abandoned_kept} of {trial.abandoned}; {trial.abandoned_days:.1f} days until one goes",
        f"mails to nobody      {trial.wasted}",
    ]
