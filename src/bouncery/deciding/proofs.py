"""How well a report of the record is proven: signed return paths, the send log of the store, our own server's logs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from bouncery.address import comparable
from bouncery.model import Action
from bouncery.policy import Judge, Level, PolicyError, Proof, Sent, Verp
from bouncery.policy.event import seconds
from bouncery.policy.numbers import DAY
from bouncery.policy.trust import returned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bouncery.model import Recipient, Report
    from bouncery.store.sends import Send, Sends

LOG = "log"
"""The first format of a report that was made from a line of a mail server's log; no message can give it."""
TOKEN_DAYS = 2
"""A mail goes out on the day of its token, or in the night behind it."""
PATH_FIELDS = ("original-mail-from", "original-envelope-id")


def recipient_id(address: str) -> int:
    """Give the number that stands for an address in a token."""
    return int.from_bytes(hashlib.sha256(comparable(address).encode("utf-8", "backslashreplace")).digest()[:8], "big")


def list_id(name: str | None) -> int:
    """Give the number that stands for a list in a token: a number stands for itself, 0 for none."""
    if not name:
        return 0
    if name.isascii() and name.isdigit() and int(name) < 2**32:
        return int(name)
    return int.from_bytes(hashlib.sha256(name.casefold().encode("utf-8", "backslashreplace")).digest()[:4], "big")


def token_of(recipient: int, list_number: int) -> str:
    """Give what a token says beside its day."""
    return f"{recipient}/{list_number}"


def bracketed(message: str | None) -> str | None:
    """Give a Message-ID with brackets, so that a mail and a report on it have one name."""
    return f"<{message.strip().strip('<>')}>" if message else None


class Keys(NamedTuple):
    """The secrets of signed return paths, and the address that a token is put into."""

    secrets: Mapping[int, bytes]
    return_path: str

    @classmethod
    def read(cls, text: str, return_path: str) -> Keys:
        """Read `NUMBER:SECRET`, one or more of them parted by white space; a secret alone has the number 0."""
        secrets = {}
        for word in text.split():
            number, colon, secret = word.partition(":")
            if not colon:
                number, secret = "0", word
            if not number.isascii() or not number.isdigit():
                raise PolicyError("token keys", None, "give NUMBER:SECRET, with a number of 0 to 255")
            secrets[int(number)] = secret.encode()
        return cls(secrets, return_path)

    def verp(self) -> Verp:
        """Give what makes and checks return paths."""
        local, at, domain = self.return_path.rpartition("@")
        if not at or not domain:
            raise PolicyError("return path", None, f"{self.return_path!r} is no address; give bounces@example.org")
        return Verp(self.secrets, local, domain)


class Mailed:
    """The send log of a store, and the mails that this run has found in logs and not stored yet."""

    def __init__(self, sends: Sends) -> None:
        """Take the log."""
        self.sends = sends
        self.is_empty = not sends.last()
        self.fresh: dict[str, dict[str, Sent]] = {}
        self.lately: dict[str, int] = {}

    def add(self, send: Send) -> None:
        """Take note of a mail."""
        message = bracketed(send.message)
        sent = Sent(send.address, send.list, message)
        if message:
            self.fresh.setdefault(message, {})[comparable(send.address)] = sent
        key = comparable(send.address)
        self.lately[key] = max(send.at, self.lately.get(key, 0))
        self.is_empty = False

    def by_token(self, recipient: int, list_id: int, day: int) -> Sent | None:
        """Give the mail that a token was made for."""
        row = self.sends.by_token(token_of(recipient, list_id), int(day * DAY), int((day + TOKEN_DAYS) * DAY))
        return sent_of(row) if row is not None else None

    def by_message(self, message_id: str) -> Iterable[Sent]:
        """Give the first recipients of a Message-ID."""
        mails = {comparable(row.address): sent_of(row) for row in self.sends.by_message(message_id)}
        return (mails | self.fresh.get(bracketed(message_id) or "", {})).values()

    def by_envelope(self, envelope: str) -> list[Sent]:
        """Give the first recipients of an envelope id."""
        return [sent_of(row) for row in self.sends.by_envelope(envelope)]

    def sent_since(self, address: str, since: float) -> bool:
        """Whether a mail went to an address after a moment."""
        return self.lately.get(comparable(address), 0) > since or self.sends.mailed_since(address, since)


