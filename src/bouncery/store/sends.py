"""The send log: what went out to whom, and what else the host knows of an address, for matching what comes back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint, bindparam, func, select

from bouncery.store.adding import LONGEST_PROVIDER, following, put
from bouncery.store.identity import encoded, storable
from bouncery.store.reading import portions
from bouncery.store.tables import METADATA, NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import BindParameter, Connection, Row, Select

    from bouncery.store.privacy import Clear

SENDS = Table(
    "bouncery_sends",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    Column("recipient", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("list", Text),
    Column("message", Text),
    Column("envelope", Text),
    Column("token", LargeBinary),
    UniqueConstraint("key", name="bouncery_sends_key"),
    Index("bouncery_sends_recipient", "recipient", "at"),
    Index("bouncery_sends_message", "message"),
    Index("bouncery_sends_envelope", "envelope"),
    Index("bouncery_sends_token", "token", "at"),
)
"""One row for each mail and recipient. `token` is the hash of the numbers in a signed return path, without the day."""

MAILS = ("sent", "clean", "probe")
"""Kinds that are mail of ours."""
KEY_BYTES = 16
FEW = 20
"""Rows of one message that are looked at: enough to see that it went to more than one recipient."""
WANTED: BindParameter[Any] = bindparam("wanted")
SINCE: BindParameter[int] = bindparam("since")
# Asked for every bounce: put together once.
MAIL = select(SENDS).where(SENDS.c.kind.in_(MAILS)).order_by(SENDS.c.at, SENDS.c.id).limit(FEW)
BY_MESSAGE = MAIL.where(SENDS.c.message == WANTED)
BY_ENVELOPE = MAIL.where(SENDS.c.envelope == WANTED)
BY_TOKEN = MAIL.where(SENDS.c.token == WANTED, SENDS.c.at >= SINCE, SENDS.c.at < bindparam("until"))
MAILED_SINCE = select(SENDS.c.id).where(SENDS.c.recipient == WANTED, SENDS.c.at >= SINCE, SENDS.c.kind.in_(MAILS)).limit(1)


class Send(NamedTuple):
    """A mail of ours, or something else that the host knows of an address; times are seconds since 1970.

    `message` is the Message-ID, with or without brackets; `token` what the return path says beside the day;
    `provider` is the domain where nothing better is known.
    """

    address: str
    at: int
    kind: str = "sent"
    list: str | None = None
    message: str | None = None
    envelope: str | None = None
    token: str | None = None
    provider: str | None = None


class Sends:
    """The send log within a transaction."""

    def __init__(self, connection: Connection, privacy: Clear) -> None:
        """Take the transaction and how addresses are kept."""
        self.connection = connection
        self.privacy = privacy

    def person(self, address: str) -> bytes:
        """Give what an address is found by; in a record of hashes, the hash itself will do as well."""
        if self.privacy.check is not None and "@" not in address:
            return bytes.fromhex(address)
        return self.privacy.recipient_key(address)

    def kept(self, address: str) -> str:
        """Give an address as it is kept."""
        return address if self.privacy.check is None else self.person(address).hex()

    def envelope(self, envelope: str) -> str:
        """Give an envelope id as it is kept."""
        return storable(envelope if self.privacy.check is None else self.privacy.digest(envelope).hex())

    def add(self, sends: Sequence[Send]) -> int:
        """Put mails into the log; what is there already is passed over. Gives how many were new."""
        first = following(self.connection, SENDS)
        return put(self.connection, SENDS, [self.row(number, send) for number, send in enumerate(sends, first)])

    def row(self, number: int, send: Send) -> dict[str, Any]:
        """Give the row of a mail."""
        domain = send.address.rpartition("@")[2].rstrip(".").lower() if "@" in send.address else ""
        person = self.person(send.address)
        message = core(send.message) if send.message else None
        envelope = self.envelope(send.envelope) if send.envelope else None
        known = msgspec.json.encode([person.hex(), send.kind, send.at, send.list, message, envelope])
        return {
            "id": number,
            "key": hashlib.sha256(known).digest()[:KEY_BYTES],
            "recipient": person,
            "address": storable(self.kept(send.address)),
            "kind": send.kind,
            "at": send.at,
            "provider": storable(send.provider or domain, LONGEST_PROVIDER),
            "list": storable(send.list) if send.list else None,
            "message": message,
            "envelope": envelope,
            "token": self.privacy.digest(send.token)[:KEY_BYTES] if send.token else None,
        }

    def last(self) -> int:
        """Give the number of the last mail."""
        return following(self.connection, SENDS) - 1

    def between(self, after: int, upto: int) -> Iterator[Row[Any]]:
        """Give the mails behind one number up to another, in the order of time."""
        question = select(SENDS).where(SENDS.c.id > after, SENDS.c.id <= upto).order_by(SENDS.c.at, SENDS.c.id)
        yield from portions(self.connection, question)

    def by_message(self, message: str) -> list[Row[Any]]:
        """Give the mails with a Message-ID, one for each of the first recipients."""
        return self.found(BY_MESSAGE, wanted=core(message))

    def by_envelope(self, envelope: str) -> list[Row[Any]]:
        """Give the mails with an envelope id, as a report of this record states it."""
        return self.found(BY_ENVELOPE, wanted=storable(envelope))

    def by_token(self, token: str, since: int, until: int) -> Row[Any] | None:
        """Give the first mail of a time that a token was made for."""
        wanted = self.privacy.digest(token)[:KEY_BYTES]
        rows = self.found(BY_TOKEN, wanted=wanted, since=since, until=until)
        return rows[0] if rows else None

    def found(self, question: Select[Any], **values: object) -> list[Row[Any]]:
        """Give the answer to a question, one row for each recipient."""
        rows: dict[bytes, Row[Any]] = {}
        for row in self.connection.execute(question, values):
            rows.setdefault(bytes(row.recipient), row)
        return list(rows.values())

    def has(self, address: str, message: str) -> bool:
        """Whether a mail with a Message-ID went to an address."""
        question = select(SENDS.c.id).where(SENDS.c.message == core(message), SENDS.c.recipient == self.person(address))
        return self.connection.scalar(question.limit(1)) is not None

    def mailed_since(self, address: str, since: float) -> bool:
        """Whether a mail went to an address after a moment."""
        values = {"wanted": self.person(address), "since": int(since)}
        return self.connection.scalar(MAILED_SINCE, values) is not None

    def of(self, address: str) -> int:
        """Count the mails to an address."""
        question = select(func.count()).where(SENDS.c.recipient == self.person(address), SENDS.c.kind.in_(MAILS))
        return self.connection.scalar(question) or 0


def core(message: str) -> str:
    """Give a Message-ID without brackets, as an index takes it."""
    return storable(encoded(message).decode().strip().strip("<>"))
