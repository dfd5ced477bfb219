"""A connection to an IMAP folder that is made again when it is lost."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
import time
from typing import TYPE_CHECKING, Any

from bouncery.model import SourceError
from bouncery.sources.location import output, password, verified
from bouncery.sources.patience import AwayError, pause, pauses

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.sources.inbox import InboxOptions
    from bouncery.sources.location import Location

IDLE_SLICE = 1.0
TROUBLE = (OSError, imaplib.IMAP4.error)
# RFC 5530, section 3: the server's trouble, not the user's.
PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")


class Renumbered(Exception):  # noqa: N818 - an event between two methods, not an error of the caller
    """The folder came back with another UIDVALIDITY: all its UIDs are void."""


class RefusedError(SourceError):
    """A command that a server which is there fails on."""


class ImapSession:
    """Runs commands on a folder."""

    def __init__(self, location: Location, name: str, options: InboxOptions) -> None:
        """Take the place; the connection is made with the first command."""
        self.location = location
        self.name = name
        self.options = options
        self.folder = location.path or "INBOX"
        self.validity = 0
        self.client: Any = None
        self.exists = 0

    def attempt(self, work: Callable[[Any], Any], tries: int | None = None) -> Any:  # noqa: ANN401 - IMAPClient has no types
        """Run commands, with a new connection and after growing pauses if the server fails. Raises AwayError in the end."""
        waits = pauses(self.options)
        number = 0
        while True:
            number += 1
            try:
                return work(self.connected())
            except TROUBLE as error:
                self.drop()
                problem = AwayError(f"{self.name}: {explained(error)}; see to the server and run again")
                wait = next(waits, None)
                if wait is None or number == tries or self.options.stopped():
                    raise problem from error
            self.options.notice(problem)
            pause(wait, self.options.stopped)

    def insist(self, work: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - IMAPClient has no types
        """Run commands, a second time if the server fails. Raises RefusedError if it is there and fails on these alone."""
        for _ in range(2):
            try:
                return self.attempt(work, tries=1)
            except AwayError as error:
                problem = error
                # This waits for the server, and raises if it does not come back.
                self.attempt(lambda client: client.noop())
        raise RefusedError(*problem.args) from problem

    def connected(self) -> Any:  # noqa: ANN401 - IMAPClient has no types
        """Give the connection with its folder open; make it if there is none."""
        if self.client is None:
            client = self.connect()
            try:
                self.log_in(client)
                before, self.validity = self.validity, self.select(client)
            except BaseException:
                close(client)
                raise
            self.client = client
            if before not in {0, self.validity}:
                raise Renumbered
        return self.client

    def connect(self) -> Any:  # noqa: ANN401 - IMAPClient has no types
        """Make a connection that is encrypted, unless the user allows another or it stays on this machine."""
        try:
            from imapclient import IMAPClient
        except ImportError as error:
            raise SourceError(f'{self.name}: IMAP needs IMAPClient; run pip install "bouncery[imap]"') from error
        context = ssl.create_default_context()
        place = self.location
        with verified(place):
            client = IMAPClient(place.host, place.port, ssl=place.encrypted, ssl_context=context, timeout=self.options.timeout)
            try:
                if not (place.encrypted or place.local):
                    self.encrypt(client, context)
            except BaseException:
                close(client)
                raise
        return client

    def encrypt(self, client: Any, context: ssl.SSLContext) -> None:  # noqa: ANN401 - IMAPClient has no types
        """Encrypt a connection that is not, if the server can; without that it has to be allowed."""
        if client.has_capability("STARTTLS"):
            client.starttls(context)
        elif not self.options.plaintext:
            raise SourceError(f"{self.name}: the server does not encrypt; use imaps://, or allow it with --plaintext")

    def log_in(self, client: Any) -> None:  # noqa: ANN401 - IMAPClient has no types
        """Log in; with a token if there is a command for one."""
        from imapclient.exceptions import LoginError

        try:
            if self.options.token_command:
                client.oauth2_login(self.location.user, output(self.location, self.options.token_command, "--token-command"))
            else:
                client.login(self.location.user, password(self.location, self.options))
        except LoginError as error:
            if any(code in str(error) for code in PASSING):
                raise
            raise SourceError(f"{self.name}: the server refuses the login; see to user and password, or token") from error

    def select(self, client: Any) -> int:  # noqa: ANN401 - IMAPClient has no types
        """Open the folder and give its UIDVALIDITY."""
        try:
            selected = client.select_folder(self.folder, readonly=self.options.readonly)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            if client.folder_exists(self.folder):
                raise
            raise SourceError(f"{self.name}: there is no such folder; see to its name") from None
        self.exists = int(selected.get(b"EXISTS", 0))
        return int(selected.get(b"UIDVALIDITY", 0))

    def count(self) -> int:
        """Give how many messages the folder holds."""
        self.attempt(self.select)
        return self.exists

    def wait(self) -> None:
        """Wait until something new has come, or until it is time to look again."""
        try:
            client = self.connected()
            if not client.has_capability("IDLE"):
                pause(self.options.poll, self.options.stopped)
                # RFC 9051, section 6.1.2: what makes a server look for new messages.
                client.noop()
                return
            client.idle()
            end = time.monotonic() + self.options.poll
            while not self.options.stopped() and time.monotonic() < end:
                if client.idle_check(timeout=min(IDLE_SLICE, self.options.poll)):
                    break
            client.idle_done()
        except TROUBLE:
            self.drop()
            pause(min(self.options.poll, IDLE_SLICE), self.options.stopped)

    def drop(self, *, politely: bool = False) -> None:
        """Give the connection up."""
        client, self.client = self.client, None
        if client is not None:
            if politely:
                with contextlib.suppress(*TROUBLE):
                    client.logout()
                    return
            close(client)


def close(client: Any) -> None:  # noqa: ANN401 - IMAPClient has no types
    """Close the socket without a word."""
    with contextlib.suppress(*TROUBLE):
        client.shutdown()


def explained(error: BaseException) -> str:
    """Say what went wrong."""
    if isinstance(error, TimeoutError):
        return "the server does not answer in time"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__
