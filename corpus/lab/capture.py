"""The mail server of the sender: takes whatever comes back and keeps it as it came."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from corpus.lab.sinks import PATH

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HELLO = b"250-mx.sender.example\r\n250-8BITMIME\r\n250-SIZE 10240000\r\n250 SMTPUTF8\r\n"


class Captured(NamedTuple):
    """A message that came back: from which host, for whom, when, and its bytes."""

    host: int
    recipient: str
    at: float
    data: bytes


class Capture:
    """Takes mail and hands it on."""

    def __init__(self, take: Callable[[Captured], None]) -> None:
        """Hand each message to a callback."""
        self.take = take

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one session."""
        try:
            await self.session(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accept everything."""
        host = int(writer.get_extra_info("peername")[0].rpartition(".")[2])
        sender, recipients = "", list[str]()
        writer.write(b"220 mx.sender.example ESMTP\r\n")
        while line := await reader.readline():
            command = line.decode("utf-8", "replace").strip()
            verb, path = command[:4].upper(), PATH.match(command)
            if verb == "MAIL" and path:
                sender, recipients = path[1], []
            elif verb == "RCPT" and path:
                recipients.append(path[1])
            elif verb == "DATA":
                writer.write(b"354 Go ahead\r\n")
                data = stored(sender, await content(reader))
                for recipient in recipients:
                    self.take(Captured(host, recipient, time.monotonic(), data))
            writer.write(HELLO if verb == "EHLO" else b"221 2.0.0 Bye\r\n" if verb == "QUIT" else b"250 2.0.0 Ok\r\n")
            await writer.drain()
            if verb == "QUIT":
                return


async def content(reader: asyncio.StreamReader) -> bytes:
    """Read a message up to the lone dot, without the dots that SMTP doubles (RFC 5321, section 4.5.2)."""
    lines = []
    while (line := await reader.readline()) not in {b".\r\n", b""}:
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)


def stored(sender: str, data: bytes) -> bytes:
    """Give a message as a mailbox holds it: with its Return-Path (RFC 5321, section 4.4), lines ended by LF."""
    return f"Return-Path: <{sender}>\n".encode() + data.replace(b"\r\n", b"\n")
