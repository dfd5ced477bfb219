"""`bouncery db`: look after the record. Also the options by which every command finds it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from bouncery.cli import exits
from bouncery.cli.safe import printable
from bouncery.model import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.store import Store

F = TypeVar("F", bound="Callable[..., object]")
FORMATS = ("jsonl", "csv", "parquet")
STANDARD_OUTPUT = "-"
SHA256_DIGITS = 64


def database(command: F) -> F:
    """Add the options that name a database and the file with the key of its addresses."""
    url = click.option(
        "--db",
        "url",
        required=True,
        envvar="BOUNCERY_DB",
        show_envvar=True,
        metavar="URL",
        help="sqlite:///PATH, postgresql://USER@HOST/NAME, or the path of an SQLite file.",
    )
    key = click.option(
        "--key-file",
        envvar="BOUNCERY_KEY_FILE",
        show_envvar=True,
        metavar="FILE",
        help="The key under which addresses are stored as hashes; at least 16 bytes.",
    )
    return url(key(command))


def key_of(path: str | None) -> bytes | None:
    """Read the key of hashed addresses; the line's end does not belong to it."""
    if path is None:
        return None
    try:
        return Path(path).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise StoreError(f"{path}: the key cannot be read ({error.strerror}); see the path and its permissions") from error


def opened(url: str, key_file: str | None) -> Store:
    """Open a record that is there."""
    from bouncery.store import Store

    return Store.open(url, key=key_of(key_file), create=False)


@click.group("db")
def command() -> None:
    """Check the record, give room back, write it to a file."""


@command.command("check")
@database
@click.pass_context
def check(ctx: click.Context, url: str, key_file: str | None) -> None:
    """Read everything that is stored and name what is wrong with it."""
    with opened(url, key_file) as store:
        problems = store.check()
        totals = store.totals()
        name = store.name
    for problem in problems:
        click.echo(f"bouncery: {printable(problem)}", err=True)
    counts = f"{totals.messages} messages ({totals.copies} further copies, {totals.aside} kept aside), {totals.events} events"
    verdict = f"{len(problems)} problems" if problems else "nothing wrong"
    click.echo(f"{printable(name)}: {counts}, {totals.raw} raw messages; {verdict}")
    ctx.exit(exits.UNREADABLE if problems else exits.OK)


@command.command("vacuum")
@database
@click.option("--now", type=click.DateTime(), hidden=True, help="For tests.")
def vacuum(url: str, key_file: str | None, now: datetime | None) -> None:
    """Delete the raw messages whose time is over and give their room back."""
    moment = now.replace(tzinfo=UTC) if now else datetime.now(UTC)
    with opened(url, key_file) as store:
        click.echo(f"{store.vacuum(moment)} raw messages deleted")


@command.command("export")
@database
@click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True)
@click.option("-o", "--output", default=STANDARD_OUTPUT, metavar="FILE", help="Where to; standard output if not given.")
def export(url: str, key_file: str | None, form: str, output: str) -> None:
    """Write all events: JSON lines in full, CSV or Parquet with a column for each fact."""
    no_terminal(output)
    with opened(url, key_file) as store:
        store.export(form, output)


@command.command("raw")
@click.argument("digest")
@database
@click.pass_context
def raw(ctx: click.Context, digest: str, url: str, key_file: str | None) -> None:
    """Write a raw message that is kept, such as `show` names by its DIGEST, to standard output."""
    no_terminal(STANDARD_OUTPUT)
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        raise click.BadParameter(f"the digest has {SHA256_DIGITS} hexadecimal digits") from None
    with opened(url, key_file) as store:
        data = store.raw(wanted)
    if data is None:
        click.echo(f"bouncery: {printable(digest)}: no such raw message, or not any more", err=True)
        ctx.exit(exits.NO_INPUT)
    sys.stdout.buffer.write(data)


def no_terminal(output: str) -> None:
    """Refuse to show on a terminal what strangers wrote as they wrote it."""
    if output == STANDARD_OUTPUT and sys.stdout.isatty():
        raise click.UsageError("this is not for a terminal; give a file (--output, or > FILE) or a pipe")
