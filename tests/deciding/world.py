"""A small world: mails that went out, bounces that came back, and what a store holds of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bouncery import Decision, Kind, Reason, Recipient, Report, Verdict
from bouncery.deciding import Keys, decide, hand_over, list_id, recipient_id
from bouncery.deciding.handing import Printer
from bouncery.deciding.proofs import token_of
from bouncery.model import Action, Original
from bouncery.policy import Policy
from bouncery.store import Entry, Store
from bouncery.store.book import book
from bouncery.store.sends import Send
from bouncery.store.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bouncery.deciding import Decided, Line

DAY = 86_400
BEGIN = 20_000 * DAY
KEYS = Keys.read("1:the-first-secret-of-ours 2:the-second-secret-of-ours", "bounces@lists.example.org")
OTHER_KEYS = Keys.read("1:a-secret-of-another-host 2:one-more-of-that-host", "bounces@lists.example.org")
UNKNOWN = (Decision.HARD, Reason.USER_UNKNOWN, "5.1.1", "550 5.1.1 No such user here")
FULL = (Decision.SOFT, Reason.MAILBOX_FULL, "5.2.2", "552 5.2.2 Mailbox is over quota")


def day(number: float) -> float:
    """Give a moment, in days since the world began."""
    return BEGIN + number * DAY


def moment(at: float) -> datetime:
    """Give a moment as a datetime."""
    return datetime.fromtimestamp(at, UTC)


def message_id(address: str, number: float) -> str:
    """Give the Message-ID of the mail to an address of a day."""
    return f"<{number}.{address.replace('@', '.')}@lists.example.org>"


def send(store: Store, address: str, *days: float, name: str = "news") -> None:
    """Write mails into the send log, each with a Message-ID and a token of its own."""
    token = token_of(recipient_id(address), list_id(name))
    with book(store, write=True) as opened:
        opened.sends.add(
            [Send(address, int(day(number)), list=name, message=message_id(address, number), token=token) for number in days]
        )


def bounce(address: str, number: float, outcome: tuple[Any, ...] = UNKNOWN, **changes: Any) -> Entry:  # noqa: ANN401
    """Give the entry of a bounce, an hour after the mail of a day; `changes` are fields of the report."""
    decision, reason, status, text = outcome
    at = moment(day(number) + 3600)
    recipient = Recipient(
        address=address,
        action=Action.FAILED,
        final=True,
        status=status,
        diagnostic=text,
        verdict=Verdict(decision=decision, reason=reason, confidence=0.99),
    )
    facts = {
        "kind": Kind.FAILURE,
        "formats": ("dsn",),
        "reporting_mta": "mx.example.org",
        "date": at.isoformat(),
        "original": Original(message_id=message_id(address, number)),
        "recipients": (recipient,),
    }
    return entry(Report(**{**facts, **changes}), at)


def entry(report: Report, seen_at: datetime) -> Entry:
    """Give the entry of a report."""
    name = hashlib.sha256(repr((report, seen_at)).encode())
    return Entry("mbox:bounces", name.hexdigest(), report, name.digest(), 1000, seen_at)


def token_header(address: str, number: float, keys: Keys = KEYS, name: str = "news") -> Original:
    """Give the returned header of a mail with a token."""
    token = keys.verp().token(recipient_id(address), list_id(name), day(number))
    return Original(headers={"x-bouncery-id": token})


def dies(store: Store, *addresses: str, days: tuple[float, ...] = (0, 4)) -> None:
    """Let addresses fail for good on some days."""
    for address in addresses:
        send(store, address, *days)
    store.add([bounce(address, number) for address in addresses for number in days])


def run(store: Store, number: float, **options: Any) -> Decided:  # noqa: ANN401 - handed to `decide`
    """Decide on a day, in earnest."""
    return decide(store, options.pop("policy", Policy()), now=day(number), **{"dry": False, **options})


def taken(store: Store, number: float = 100) -> list[str]:
    """Hand everything over, and give what came out."""
    printed: list[str] = []
    hand_over(store, Printer("jsonl", printed.append), lambda: day(number))
    return "".join(printed).splitlines()


def steps(lines: Iterable[Line]) -> list[tuple[str, str]]:
    """Give address and step of actions, in order."""
    return sorted((line.address, line.step) for line in lines)


def contents(store: Store, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    """Give all rows of all tables, or of some."""
    wanted = [table for table in METADATA.sorted_tables if not names or table.name.removeprefix("bouncery_") in names]
    with store.engine.connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in wanted}
