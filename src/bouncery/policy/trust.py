"""How well a report is proven to be about a mail of ours: signed token, matched message, a mail sent lately, or nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bouncery.address import comparable
from bouncery.model import Kind
from bouncery.policy import foreign
from bouncery.policy.event import Level, seconds
from bouncery.policy.numbers import DAY
from bouncery.policy.tokens import HEADER, Bad, Token, Verp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from bouncery.model import Recipient, Report

RECENT_DAYS = 30
"""A mail in this time before the report makes it L1."""
MOST_RECIPIENTS = 10_000
"""Recipients of one Message-ID that are looked through."""
MUST_PROVE = frozenset({Kind.FAILURE, Kind.DELAY, Kind.COMPLAINT, Kind.UNSUBSCRIBE})
"""Reports that can harm a subscriber; a person's answer may well come without a token."""
RETURN_FIELDS = ("return-path", "x-original-to", "delivered-to", "x-bouncery-return")


class Sent(NamedTuple):
    """A mail of ours: to whom, on which list, under which message key."""

    address: str
    list: str | None = None
    message: str | None = None


class SendLog(Protocol):
    """What the host knows of the mail that it sent. Addresses are compared by `bouncery.address.comparable`."""

    def by_token(self, recipient: int, list_id: int, day: int) -> Sent | None:
        """Give the mail that a token was made for."""

    def by_message(self, message_id: str) -> Iterable[Sent]:
        """Give the recipients of a Message-ID; few, or one mail per recipient."""

    def sent_since(self, address: str, since: float) -> bool:
        """Whether a mail went to an address after a moment."""


class Proof(NamedTuple):
    """What is proven of one recipient of one report.

    `address` is the one that we mailed, and the one to blame: where a token names another than the report, the mail was
    forwarded, and `final_address` is who refused it.
    """

    level: Level
    address: str
    final_address: str | None = None
    list: str | None = None
    message: str | None = None
    forged: bool = False
    why: str = ""


class Judge:
    """Gives each report its level. Without keys and without a send log everything is L0.

    A Message-ID that went to many is known to all of them, so it proves no more than a mail sent lately, unless
    `trust_shared_ids` says that no recipient would forge a bounce of another. `always_signed` tells that all mail carries a
    token, so a bounce or complaint that carries none, and matches no message, is not about mail of ours; it is taken as
    True where there are keys.
    """

    def __init__(
        self,
        verp: Verp | None = None,
        log: SendLog | None = None,
        *,
        always_signed: bool | None = None,
        trust_shared_ids: bool = False,
    ) -> None:
        """Take the checker of tokens and the send log, where there are any."""
        self._verp, self._log, self._trust_shared_ids = verp, log, trust_shared_ids
        self._always_signed = verp is not None if always_signed is None else always_signed

    def judge(self, report: Report, recipient: Recipient | None, returned_to: Iterable[str], now: datetime | float) -> Proof:
        """Say how well it is proven that a report is about a mail of ours.

        `returned_to` are the addresses that the report came to: envelope recipient, Delivered-To, X-Original-To, Envelope-To
        and To. Those in the returned header are looked up here.
        """
        paths = (*returned_to, *returned(report))
        named = recipient.address if recipient else next(named_by(paths), "")
        reading = self._verp.find(paths, carried(report), now) if self._verp else None
        if isinstance(reading, Bad):
            return Proof(Level.L0, named, forged=True, why=f"token: {reading.why}")
        if isinstance(reading, Token):
            return self.by_token(reading, named)
        matched = self.by_message(report, named)
        if matched:
            return matched
        forged = self._always_signed and report.kind in MUST_PROVE
        return Proof(self.by_address(named, now), named, forged=forged, why="no token" if forged else "")

    def by_token(self, token: Token, named: str) -> Proof:
        """Blame the address that the token was made for."""
        mail = self._log.by_token(token.recipient, token.list, token.day) if self._log else None
        if mail is None:
            return Proof(Level.L3, named, None, str(token.list), f"{token.list}/{token.day}")
        final = named if named and comparable(named) != comparable(mail.address) else None
        return Proof(Level.L3, mail.address, final, mail.list, mail.message or f"{token.list}/{token.day}")

    def by_message(self, report: Report, named: str) -> Proof | None:
        """Match the returned Message-ID with a mail to that recipient, or to the only recipient that it had."""
        message_id = report.original.message_id if report.original else None
        if not message_id or not self._log:
            return None
        mails = list(islice(self._log.by_message(message_id), MOST_RECIPIENTS))
        if len(mails) == 1:
            mail = mails[0]
            final = named if named and comparable(named) != comparable(mail.address) else None
            return Proof(Level.L2, mail.address, final, mail.list, mail.message or message_id)
        for mail in mails if self._trust_shared_ids else ():
            if comparable(mail.address) == comparable(named):
                return Proof(Level.L2, mail.address, None, mail.list, mail.message or message_id)
        return None

    def by_address(self, named: str, now: datetime | float) -> Level:
        """Give L1 to an address that was mailed lately."""
        recent = named and self._log and self._log.sent_since(named, seconds(now) - RECENT_DAYS * DAY)
        return Level.L1 if recent else Level.L0


def returned(report: Report) -> Iterator[str]:
    """Give the return paths that the returned header holds."""
    original = report.original
    if original:
        yield from (original.headers[name] for name in RETURN_FIELDS if name in original.headers)
        if original.sender:
            yield original.sender


def carried(report: Report) -> Iterator[str]:
    """Give the bare tokens of a report: its envelope id and the field of the returned header."""
    if report.envelope_id:
        yield report.envelope_id
    if report.original and HEADER.lower() in report.original.headers:
        yield report.original.headers[HEADER.lower()]


def named_by(paths: Iterable[str]) -> Iterator[str]:
    """Give the addresses that return paths of other systems name."""
    for path in paths:
        reading = foreign.decode(path)
        if reading and reading.address:
            yield reading.address
