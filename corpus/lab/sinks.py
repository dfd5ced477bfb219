"""SMTP servers that answer as the cases say (RFC 5321)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from corpus.lab.names import ascii_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus.lab.cases import Recipient, Script

EXTENSIONS = ("8BITMIME", "SIZE 10240000", "ENHANCEDSTATUSCODES", "SMTPUTF8")
PATH = re.compile(r"(?:MAIL FROM|RCPT TO):\s*<(.*)>", re.IGNORECASE)
CASE = re.compile(r"list\+([a-z0-9\-]+?)(?:(?:=|-bounces-).*)?@sender\.example", re.IGNORECASE)
ACCEPTED = "250 2.0.0 Ok: queued"
HANG_SECONDS = 90


def comparable(address: str) -> str:
    """Give an address in the form in which two spellings of it are equal."""
    local, _, domain = address.replace('"', "").rpartition("@")
    return f"{local.lower()}@{ascii_name(domain)}"


def case_id(address: str) -> str | None:
    """Give the id of the case that an envelope sender belongs to."""
    found = CASE.fullmatch(address)
    return found[1].lower() if found else None


class Book:
    """The answers, by what is known at each stage of a session."""

    def __init__(self, script: Script) -> None:
        """Sort the answers of the cases."""
        self.hosts = script.hosts
        self.extensions = {host.number: host.extensions for host in script.hosts if host.extensions is not None}
        self.encodings = {case.id: case.encoding for case in script.cases}
        rows = [(case, recipient) for case in script.cases for recipient in case.recipients]
        self.recipients = {comparable(recipient.address): recipient for _, recipient in rows if "{" not in recipient.address}
        self.before = {(each.host, each.stage): each for _, each in rows if each.stage in {"connect", "helo"}}
        self.senders = {case.id: each for case, each in rows if each.stage == "mail"}

    def numbers(self, *, listening: bool = False) -> list[int]:
        """Give the numbers of all hosts that a case mails to, or of those where something listens."""
        there = {recipient.host for recipient in self.recipients.values() if recipient.dns == "mx"}
        return sorted(there - {host.number for host in self.hosts if not host.exists or (listening and not host.listens)})

    def encoding(self, sender: str) -> str:
        """Give the encoding of the answers to a sender's message."""
        return self.encodings.get(case_id(sender) or "", "utf-8")


class Sink:
    """One SMTP server."""

    def __init__(self, book: Book, number: int) -> None:
        """Be the host with a number."""
        self.book = book
        self.number = number

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one session, however it ends."""
        try:
            await Session(self.book, self.number, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


class DropError(ConnectionError):
    """The sink ends the session without a word."""


class Session:
    """An SMTP session of a sink."""

    def __init__(self, book: Book, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin with nothing said."""
        self.book, self.number = book, number
        self.reader, self.writer = reader, writer
        self.sender = ""
        self.taken: list[Recipient | None] = []

    async def run(self) -> None:
        """Greet, then answer each command until QUIT."""
        if not await self.scripted(self.book.before.get((self.number, "connect")), f"220 mx{self.number}.example ESMTP"):
            return
        while line := await self.reader.readline():
            command = line.decode("utf-8", "replace").strip()
            if not await self.command(command):
                return

    async def command(self, command: str) -> bool:
        """Answer one command; False ends the session."""
        verb = command[:4].upper()
        path = PATH.match(command)
        if verb in {"EHLO", "HELO"}:
            return await self.scripted(self.book.before.get((self.number, "helo")), *self.hello(verb))
        if verb == "MAIL" and path:
            self.sender, self.taken = path[1], []
            return await self.scripted(self.book.senders.get(case_id(path[1]) or ""), "250 2.1.0 Ok")
        if verb == "RCPT" and path:
            return await self.recipient(path[1])
        if verb == "DATA":
            return await self.data()
        if verb == "QUIT":
            await self.say("221 2.0.0 Bye")
            return False
        await self.say("250 2.0.0 Ok" if verb in {"RSET", "NOOP"} else "502 5.5.1 Command not implemented")
        return True

    def hello(self, verb: str) -> Sequence[str]:
        """Give the lines that greet back."""
        offered = self.book.extensions.get(self.number, EXTENSIONS) if verb == "EHLO" else ()
        return list(multiline(250, [f"mx{self.number}.example", *offered]))

    async def recipient(self, address: str) -> bool:
        """Answer RCPT."""
        recipient = self.book.recipients.get(comparable(address))
        if recipient and recipient.stage == "rcpt" and (recipient.answer or recipient.ends):
            return await self.scripted(recipient)
        self.taken.append(recipient)
        await self.say("250 2.1.5 Ok")
        return True

    async def data(self) -> bool:
        """Answer DATA, and the end of it."""
        if not self.taken:
            await self.say("503 5.5.1 No valid recipients")
            return True
        await self.say("354 End data with <CR><LF>.<CR><LF>")
        refusing = next((each for each in self.taken if each and each.stage == "data"), None)
        if refusing and refusing.ends:
            return await self.scripted(refusing)
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise DropError
        return await self.scripted(refusing, ACCEPTED)

    async def scripted(self, recipient: Recipient | None, *otherwise: str) -> bool:
        """Say what a recipient's case wants, else what is given; False where the sink ends the session."""
        if recipient is None:
            await self.say(*otherwise)
            return True
        if recipient.ends == "hang":
            await asyncio.sleep(HANG_SECONDS)
        if recipient.ends:
            raise DropError
        await self.say(*recipient.answer)
        return recipient.stage != "connect" and not recipient.answer[-1].startswith("421")

    async def say(self, *lines: str) -> None:
        """Send a reply."""
        encoding = self.book.encoding(self.sender)
        self.writer.write(b"".join(line.encode(encoding) + b"\r\n" for line in lines))
        await self.writer.drain()


def multiline(code: int, texts: Sequence[str]) -> Iterator[str]:
    """Give the lines of a reply of several."""
    for place, text in enumerate(texts, 1):
        yield f"{code}{' ' if place == len(texts) else '-'}{text}"
