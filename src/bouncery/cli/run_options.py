"""The options of `bouncery run`, in groups; each can stand under the same name in the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from bouncery.cli.settings import configured, from_command_line, source_argument

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")
AFTER = ("move", "mark", "delete", "keep")


def run_options(command: F) -> F:
    """Add all options."""
    for decorate in reversed((source_argument, configured, *RECORD, *WORK, *SECRETS, *CONNECTION, *OUTPUT)):
        command = decorate(command)
    return command


RECORD = (
    click.option(
        "--db",
        "url",
        envvar="BOUNCERY_DB",
        show_envvar=True,
        metavar="URL",
        callback=from_command_line,
        help="The record: sqlite:///PATH, postgresql://USER@HOST/NAME, or the path of an SQLite file; made if not there.",
    ),
    click.option(
        "--key-file",
        envvar="BOUNCERY_KEY_FILE",
        show_envvar=True,
        metavar="FILE",
        help="The key under which addresses are stored as hashes; at least 16 bytes.",
    ),
    click.option(
        "--keep-raw",
        default=0,
        type=click.IntRange(min=0),
        metavar="DAYS",
        help="Keep the messages themselves, compressed, for DAYS.",
    ),
)
WORK = (
    click.option(
        "--rules", "rule_files", multiple=True, metavar="FILE", help="Rules of your own; they outrank the shipped ones."
    ),
    click.option("-j", "--jobs", default=1, type=click.IntRange(1, 256), metavar="N", help="Judge in N processes."),
    click.option(
        "--batch",
        default=0,
        type=click.IntRange(0, 10_000),
        metavar="N",
        help="Messages that are stored and acknowledged together; 0, the default, is 200 from a server and 1000 from files.",
    ),
    click.option(
        "--after",
        type=click.Choice(AFTER),
        help="What happens on the server to a stored message. move: to the folder Processed, Unrecognised or Not-bounces "
        "(IMAP's default); mark: a keyword of that name (IMAP); delete: unless it was not recognised; keep: nothing (POP3's "
        "default).",
    ),
    click.option("--watch", is_flag=True, help="Stay, and take what comes: by IDLE where the server can, else by polling."),
    click.option(
        "--poll",
        default=60.0,
        show_default=True,
        type=click.FloatRange(min=0.05),
        metavar="SECONDS",
        help="How often a watched source is looked at.",
    ),
    click.option("--dry-run", is_flag=True, help="Read and judge; store nothing and change nothing."),
)
SECRETS = (
    click.option(
        "--password-env",
        default="BOUNCERY_PASSWORD",
        show_default=True,
        metavar="NAME",
        help="The environment variable with the mailbox's password.",
    ),
    click.option("--password-file", metavar="FILE", help="A file whose first line is the password."),
    click.option("--password-command", metavar="COMMAND", help="A command that prints the password."),
    click.option("--token-command", metavar="COMMAND", help="A command that prints an access token, for XOAUTH2."),
)
CONNECTION = (
    click.option(
        "--timeout",
        default=30.0,
        show_default=True,
        type=click.FloatRange(min=0.1),
        metavar="SECONDS",
        help="How long to wait for a server's answer, or for the lock of an mbox.",
    ),
    click.option(
        "--retries",
        default=5,
        show_default=True,
        type=click.IntRange(min=0),
        metavar="N",
        help="How often a lost server is tried again, with growing pauses; no end to it with --watch.",
    ),
    click.option("--plaintext", is_flag=True, help="Let a password go over a connection that is not encrypted."),
)
OUTPUT = (
    click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object."),
    click.option("-q", "--quiet", is_flag=True, help="Print no summary."),
    click.option("--now", type=click.DateTime(), hidden=True, help="For tests."),
)
