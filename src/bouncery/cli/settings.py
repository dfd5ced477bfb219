"""The configuration file: TOML with the options' own names, at the top for all commands and in a table for one.

What the command line or the environment gives goes before it.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from bouncery.cli.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECRET = ("password", "token", "secret")
SOURCE = "source"


class Finding(NamedTuple):
    """A setting: where it stands, the parameter that it sets, its value, and what is wrong with it."""

    key: str
    parameter: click.Parameter | None
    value: Any
    problem: str | None = None


def read(path: str) -> dict[str, Any]:
    """Read a file. Raises click.UsageError for one that cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise click.UsageError(f"{path}: the configuration cannot be read ({error.strerror}); see the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: the configuration is no TOML ({error})") from error


def names(command: click.Command) -> dict[str, click.Parameter]:
    """Give the parameters of a command by the names that they have in a file."""
    found: dict[str, click.Parameter] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            found[SOURCE] = parameter
        elif parameter.expose_value and not getattr(parameter, "hidden", False):
            found[max(parameter.opts, key=len).lstrip("-")] = parameter
    return found


def findings(command: click.Command, values: Mapping[str, Any], place: str, ctx: click.Context) -> Iterator[Finding]:
    """Look at every value that is meant for a command."""
    known = names(command)
    for key, value in values.items():
        where = f"{place}{key}"
        parameter = known.get(key)
        if parameter is None:
            yield Finding(where, None, value, unknown(key, list(known)))
            continue
        yield Finding(where, parameter, value, problem_of(parameter, value, ctx))


def unknown(key: str, known: list[str]) -> str:
    """Say what is wrong with a name."""
    if key in SECRET:
        return f"a {key} does not belong into this file; give {key}-file, {key}-command or {key}-env"
    near = get_close_matches(key, known, 1)
    return f"no such option; did you mean {near[0]}?" if near else f"no such option; there are {', '.join(sorted(known))}"


def problem_of(parameter: click.Parameter, value: Any, ctx: click.Context) -> str | None:  # noqa: ANN401 - whatever TOML holds
    """Say why an option does not take a value; None if it does."""
    if wants_list(parameter) != isinstance(value, list):
        return f"give {'a list' if wants_list(parameter) else 'one value'}"
    if getattr(parameter, "is_flag", False) != isinstance(value, bool):
        return f"give {'true or false' if not isinstance(value, bool) else 'a value, not true or false'}"
    try:
        parameter.type_cast_value(ctx, value)
    except click.BadParameter as error:
        return error.message
    return None


def wants_list(parameter: click.Parameter) -> bool:
    """Whether a parameter takes several values."""
    return parameter.nargs == -1 or parameter.multiple


def defaults(ctx: click.Context, path: str) -> dict[str, Any]:
    """Give what a file says for the command of a context. Raises click.UsageError, naming all that is wrong."""
    command = ctx.command
    values = read(path)
    own = values.get(command.name or "", {})
    if not isinstance(own, dict):
        raise click.UsageError(f"{path}: {command.name}: give a table")
    known = names(command)
    shared = {key: value for key, value in values.items() if key in known and not isinstance(value, dict)}
    found = [*findings(command, shared, "", ctx), *findings(command, own, f"{command.name}.", ctx)]
    problems = [f"{path}: {finding.key}: {finding.problem}" for finding in found if finding.problem]
    if problems:
        raise click.UsageError("\n".join(problems))
    return {finding.parameter.name: finding.value for finding in found if finding.parameter and finding.parameter.name}


def load(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:  # noqa: ARG001 - click's signature
    """Let the file's values be the command's defaults."""
    if value:
        ctx.default_map = defaults(ctx, value)


def from_file(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """Take the sources from the file if the command line names none."""
    return tuple(value) or tuple((ctx.default_map or {}).get("sources", ()))


def from_command_line(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse a database's password on the command line, where every process of the machine can read it."""
    given = ctx.get_parameter_source(parameter.name or "")
    if value and given is ParameterSource.COMMANDLINE and "://" in value:
        try:
            secret = urlsplit(value).password is not None
        except ValueError:
            secret = False
        if secret:
            raise click.BadParameter("a password does not belong on the command line; set PGPASSWORD, or use ~/.pgpass")
    return value


def shown(value: Any) -> str:  # noqa: ANN401 - whatever TOML holds
    """Give a value as TOML would have it, with no password in it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, str):
        return f'"{printable(without_password(value))}"'
    return str(value)


def without_password(url: str) -> str:
    """Hide the password of a URL."""
    try:
        secret = urlsplit(url).password if "://" in url else None
    except ValueError:
        return url.partition("://")[0] + "://..."
    return url.replace(f":{secret}@", ":***@", 1) if secret else url


source_argument = click.argument("sources", nargs=-1, metavar="SOURCE...", callback=from_file)
configured = click.option(
    "--config",
    is_eager=True,
    expose_value=False,
    callback=load,
    envvar="BOUNCERY_CONFIG",
    show_envvar=True,
    metavar="FILE",
    help="A TOML file with these options; what is given here goes before it. See bouncery config check.",
)