def sent_of(row: Any) -> Sent:  # noqa: ANN401 - a row of the send log
    """Give the mail of a row."""
    return Sent(row.address, row.list, name_of(row))


def name_of(row: Any) -> str:  # noqa: ANN401 - a row of the send log
    """Give what tells one mail from another: its Message-ID, its envelope id, or its place in the log."""
    return bracketed(row.message) or row.envelope or f"send-{row.id}"


class Proofs(Judge):
    """Judges reports of the record.

    A token's age is taken when the message came to us, whatever date the message claims. A line of our own server's log is
    about a mail of ours.
    """

    def __init__(self, verp: Verp | None, mailed: Mailed) -> None:
        """Take the checker of tokens and the send log."""
        self.mailed = mailed
        self.verp = verp
        self.has_keys = verp is not None
        self.received = 0.0
        super().__init__(verp, mailed)

    def judge(self, report: Report, recipient: Recipient | None, returned_to: Iterable[str], now: datetime | float) -> Proof:
        """Say how well it is proven that a report is about a mail of ours."""
        message = bracketed(report.original.message_id if report.original else None)
        if is_log(report) and recipient:
            return Proof(Level.L2, recipient.address, message=message)
        proof = self.bare(report, recipient, returned_to, self.received or seconds(now))
        if message is None or message == proof.message:
            return proof
        # Several mails to one recipient and list on one day have one token: it is the one that was returned.
        if proof.message is None or (proof.level >= Level.L3 and self.mailed.sends.has(proof.address, message)):
            return proof._replace(message=message)
        return proof

    def bare(self, report: Report, recipient: Recipient | None, returned_to: Iterable[str], now: float) -> Proof:
        """Give the proof by a token, a mail sent lately, or the only mail with the envelope id that the report states."""
        if self.mailed.is_empty and not self.has_keys:
            named = recipient.address if recipient else ""
            return Proof(Level.L0, named) if named else super().judge(report, recipient, returned_to, now)
        proof = super().judge(report, recipient, returned_to, now)
        bad_token = proof.forged and proof.why.startswith("token")
        if proof.level >= Level.L2 or bad_token or not report.envelope_id:
            return proof
        mails = self.mailed.by_envelope(report.envelope_id)
        if len(mails) != 1:
            return proof
        mail, named = mails[0], proof.address
        final = named if named and comparable(named) != comparable(mail.address) else None
        return Proof(Level.L2, mail.address, final, mail.list, mail.message)

    def with_token(self, path: str) -> str:
        """Give the return path of a bare token; any other address as it is."""
        if self.verp is None or "@" in path:
            return path
        return f"{self.verp.prefix}{self.verp.delimiter}{path}@{self.verp.domain}"

    def paths(self, report: Report, paths: Iterable[str]) -> list[str]:
        """Give the addresses in which a token may be: those that the report came to, and those that it states itself."""
        paths = [self.with_token(path) for path in paths]
        stated = [value for name, value in report.fields if name.lower() in PATH_FIELDS]
        return [*paths, *stated, *returned(report)]


def is_log(report: Report) -> bool:
    """Whether a report was made from a line of our own server's log."""
    return report.formats[:1] == (LOG,)


def is_delivery(report: Report) -> bool:
    """Whether a line of our own log tells that a server took a mail of ours: it went out, and may still come back."""
    return is_log(report) and any(recipient.action is Action.DELIVERED for recipient in report.recipients)


def is_attempt(report: Report) -> bool:
    """Whether a line of our own log tells what became of a mail of ours: so it was sent."""
    ends = (Action.DELIVERED, Action.FAILED)
    return is_log(report) and any(recipient.action in ends for recipient in report.recipients)
