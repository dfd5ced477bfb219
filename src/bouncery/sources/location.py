"""Where a server is: URLs without secrets in them, and the secrets from where they are kept."""

from __future__ import annotations

import contextlib
import os
import shlex
import ssl
import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from bouncery.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.sources.inbox import InboxOptions

PORTS = {"imaps": 993, "imap": 143, "pop3s": 995, "pop3": 110, "lmtp": 24}
COMMAND_SECONDS = 60
SECRET_BYTES = 65_536


class Location(msgspec.Struct, frozen=True):
    """A server and what is read there."""

    scheme: str
    user: str
    host: str
    port: int
    path: str

    @property
    def encrypted(self) -> bool:
        """Whether the connection is encrypted from its first byte."""
        return self.scheme.endswith("s")

    @property
    def name(self) -> str:
        """The URL in one form, whatever way it was written in."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}" if self.host else ""
        return f"{self.scheme}://{user}{host}/{self.path}".rstrip("/")

    @property
    def local(self) -> bool:
        """Whether nobody can listen on the way."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def locate(url: str) -> Location:
    """Read a URL. One with a password in it is refused: it would show in lists of processes, histories and logs."""
    scheme = url.partition(":")[0]
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[scheme]
    except ValueError as error:
        raise SourceError(f"{scheme}://: the URL cannot be read; give {scheme}://USER@HOST:PORT/FOLDER") from error
    if parts.password is not None:
        raise SourceError(
            f"{scheme}://{parts.hostname or ''}: a password does not belong into a URL; "
            "set BOUNCERY_PASSWORD, or give --password-file or --password-command"
        )
    if parts.query or parts.fragment:
        raise SourceError(f"{scheme}://{parts.hostname or ''}: write ? as %3F and # as %23")
    return Location(scheme, unquote(parts.username or ""), parts.hostname or "", port, unquote(parts.path.strip("/")))


def mail_account(url: str) -> Location:
    """Read the URL of a mailbox on a server: it names a user and a host."""
    location = locate(url)
    if not location.user or not location.host:
        raise SourceError(f"{location.name}: says not whose mailbox it is; give {location.scheme}://USER@HOST")
    return location


@contextlib.contextmanager
def verified(location: Location) -> Iterator[None]:
    """Say what to do about a server that is not the one it should be; trying again would not help."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SourceError(
            f"{location.name}: the certificate is not valid ({error.verify_message}); "
            "see to the name of the host, or set SSL_CERT_FILE"
        ) from error


def password(location: Location, options: InboxOptions) -> str:
    """Give the password of a mailbox, from a command, a file or the environment, in this order."""
    if options.password_command:
        return output(location, options.password_command, "--password-command")
    if options.password_file:
        return content(location, options.password_file)
    found = os.environ.get(options.password_env)
    if found is None:
        raise SourceError(
            f"{location.name}: no password; set {options.password_env}, "
            "or give --password-file, --password-command or --token-command"
        )
    return found


def content(location: Location, path: str) -> str:
    """Give the first line of a file."""
    try:
        with Path(path).open("rb") as stream:
            line = stream.readline(SECRET_BYTES)
    except OSError as error:
        raise SourceError(f"{location.name}: {path} cannot be read ({error.strerror}); see to --password-file") from error
    return text(location, line, "--password-file")


def output(location: Location, command: str, option: str) -> str:
    """Give the first line that a command prints; what it prints is told to nobody."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, check=False, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603 - the user's own command
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"{location.name}: the command does not run ({type(error).__name__}); see to {option}") from error
    if done.returncode:
        raise SourceError(f"{location.name}: the command ended with {done.returncode}; see to {option}")
    return text(location, done.stdout.partition(b"\n")[0], option)


def text(location: Location, line: bytes, option: str) -> str:
    """Give a line as text without its end."""
    try:
        found = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        found = ""
    if not found:
        raise SourceError(f"{location.name}: nothing that could be a secret; see to {option}")
    return found
