"""`bouncery token`: signed return paths, made and checked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bouncery.cli import exits
from bouncery.cli.deciding_options import keys_of, moment, now_option, token_options
from bouncery.cli.safe import printable_json
from bouncery.policy import Bad, PolicyError, Token, Verp

if TYPE_CHECKING:
    from datetime import datetime

DAY = 86_400


@click.group("token")
def command() -> None:
    """Make and check signed return paths.

    A bounce that comes back to one is about a mail of ours, to that recipient, on that day. The same token may stand in ENVID
    and in the header field X-Bouncery-Id.
    """


@command.command("make")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--list", "name", metavar="NAME", help="The list that the mail belongs to, by name or number.")
@click.option("--bare", is_flag=True, help="The token alone, for ENVID and X-Bouncery-Id.")
@token_options
@now_option
def make(addresses: tuple[str, ...], name: str | None, now: datetime | None, *, bare: bool, **secrets: Any) -> None:  # noqa: ANN401 - the options of tokens
    """Print the return path for a mail to each ADDRESS."""
    from bouncery.deciding import list_id, recipient_id

    verp = signer(secrets)
    write = verp.token if bare else verp.encode
    for address in addresses:
        click.echo(write(recipient_id(address), list_id(name), moment(now)))


@command.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--address", metavar="ADDRESS", help="See whether the token was made for this one.")
@click.option("--list", "name", metavar="NAME", help="See whether it was made for this list.")
@token_options
@now_option
@click.pass_context
def check(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    address: str | None,
    name: str | None,
    now: datetime | None,
    **secrets: Any,  # noqa: ANN401 - the options of tokens
) -> None:
    """Say of each return path, or bare token, whether it holds. The exit code is 1 if one does not."""
    verp, code = signer(secrets), exits.OK
    for path in paths:
        found = verp.decode(path, moment(now)) if "@" in path else verp.check(path, moment(now))
        answer = described(path, found, address, name)
        code = code if answer["holds"] else exits.UNREADABLE
        sys.stdout.buffer.write(printable_json(msgspec.json.encode(answer)) + b"\n")
    ctx.exit(code)


def signer(secrets: dict[str, Any]) -> Verp:
    """Give what makes and checks return paths."""
    keys = keys_of(secrets)
    if keys is None:
        env = secrets["token_keys_env"]
        raise PolicyError("token keys", None, f"there are none; set {env} and give --return-path ADDRESS")
    return keys.verp()


def described(path: str, found: Token | Bad | None, address: str | None, name: str | None) -> dict[str, object]:
    """Give what a return path says."""
    from bouncery.deciding import list_id, recipient_id
    from bouncery.deciding.line import iso

    if not isinstance(found, Token):
        return {"path": path, "holds": False, "why": found.why if found else "no token of ours"}
    answer: dict[str, object] = {
        "path": path,
        "holds": True,
        "recipient": found.recipient,
        "list": found.list,
        "day": (iso(found.day * DAY) or "")[:10],
        "key": found.key,
    }
    if address is not None and recipient_id(address) != found.recipient:
        return answer | {"holds": False, "why": "it was made for another address"}
    if name is not None and list_id(name) != found.list:
        return answer | {"holds": False, "why": "it was made for another list"}
    return answer
