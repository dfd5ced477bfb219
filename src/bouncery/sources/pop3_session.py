"""One session with a POP3 server (RFC 1939). The connection is poplib's; messages are read here, as it takes no long lines."""

from __future__ import annotations

import base64
import contextlib
import poplib
import ssl
from typing import TYPE_CHECKING

from bouncery.model import SourceError
from bouncery.sources.location import output, password, verified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bouncery.sources.inbox import InboxOptions
    from bouncery.sources.location import Location

LINE_BYTES = 8_192
TROUBLE = (OSError, EOFError, poplib.error_proto)
# RFC 2449, section 8.1 and RFC 3206: the server's trouble, not the user's.
PASSING = ("[IN-USE]", "[SYS/TEMP]", "[LOGIN-DELAY]")


class Pop3Session:
    """A session that is logged in; `numbers` are the messages' numbers in it, by UIDL."""

    def __init__(self, location: Location, options: InboxOptions) -> None:
        """Connect, log in and list the messages."""
        self.location = location
        self.options = options
        with verified(location):
            self.server = self.connect()
        try:
            with verified(location):
                self.encrypt()
            self.log_in()
            self.numbers = self.listed()
        except BaseException:
            self.close()
            raise

    def connect(self) -> poplib.POP3:
        """Make a connection."""
        place, timeout = self.location, self.options.timeout
        if place.encrypted:
            return poplib.POP3_SSL(place.host, place.port, timeout=timeout, context=ssl.create_default_context())
        return poplib.POP3(place.host, place.port, timeout=timeout)

    def encrypt(self) -> None:
        """Encrypt the connection, unless the user allows another or it stays on this machine."""
        place = self.location
        if place.encrypted or place.local:
            return
        if "STLS" in self.server.capa():
            self.server.stls(ssl.create_default_context())
        elif not self.options.plaintext:
            raise SourceError(f"{place.name}: the server does not encrypt; use pop3s://, or allow it with --plaintext")

    def log_in(self) -> None:
        """Log in; with a token if there is a command for one."""
        name, options = self.location.name, self.options
        try:
            if options.token_command:
                token = output(self.location, options.token_command, "--token-command")
                words = f"user={self.location.user}\1auth=Bearer {token}\1\1"
                self.ask("AUTH XOAUTH2", b"+")
                self.ask(base64.b64encode(words.encode()).decode())
            else:
                self.server.user(self.location.user)
                self.server.pass_(password(self.location, options))
        except poplib.error_proto as error:
            if any(code in str(error) for code in PASSING):
                raise
            raise SourceError(f"{name}: the server refuses the login; see to user and password, or token") from error

    def listed(self) -> dict[str, int]:
        """Give the messages' numbers by UIDL."""
        try:
            lines = self.server.uidl()[1]
        except poplib.error_proto as error:
            if not str(error).startswith("b'-ERR") or any(code in str(error) for code in PASSING):
                raise
            raise SourceError(f"{self.location.name}: the server has no UIDL; read the mailbox by IMAP") from error
        numbers = {}
        for line in lines:
            number, _, name = line.decode("latin-1").partition(" ")
            numbers[name.strip()] = int(number)
        return numbers

    def ask(self, command: str, good: bytes = b"+OK") -> bytes:
        """Send a command and give the answer's first line."""
        self.server.sock.sendall(command.encode() + b"\r\n")
        line = self.server.file.readline(LINE_BYTES)
        if not line:
            raise EOFError("the server closed the connection")
        if not line.startswith(good):
            raise poplib.error_proto(line.decode("latin-1"))
        return line

    def retrieve(self, number: int, limit: int) -> tuple[bytes, int]:
        """Give at most `limit` bytes of a message, and how many more it has."""
        self.ask(f"RETR {number}")
        pieces: list[bytes] = []
        size, begins = 0, True
        while True:
            line = self.server.file.readline(LINE_BYTES)
            if not line:
                raise EOFError("the server closed the connection in the middle of a message")
            if begins and line.startswith(b"."):
                if line in {b".\r\n", b".\n"}:
                    return b"".join(pieces), max(0, size - limit)
                line = line[1:]
            begins = line.endswith(b"\n")
            if size < limit:
                pieces.append(line[: limit - size])
            size += len(line)

    def delete(self, names: Iterable[str]) -> None:
        """Mark messages for deletion at the end of the session."""
        for name in names:
            if (number := self.numbers.pop(name, None)) is not None:
                self.ask(f"DELE {number}")

    def quit(self) -> None:
        """End the session; the server deletes what is marked."""
        self.ask("QUIT")

    def close(self) -> None:
        """Close the connection without a word."""
        with contextlib.suppress(*TROUBLE):
            self.server.close()
