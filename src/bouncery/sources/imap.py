r"""IMAP: a folder read by UID and UIDVALIDITY without setting a flag, and messages moved or marked once they are stored.

Neither \Seen nor the order of arrival tells what was read: a person who opens a bounce hides nothing. A lost connection is
opened again, and reading goes on at the same message.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from bouncery.model import SourceError
from bouncery.sources.files import Mail
from bouncery.sources.imap_session import ImapSession, RefusedError, Renumbered
from bouncery.sources.inbox import After, Delivery, Outcome
from bouncery.sources.location import mail_account

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.sources.inbox import InboxOptions, Seen

LISTED = 5_000
"""Messages that are listed or looked up at a time: a server's line of all UIDs has no bound."""


class Handle(NamedTuple):
    """What the server knows a message by."""

    validity: int
    uid: int


class ImapInbox:
    """A folder on an IMAP server."""

    by_bytes = False

    def __init__(self, url: str, options: InboxOptions) -> None:
        """Take the URL; the connection is made with the first batch."""
        self.options = options
        location = mail_account(url)
        self.name = location.name if location.path else f"{location.name}/INBOX"
        self.total: int | None = None
        self.after = options.after or After.MOVE
        self.session = ImapSession(location, self.name, options)
        self.folders: dict[Outcome, str] = {}
        self.last = 0

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give what the folder holds; then, while watching, what comes."""
        while True:
            try:
                for uids in self.batches(self.uids(), seen):
                    yield from self.fetched(uids)
            except Renumbered:
                # RFC 9051, section 2.3.1.1: every UID is void, so the folder is read from its beginning.
                self.last = 0
                continue
            if not self.options.watch or self.options.stopped():
                return
            yield []
            self.session.wait()

    def uids(self) -> array[int]:
        """List the messages that this run has not given yet."""
        wanted = "UNDELETED" if self.after in {After.MOVE, After.DELETE} else "ALL"
        found = array("L")
        if self.last:
            newer = self.session.attempt(lambda client: client.search([wanted, "UID", f"{self.last + 1}:*"]))
            # RFC 9051, section 6.4.8: a range with * always includes the last message.
            found.extend(sorted(uid for uid in newer if uid > self.last))
        else:
            count = self.session.count()
            for first in range(1, count + 1, LISTED):
                found.extend(self.session.attempt(self.listing(wanted, first, min(first + LISTED - 1, count))))
        self.total = (self.total or 0) + len(found)
        return found

    @staticmethod
    def listing(wanted: str, first: int, last: int) -> Any:  # noqa: ANN401 - IMAPClient has no types
        """Give the search for a range of messages."""
        return lambda client: sorted(client.search([wanted, f"{first}:{last}"]))

    def batches(self, uids: array[int], seen: Seen) -> Iterator[list[int]]:
        """Give the UIDs of a batch each, with what is stored left out where stored messages stay."""
        for start in range(0, len(uids), LISTED):
            portion = uids[start : start + LISTED].tolist()
            if self.after in {After.MARK, After.KEEP} or self.options.readonly:
                known = seen.many([self.identity(uid) for uid in portion])
                portion = [uid for uid in portion if self.identity(uid) not in known]
                self.total = (self.total or 0) - len(known)
            for first in range(0, len(portion), self.options.batch):
                yield from self.bounded(portion[first : first + self.options.batch])
            self.last = int(uids[start : start + LISTED][-1])

    def identity(self, uid: int) -> str:
        """Name a message for ever."""
        return f"{self.session.validity}/{uid}"

    def bounded(self, uids: list[int]) -> Iterator[list[int]]:
        """Cut a batch where its messages come to too many bytes; each alone where the server cannot tell."""
        try:
            sizes = self.session.insist(lambda client: client.fetch(uids, ["RFC822.SIZE"]))
        except RefusedError:
            yield from ([uid] for uid in uids)
            return
        batch: list[int] = []
        size = 0
        for uid in uids:
            if uid not in sizes:
                continue
            size += min(sizes[uid].get(b"RFC822.SIZE", 0), self.options.message_bytes)
            batch.append(uid)
            if size >= self.options.batch_bytes:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def fetched(self, uids: list[int]) -> Iterator[list[Delivery]]:
        """Fetch a batch; where the server fails on it, its messages one by one. What cannot be had is passed over."""
        try:
            batch = self.fetch(uids)
        except RefusedError as error:
            if len(uids) > 1:
                for uid in uids:
                    yield from self.fetched([uid])
                return
            self.options.skipped(SourceError(f"{error} (message {self.identity(uids[0])} stays where it is)"))
        else:
            yield batch

    def fetch(self, uids: list[int]) -> list[Delivery]:
        r"""Fetch messages without setting \Seen; those that somebody else removed meanwhile are left out."""
        limit = self.options.message_bytes
        part = f"BODY.PEEK[]<0.{limit}>"
        found = self.session.insist(lambda client: client.fetch(uids, ["RFC822.SIZE", part]))
        batch = []
        for uid in uids:
            data = found.get(uid, {}).get(b"BODY[]<0>")
            if data is None:
                continue
            omitted = max(0, found[uid].get(b"RFC822.SIZE", 0) - limit) if len(data) >= limit else 0
            mail = Mail(self.name, uid, data, omitted)
            batch.append(Delivery(mail, self.identity(uid), handle=Handle(self.session.validity, uid)))
        return batch

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Move, mark or delete what is stored."""
        if self.after is After.KEEP or self.options.readonly:
            return
        for outcome in Outcome:
            handles = [delivery.handle for delivery, became in done if became is outcome]
            uids = [handle.uid for handle in handles if isinstance(handle, Handle) and handle.validity == self.session.validity]
            if uids:
                try:
                    self.settle(uids, outcome)
                except Renumbered:
                    return

    def settle(self, uids: list[int], outcome: Outcome) -> None:
        """Do with messages of one outcome what is to be done."""
        if self.after is After.MARK:
            self.session.attempt(lambda client: client.add_flags(uids, [outcome.value], silent=True))
        elif self.after is After.MOVE:
            folder = self.folder(outcome)
            if folder != self.session.folder:
                self.session.attempt(lambda client: move(client, uids, folder))
        elif outcome is not Outcome.UNRECOGNISED:
            self.session.attempt(lambda client: remove(client, uids))

    def folder(self, outcome: Outcome) -> str:
        """Give the folder for an outcome, and make it if it is not there."""
        if outcome not in self.folders:
            self.folders[outcome] = self.session.attempt(lambda client: make_folder(client, outcome.value))
        return self.folders[outcome]

    def refuse(self, batch: Sequence[Delivery]) -> bool:  # noqa: ARG002 - the messages are where they were
        """Leave everything as it is."""
        return False

    def close(self) -> None:
        """Log out."""
        self.session.drop(politely=True)


def move(client: Any, uids: list[int], folder: str) -> None:  # noqa: ANN401 - IMAPClient has no types
    """Move messages (RFC 6851); by copying and deleting where the server cannot."""
    if client.has_capability("MOVE"):
        client.move(uids, folder)
    else:
        client.copy(uids, folder)
        remove(client, uids)


def remove(client: Any, uids: list[int]) -> None:  # noqa: ANN401 - IMAPClient has no types
    """Delete messages, and no others: without UIDPLUS (RFC 4315) they are marked as deleted only."""
    client.delete_messages(uids, silent=True)
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)


def make_folder(client: Any, name: str) -> str:  # noqa: ANN401 - IMAPClient has no types
    """Give the name of a folder in the user's own namespace (RFC 2342), and make it if it is not there."""
    personal = client.namespace().personal if client.has_capability("NAMESPACE") else ()
    folder = f"{personal[0][0]}{name}" if personal else name
    if not client.folder_exists(folder):
        client.create_folder(folder)
    return folder
