"""`bouncery what-if`: the recorded history under another policy, beside the one that was."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bouncery.cli.db import database, opened
from bouncery.cli.deciding_options import keys_of, moment, now_option, policy_option, token_options
from bouncery.cli.safe import printable, printable_json

if TYPE_CHECKING:
    from datetime import datetime

    from rich.table import Table

    from bouncery.deciding.what_if import Compared
    from bouncery.policy import Policy

SHOWN = 200
"""Addresses that a terminal shows one by one."""
STYLES = {"goes": "red", "stays": "green", "otherwise": ""}


@click.command("what-if")
@database
@policy_option("--policy", required=True, words="A TOML file with the other policy.")
@policy_option("--present", words="The policy for what is not decided yet, where it is not the default one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, also on a terminal.")
@token_options
@now_option
def command(
    *,
    url: str,
    key_file: str | None,
    policy: Policy,
    present: Policy,
    as_json: bool,
    now: datetime | None,
    **secrets: Any,  # noqa: ANN401 - the options of tokens
) -> None:
    """Say who would go and who would stay if the whole record had been decided under another policy.

    Nothing is written. On a terminal the answer is a table, elsewhere JSON.
    """
    from bouncery.deciding import compare

    keys = keys_of(secrets)
    with opened(url, key_file) as store:
        found = compare(store, policy, present, now=moment(now), keys=keys)
    if as_json or not sys.stdout.isatty():
        sys.stdout.buffer.write(printable_json(msgspec.json.encode(found)) + b"\n")
        return
    from rich.console import Console

    console = Console()
    console.print(table(found))
    console.print(summary(found), highlight=False, markup=False)


def table(found: Compared) -> Table:
    """Give a line for each address that would stand otherwise, first those that would go."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("address", "now", "then", "", "why"):
        made.add_column(name, overflow="fold")
    rows = sorted(found.differences, key=lambda one: (list(STYLES).index(one.change), one.address))
    for one in rows[:SHOWN]:
        change = Text(one.change, STYLES[one.change])
        made.add_row(Text(printable(one.address)), one.now.value, one.then.value, change, Text(printable(one.why)))
    return made


def summary(found: Compared) -> str:
    """Count who would go and who would stay."""
    go, stay = (sum(one.change == change for one in found.differences) for change in ("goes", "stays"))
    more = f" ({len(found.differences) - SHOWN} not shown)" if len(found.differences) > SHOWN else ""
    return (
        f"\n{found.addresses} addresses; gone: {found.gone_now} now, {found.gone_then} then; "
        f"{go} would go, {stay} would stay, {len(found.differences)} stand otherwise{more}"
    )
