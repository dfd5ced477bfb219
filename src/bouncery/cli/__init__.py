"""The command line. Each command is a module of this folder, imported when it is called."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from typing import Any

import click

from bouncery.cli import exits
from bouncery.model import BounceryError, StoreError

COMMANDS = (
    *("parse", "explain", "codes", "rules", "run", "ingest", "show", "stats", "db", "config"),
    *("decide", "undo", "what-if", "sent", "token", "simulate"),
)


class Commands(click.Group):
    """The group of all commands, with the exit codes of `exits`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bouncery.cli.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; end quietly when nobody reads its output any more."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            abandon_output()
            ctx.exit(exits.OK)
        except OSError as error:
            click.echo(f"bouncery: {error}; check the disk and the file's permissions", err=True)
            ctx.exit(exits.IO_ERROR)
        except StoreError as error:
            click.echo(f"bouncery: {error}", err=True)
            ctx.exit(exits.TEMPORARY)
        except BounceryError as error:
            click.echo(f"bouncery: {error}", err=True)
            ctx.exit(exits.USAGE)

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run as a program."""
        try:
            code = super().main(*args, **{**extra, "prog_name": "bouncery", "standalone_mode": False})
        except click.UsageError as error:
            error.show()
            code = exits.USAGE
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except click.Abort:
            code = exits.INTERRUPTED
        sys.exit(code if isinstance(code, int) else exits.OK)


def abandon_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush does not complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bouncery", message="bouncery %(version)s")
def main() -> None:
    """Read bounce messages and say, per recipient, what happened and what to do about it.

    Exit codes: 0 done; 1 some message could not be read, or a rule file has problems; 64 wrong usage;
    66 no such input; 74 input or output failed; 75 the database or a server is away: what is not
    stored was not acknowledged, and the same again may do.
    """
