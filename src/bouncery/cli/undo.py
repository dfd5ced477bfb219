"""`bouncery undo`: what went wrong never happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bouncery.cli import exits
from bouncery.cli.db import database, opened
from bouncery.cli.deciding_options import checked, handed, moment, now_option, receiver, receiver_options, say, write
from bouncery.cli.stats import begin, end
from bouncery.model import Reason

if TYPE_CHECKING:
    from bouncery.deciding.selection import Selected


@click.command("undo")
@database
@click.option("--since", callback=begin, metavar="DATE", help="What happened from this day or moment on.")
@click.option("--until", callback=end, metavar="DATE", help="Up to the end of this day, or before this moment.")
@click.option("--domain", metavar="NAME", help="About addresses at this domain, or of this provider.")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="With this reason.")
@click.option("--text", metavar="WORDS", help="Whose diagnostic holds these words, in any case.")
@receiver_options
@click.option("--dry-run", "dry", is_flag=True, help="Say what would change; write nothing.")
@now_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - what the options above name
    """Conclude everything anew without some events: those that match all that is given.

    They stay in the record, marked as undone. Prints what changes for which address: `clear` for whoever was given up because
    of them. What was not decided yet is undone as well.
    """
    from bouncery.deciding import undo
    from bouncery.deciding.handing import Printer

    checked(options["execute"])
    form, now, dry = (options[name] for name in ("form", "now", "dry"))
    code = exits.OK
    with opened(options["url"], options["key_file"]) as store:
        found = undo(store, selected(options), now=moment(now), dry=dry)
        if dry:
            write(Printer(form, write).text(found.lines))
        else:
            code = handed(store, receiver(form, options["execute"]), now)
    say(f"{found.events} events {'would be ' if dry else ''}undone; {len(found.lines)} addresses stand otherwise")
    if found.withheld:
        say(f"{len(found.withheld)} suspensions are withheld; see bouncery decide --force")
        code = exits.TEMPORARY
    ctx.exit(code)


def selected(options: dict[str, Any]) -> Selected:
    """Give what is to be undone."""
    from bouncery.deciding.selection import Selected

    return Selected(
        since=options["since"].timestamp() if options["since"] else None,
        until=options["until"].timestamp() if options["until"] else None,
        domain=options["domain"],
        reason=Reason(options["reason"]) if options["reason"] else None,
        text=options["text"],
    )
