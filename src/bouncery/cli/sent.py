"""`bouncery sent`: what went out to whom goes into the send log, so that what comes back can be matched with it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from typing import IO, TYPE_CHECKING

import click
import msgspec

from bouncery.address import read_address
from bouncery.cli import exits
from bouncery.cli.db import database, key_of
from bouncery.cli.deciding_options import say
from bouncery.policy import EventKind
from bouncery.store.sends import Send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PORTION = 1_000
LONGEST_LINE = 65_536
MOST_COMPLAINTS = 20
KINDS = frozenset(
    {EventKind.SENT, EventKind.CLEAN, EventKind.CLICK, EventKind.OPEN, EventKind.REPLY, EventKind.PROBE}
    | {EventKind.WARNING, EventKind.ADDED, EventKind.OWNER}
)


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the input. `at` is ISO 8601 (UTC where no zone is given) or seconds since 1970.

    `recipient_id` and `list_id` are the numbers in the token of the return path, where the host has numbers of its own.
    """

    address: str
    at: str | float
    message_id: str | None = None
    list: str | None = None
    envelope_id: str | None = None
    kind: EventKind = EventKind.SENT
    recipient_id: int | None = None
    list_id: int | None = None

    def send(self) -> Send:
        """Give the mail; ValueError says what is wrong with it."""
        from bouncery.deciding import list_id, recipient_id
        from bouncery.deciding.proofs import token_of

        address = read_address(self.address)
        if address is None:
            raise ValueError(f"address: {self.address!r} is none")
        if self.kind not in KINDS:
            raise ValueError(f"kind: give one of {', '.join(sorted(KINDS))}")
        person = recipient_id(address) if self.recipient_id is None else self.recipient_id
        where = list_id(self.list) if self.list_id is None else self.list_id
        token = token_of(person, where)
        return Send(address, self.moment(), self.kind.value, self.list, self.message_id, self.envelope_id, token)

    def moment(self) -> int:
        """Give the time in seconds since 1970."""
        if not isinstance(self.at, str):
            return int(self.at)
        at = datetime.fromisoformat(self.at)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


LINE = msgspec.json.Decoder(Told)


@click.command("sent")
@click.argument("files", nargs=-1, type=click.File("rb"), metavar="FILE...")
@database
@click.pass_context
def command(ctx: click.Context, files: tuple[IO[bytes], ...], url: str, key_file: str | None) -> None:
    """Put mails into the send log: one JSON object a line, from FILES or from standard input.

    {"address": "u@example.com", "at": "2026-11-24T12:00:00Z", "message_id": "<1@example.org>", "list": "news",
    "envelope_id": "..."}; address and time are needed. `kind` is sent by default; clean, click, open, reply, probe, warning,
    added (signed up or imported) and owner (confirmed by the owner) tell the policy more. What is there already is passed
    over, so a file can be given again. Mails in the logs of a mail server are known from bouncery run postfix-log:PATH.
    """
    from bouncery.store import Store
    from bouncery.store.book import book

    told, total, new = Complaints(), 0, 0
    with ExitStack() as stack:
        streams = files or (stack.enter_context(click.open_file("-", "rb")),)
        store = stack.enter_context(Store.open(url, key=key_of(key_file)))
        sends = (send for stream in streams for send in read(stream, told))
        while portion := list(islice(sends, PORTION)):
            with book(store, write=True) as opened:
                new += opened.sends.add(portion)
            total += len(portion)
    click.echo(f"{total} mails, {new} of them new" + (f"; {told.count} lines could not be read" if told.count else ""))
    ctx.exit(exits.UNREADABLE if told.count else exits.OK)


class Complaints:
    """Names the first lines that could not be read, and counts them all."""

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0

    def __call__(self, name: str, number: int, problem: str) -> None:
        """Take one."""
        self.count += 1
        if self.count <= MOST_COMPLAINTS:
            say(f"{name}:{number}: {problem}")


def read(stream: IO[bytes], complain: Complaints) -> Iterator[Send]:
    """Give the mails of a stream."""
    name = str(getattr(stream, "name", "-"))
    for number, text in enumerate(lines(stream), 1):
        if not text.strip():
            continue
        try:
            yield LINE.decode(text[:LONGEST_LINE]).send()
        except (msgspec.DecodeError, ValueError, OverflowError) as error:
            complain(name, number, str(error))


def lines(stream: IO[bytes]) -> Iterable[bytes]:
    """Give the lines of a stream; of one that is too long, no more than shows that it is."""
    while text := stream.readline(LONGEST_LINE + 1):
        yield text
        while len(text) > LONGEST_LINE and not text.endswith(b"\n"):
            text = stream.readline(LONGEST_LINE + 1)
