"""The options that the commands of the policy share: the policy itself, secrets of return paths, and where actions go."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bouncery.cli import exits
from bouncery.cli.safe import CONTROL, REPLACEMENT, printable, printable_json
from bouncery.model import BounceryError
from bouncery.policy import Policy, PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bouncery.deciding import Handed, Keys
    from bouncery.deciding.handing import Receiver
    from bouncery.store import Store

F = TypeVar("F", bound="Callable[..., object]")
FORMATS = ("jsonl", "csv", "addresses")
KEYS_ENV = "BOUNCERY_TOKEN_KEYS"
COMMAND_SECONDS = 60.0

now_option = click.option("--now", type=click.DateTime(), hidden=True, help="For tests.")


def moment(now: datetime | None) -> float:
    """Give the time in seconds since 1970."""
    return (now.replace(tzinfo=UTC) if now else datetime.now(UTC)).timestamp()


def policy_of(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Policy:  # noqa: ARG001 - click's signature
    """Read a policy from a TOML file: its table `policy`, or all of it; the default one without a file."""
    if value is None:
        return Policy()
    try:
        table = tomllib.loads(Path(value).read_text("utf-8"))
    except OSError as error:
        raise click.UsageError(f"{value}: the policy cannot be read ({error.strerror}); see the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{value}: the policy is no TOML ({error})") from error
    inner = table.get("policy")
    return Policy.load(inner if isinstance(inner, dict) else table, value)


def policy_option(name: str = "--policy", *, required: bool = False, words: str = "") -> Callable[[F], F]:
    """Give the option that names a policy."""
    meaning = words or "A TOML file with the numbers of the policy, or with `preset`: cautious, default or strict."
    return click.option(name, required=required, metavar="FILE", callback=policy_of, help=meaning)


def token_options(command: F) -> F:
    """Add the options that give the return path and the secrets of its tokens."""
    decorators = (
        click.option(
            "--return-path",
            envvar="BOUNCERY_RETURN_PATH",
            show_envvar=True,
            metavar="ADDRESS",
            help="The return path that a token is put into: bounces@example.org becomes bounces+TOKEN@example.org.",
        ),
        click.option(
            "--token-keys-env",
            default=KEYS_ENV,
            show_default=True,
            metavar="NAME",
            help="The environment variable with the secrets of tokens: NUMBER:SECRET, one or more; the highest one signs.",
        ),
        click.option("--token-keys-file", metavar="FILE", help="A file with the secrets of tokens."),
        click.option("--token-keys-command", metavar="COMMAND", help="A command that prints the secrets of tokens."),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def keys_of(secrets: Mapping[str, Any]) -> Keys | None:
    """Give the secrets that `token_options` name: of a command, a file or the environment, in this order; None without any."""
    from bouncery.deciding import Keys

    return_path, env = secrets["return_path"], secrets["token_keys_env"]
    command, file = secrets["token_keys_command"], secrets["token_keys_file"]
    text = printed(command) if command else content(file) if file else os.environ.get(env)
    if not text and not return_path:
        return None
    if not text:
        raise PolicyError("token keys", None, f"there are none; set {env}, or give --token-keys-file or --token-keys-command")
    if not return_path:
        raise PolicyError("return path", None, "there are secrets, but no return path; give --return-path ADDRESS")
    return Keys.read(text, return_path)


def content(path: str) -> str:
    """Give the text of a file."""
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError("token keys", path, f"cannot be read ({type(error).__name__}); see to --token-keys-file") from error


def printed(command: str) -> str:
    """Give what a command prints; it is told to nobody."""
    cure = "see to --token-keys-command"
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, check=False, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603 - the user's own command
        text = done.stdout.decode()
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise PolicyError("token keys", None, f"the command does not run ({type(error).__name__}); {cure}") from error
    if done.returncode:
        raise PolicyError("token keys", None, f"the command ended with {done.returncode}; {cure}")
    return text


def receiver_options(command: F) -> F:
    """Add the options that say where actions go."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default=FORMATS[0],
        show_default=True,
        help="How actions are printed; addresses are only those that are mailed no more.",
    )
    execute = click.option(
        "--exec",
        "execute",
        metavar="COMMAND",
        help="Run COMMAND for each action, in JSON on its standard input, instead of printing it. Exit code 0: done; 75: try "
        "again later; any other: kept aside with what it says. An `id` that comes again is the same action.",
    )
    return form(execute(command))


def receiver(form: str, execute: str | None) -> Receiver:
    """Give whom actions are handed over to."""
    from bouncery.deciding.handing import Command, Printer

    return Command(execute) if execute else Printer(form, write)


def write(text: str) -> None:
    """Print, and see that it is out."""
    made = text.encode("utf-8", "backslashreplace").splitlines(keepends=True)
    for line in made:
        if line.startswith(b"{"):
            sys.stdout.buffer.write(printable_json(line.rstrip(b"\n")) + b"\n")
        else:
            body = line.rstrip(b"\r\n")
            sys.stdout.buffer.write(CONTROL.sub(REPLACEMENT, body.decode()).encode() + line[len(body) :])
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Tell a person."""
    click.echo(f"bouncery: {printable(text)}", err=True)


def handed(store: Store, to: Receiver, now: datetime | None) -> int:
    """Hand over what is in the outbox, tell of what was not taken, and give the exit code."""
    from bouncery.deciding import hand_over

    result: Handed = hand_over(store, to, lambda: moment(now))
    for words in result.later:
        say(f"{words}; it is tried again in the next run")
    for words in result.refused:
        say(f"{words}; it is kept aside")
    return exits.TEMPORARY if result.later else exits.UNREADABLE if result.refused else exits.OK


def checked(command: str | None) -> None:
    """Refuse a command that cannot be run before anything is decided."""
    from bouncery.deciding.handing import Command

    if command:
        try:
            Command(command)
        except BounceryError as error:
            raise click.UsageError(str(error)) from error
