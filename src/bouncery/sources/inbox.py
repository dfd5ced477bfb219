"""What all sources of a durable run have in common: batches out, acknowledgements in.

A source gives its messages in batches and takes back, once they are stored, what became of each. Until then it changes
nothing: whatever happens in between, the message is still where it was.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from bouncery.model import SourceError
from bouncery.sources.files import STANDARD_INPUT, Mail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SERVERS = ("imaps", "imap", "pop3s", "pop3", "lmtp")
LOGS = ("postfix-log", "exim-log", "sendmail-log")
SERVER_BATCH, FILE_BATCH = 200, 1_000
"""Messages of a batch by default: few that a lost connection makes come again; more where a commit is all that it costs."""
BATCH_BYTES = 8 << 20
MESSAGE_BYTES = 32 << 20
"""Bytes that are read of one message by default; `Mail.omitted` counts the others."""


class Outcome(StrEnum):
    """What became of a message once it is stored; also the name of the folder it goes to."""

    PROCESSED = "Processed"
    UNRECOGNISED = "Unrecognised"
    NOT_A_BOUNCE = "Not-bounces"


class After(StrEnum):
    """What happens to a message on its server once it is stored."""

    MOVE = "move"
    """It goes to the folder that its outcome names (IMAP)."""
    MARK = "mark"
    """It stays, with a keyword that its outcome names (IMAP)."""
    DELETE = "delete"
    """It is deleted, unless it was not recognised."""
    KEEP = "keep"
    """It stays as it is; the store tells what was read."""


class Delivery(msgspec.Struct, frozen=True):
    """A message on its way into the store.

    `identity` is stable within the source across runs. `envelope_to` is the address it was delivered to, where the source
    knows it. `handle` is the source's own.
    """

    mail: Mail
    identity: str
    envelope_to: str | None = None
    handle: object = None


class Seen(Protocol):
    """Tells which messages of a source are stored already."""

    def __call__(self, identity: str, /) -> bool:
        """Tell it of one."""

    def many(self, identities: Sequence[str], /) -> frozenset[str]:
        """Give those of many that are stored."""


class Inbox(Protocol):
    """A source of a durable run."""

    name: str
    """Its URL without secrets, by which the store knows it."""
    total: int | None
    """How much there is to read, in messages, or in bytes if `by_bytes`; None while it is not known."""
    by_bytes: bool

    def deliveries(self, seen: Seen) -> Iterator[list[Delivery]]:
        """Give batches; an empty one says that nothing more has come so far, so that what is under way is finished."""

    def acknowledge(self, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Take note that messages are stored; called after the commit and never before."""

    def refuse(self, batch: Sequence[Delivery]) -> bool:
        """Take note that messages could not be stored; True if their sender keeps them and the source can go on."""

    def close(self) -> None:
        """Leave the source, with everything that is not acknowledged as it was."""


class MissingError(SourceError):
    """A path that leads nowhere."""


def never() -> bool:
    """Tell that nobody asked to stop."""
    return False


def ignore(_: SourceError) -> None:
    """Pass over what cannot be read."""


class InboxOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How sources are read. Times are in seconds.

    `batch_messages` 0 means 200 from a server and 1000 from files.
    `retries` is how often a lost server is tried again, with growing pauses; while watching there is no end to it. `stopped`
    tells that the run is to end. What cannot be read and is passed over goes to `skipped`,
    a server that is waited for to `notice`. Secrets come from the variable
    `password_env`, the file, or a command's first line of output; a token is for XOAUTH2. `plaintext` lets a password go over
    an unencrypted connection.
    """

    batch_messages: int = 0
    batch_bytes: int = BATCH_BYTES
    message_bytes: int = MESSAGE_BYTES
    timeout: float = 30.0
    retries: int = 5
    watch: bool = False
    poll: float = 60.0
    after: After | None = None
    readonly: bool = False
    password_env: str = "BOUNCERY_PASSWORD"  # noqa: S105 - the name of a variable
    password_file: str | None = None
    password_command: str | None = None
    token_command: str | None = None
    plaintext: bool = False
    stopped: Callable[[], bool] = never
    skipped: Callable[[SourceError], object] = ignore
    notice: Callable[[SourceError], object] = ignore

    def full(self, batch: Sequence[Delivery], size: int) -> bool:
        """Whether a batch with `size` bytes takes no more messages."""
        return len(batch) >= self.batch or size >= self.batch_bytes

    def batches(self, deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
        """Put deliveries into batches."""
        batch: list[Delivery] = []
        size = 0
        for delivery in deliveries:
            batch.append(delivery)
            size += len(delivery.mail.data)
            if self.full(batch, size):
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    @property
    def batch(self) -> int:
        """The messages of a batch."""
        return self.batch_messages or SERVER_BATCH


DEFAULT_OPTIONS = InboxOptions()


def open_inbox(url: str, options: InboxOptions = DEFAULT_OPTIONS) -> Inbox:
    """Give the source that a URL or a path names; raises SourceError for one that cannot be.

    imaps://USER@HOST/FOLDER, imap:, pop3s://USER@HOST, pop3:, lmtp://HOST:PORT, lmtp:///SOCKET, maildir:PATH, mbox:PATH,
    postfix-log:PATH, exim-log:PATH, sendmail-log:PATH, the PATH of a message, an mbox, a Maildir or a directory of any of
    these, or - for standard input.
    """
    scheme, colon, path = url.partition(":")
    if colon and scheme in SERVERS:
        return open_server(scheme, url, options)
    options = msgspec.structs.replace(options, batch_messages=options.batch_messages or FILE_BATCH)
    if colon and scheme in LOGS:
        from bouncery.sources.logs import open_log

        return open_log(url, options)
    from bouncery.sources.mailbox import MailboxInbox
    from bouncery.sources.maildir import MaildirInbox, is_maildir

    if colon and scheme == "maildir":
        return MaildirInbox(path, options)
    if colon and scheme == "mbox":
        return MailboxInbox(path, options, kind=scheme)
    if "://" in url:
        raise SourceError(f"{scheme}://: no such kind of source; give one of {', '.join(SERVERS)}, or a path")
    return MaildirInbox(url, options) if url != STANDARD_INPUT and is_maildir(url) else MailboxInbox(url, options)


def open_server(scheme: str, url: str, options: InboxOptions) -> Inbox:
    """Give the source for a URL with a host; what it needs of others is imported here."""
    if scheme.startswith("imap"):
        from bouncery.sources.imap import ImapInbox

        return ImapInbox(url, options)
    if scheme.startswith("pop3"):
        from bouncery.sources.pop3 import Pop3Inbox

        return Pop3Inbox(url, options)
    from bouncery.sources.lmtp import LmtpInbox

    return LmtpInbox(url, options)
