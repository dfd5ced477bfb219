"""`bouncery ingest`: one message from a mail server's pipe into the record."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bouncery.cli import exits
from bouncery.cli.db import key_of
from bouncery.cli.safe import printable
from bouncery.cli.settings import configured, from_command_line
from bouncery.model import StoreError

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

    from bouncery.sources.inbox import Delivery

SOURCE = "pipe"
LAST_STANDARD_STREAM = 2
RECIPIENTS = ("ORIGINAL_RECIPIENT", "RECIPIENT")
"""Where Postfix says whom a message is for: as it came, and as aliases have it."""


class Ingest(click.Command):
    """A command that ends with 0 or with 75: on any other code a mail server would bounce the bounce."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Read the options; a mistake in them keeps the message in the queue until it is mended."""
        fill_standard_streams()
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as error:
            put_off(error.format_message())

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run; whatever goes wrong, the message stays in the queue."""
        signal.signal(signal.SIGTERM, interrupted)
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except BaseException as error:  # noqa: BLE001 - no code but 75 keeps the message
            put_off(str(error) or type(error).__name__)


def fill_standard_streams() -> None:
    """Open what the mail server closed: no file of ours may become standard output, and a closed one no other exit code."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST_STANDARD_STREAM:
        pass
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as the program runs


def interrupted(number: int, _: FrameType | None) -> NoReturn:
    """End at a signal; what was not stored comes again, what was is known then."""
    raise KeyboardInterrupt(f"ended by signal {number}")


def put_off(problem: str) -> NoReturn:
    """Say what is wrong and have the mail server try again."""
    # Standard output may be closed or full, which must not become another exit code.
    with contextlib.suppress(OSError):
        click.echo(f"bouncery: {printable(problem)}", err=True)
    raise click.exceptions.Exit(exits.TEMPORARY)


@click.command("ingest", cls=Ingest)
@configured
@click.option(
    "--db",
    "url",
    envvar="BOUNCERY_DB",
    show_envvar=True,
    metavar="URL",
    callback=from_command_line,
    help="The record: sqlite:///PATH, postgresql://USER@HOST/NAME, or the path of an SQLite file; made if not there.",
)
@click.option(
    "--key-file",
    envvar="BOUNCERY_KEY_FILE",
    show_envvar=True,
    metavar="FILE",
    help="The key under which addresses are stored as hashes; at least 16 bytes.",
)
@click.option(
    "--keep-raw",
    default=0,
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Keep the messages themselves, compressed, for DAYS.",
)
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Rules of your own; they outrank the shipped ones.")
@click.option(
    "--to",
    "envelope_to",
    metavar="ADDRESS",
    help="Whom the message is for; without it $ORIGINAL_RECIPIENT, else $RECIPIENT, as Postfix sets them.",
)
@click.option("--now", type=click.DateTime(), hidden=True, help="For tests.")
def command(
    *,
    url: str | None,
    key_file: str | None,
    keep_raw: int,
    rule_files: tuple[str, ...],
    envelope_to: str | None,
    now: datetime | None,
) -> None:
    """Store one message that a mail server hands over on standard input.

    In an alias: "|bouncery ingest --db URL". The exit code is 0 once the message is stored, recognised or not, and 75
    otherwise, so that the mail server keeps it and tries again.
    """
    from bouncery.cli.judging import Question, entry_of, judged
    from bouncery.cli.work import ruleset
    from bouncery.store import Store

    if url is None:
        raise StoreError("no record; give --db URL, or set BOUNCERY_DB")
    # A mistake in the rules is no message's fault.
    ruleset(rule_files)
    recipient = envelope_to or next(filter(None, map(os.environ.get, RECIPIENTS)), None)
    delivery = delivered(recipient)
    found = judged(Question(delivery.mail, recipient), rule_files)
    moment = now.replace(tzinfo=UTC) if now else datetime.now(UTC)
    with contextlib.closing(Store.open(url, key=key_of(key_file), keep_raw_days=keep_raw)) as store:
        store.add([entry_of(delivery, found, SOURCE, moment)])


def delivered(recipient: str | None) -> Delivery:
    """Read the message; some mail servers put an mbox's "From " line before it."""
    from bouncery.sources import mbox
    from bouncery.sources.files import Mail, count
    from bouncery.sources.inbox import MESSAGE_BYTES, Delivery

    stream = sys.stdin.buffer
    data = mbox.without_separator(stream.read(MESSAGE_BYTES))
    omitted = count(stream)
    return Delivery(Mail(SOURCE, 0, data, omitted), hashlib.sha256(data).hexdigest(), recipient)
