"""The LMTP server's side of the wire, on aiosmtpd, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bouncery.model import SourceError
from bouncery.sources.lmtp import Arrival

try:
    from aiosmtpd.lmtp import LMTP
except ImportError as missing:
    raise SourceError('lmtp://: LMTP needs aiosmtpd; run pip install "bouncery[lmtp]"') from missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bouncery.sources.inbox import InboxOptions
    from bouncery.sources.location import Location

STORED = "250 2.0.0 Stored"
REFUSED = "451 4.3.0 Cannot store this now, please try again"
CLOSING = "421 4.3.2 Closing down, please try again"
AT_ONCE = 16
"""Messages that are held in memory at a time; other senders wait."""
START_SECONDS = 10.0
GRACE_SECONDS = 5.0
IDENT = "bouncery"
END = b".\r\n"


class Session(LMTP):
    """A sender's session. Lines of a message may have any length: bounces have, whatever RFC 5321, section 4.5.3.1.6 says."""

    line_length_limit = 65_536

    def __init__(self, server: Server) -> None:
        """Begin a session of a server."""
        self.owner = server
        super().__init__(self, data_size_limit=None, enable_SMTPUTF8=True, hostname="localhost", ident=IDENT, loop=server.loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the session."""
        self.owner.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it no more."""
        self.owner.sessions.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a message and answer once for each recipient (RFC 2033, section 4.2)."""
        if await self.check_helo_needed():
            return
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if arg or not recipients:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 No valid recipients")
            return
        async with self.owner.room:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            data, omitted = await self.message(self.owner.options.message_bytes)
            with self.owner.answering():
                for reply in await self.owner.stored(data, omitted, recipients):
                    await self.push(reply)
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def message(self, limit: int) -> tuple[bytes, int]:
        """Read a message: at most `limit` bytes of it, and how many more it has."""
        pieces: list[bytes] = []
        size, begins = 0, True
        while True:
            piece = await self.piece()
            if begins and piece.startswith(b"."):
                if piece == END:
                    return b"".join(pieces), max(0, size - limit)
                piece = piece[1:]
            begins = piece.endswith(b"\r\n")
            if size < limit:
                pieces.append(piece[: limit - size])
            size += len(piece)
            self._reset_timeout()

    async def piece(self) -> bytes:
        """Read a line, or the next part of a long one."""
        try:
            return await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed)


class Server:
    """Listens until it is closed."""

    def __init__(self, location: Location, options: InboxOptions, arrived: Callable[[Arrival], object]) -> None:
        """Start to listen."""
        self.location = location
        self.options = options
        self.arrived = arrived
        self.closing = False
        self.open_answers = 0
        self.answered = asyncio.Event()
        self.answered.set()
        self.sessions: set[Session] = set()
        self.loop = asyncio.new_event_loop()
        self.room = asyncio.Semaphore(AT_ONCE)
        self.listener: asyncio.Server | None = None
        self.thread = threading.Thread(target=self.loop.run_forever, name="lmtp", daemon=True)
        self.thread.start()
        try:
            self.run(self.listen())
        except OSError as error:
            self.end()
            raise SourceError(f"{location.name}: cannot listen ({error.strerror or error}); give another place") from error

    def run(self, work: Any) -> Any:  # noqa: ANN401 - asyncio's coroutine
        """Run something in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS + GRACE_SECONDS)

    async def listen(self) -> None:
        """Open the socket."""
        place = self.location
        if place.host:
            self.listener = await self.loop.create_server(lambda: Session(self), place.host, place.port)
            return
        path = Path("/", place.path)
        await asyncio.to_thread(remove_socket, path)
        self.listener = await self.loop.create_unix_server(lambda: Session(self), str(path))

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a message that waits for its answer."""
        self.open_answers += 1
        self.answered.clear()
        try:
            yield
        finally:
            self.open_answers -= 1
            if not self.open_answers:
                self.answered.set()

    async def stored(self, data: bytes, omitted: int, recipients: list[str]) -> list[str]:
        """Hand a message over and give the reply for each recipient."""
        if self.closing:
            return [CLOSING] * len(recipients)
        answers: list[Future[bool]] = [Future() for _ in recipients]
        for recipient, answer in zip(recipients, answers, strict=True):
            self.arrived(Arrival(data, omitted, recipient, answer))
        known = await asyncio.gather(*map(asyncio.wrap_future, answers))
        return [STORED if stored else REFUSED for stored in known]

    def refuse_new(self) -> None:
        """Listen no more, and take no more messages."""
        self.closing = True
        self.run(self.stop_listening())

    async def stop_listening(self) -> None:
        """Close the socket that is listened on."""
        if self.listener is not None:
            self.listener.close()

    def close(self) -> None:
        """End the sessions when their answers are on the way."""
        with contextlib.suppress(TimeoutError):
            self.run(self.goodbye())
        self.end()

    async def goodbye(self) -> None:
        """Give answers a moment to leave, then close what is still open."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.answered.wait(), GRACE_SECONDS)
        for session in [*self.sessions]:
            if session.transport is not None:
                session.transport.close()
        await asyncio.sleep(0)

    def end(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(GRACE_SECONDS)
        if not self.thread.is_alive():
            self.loop.close()


def remove_socket(path: Path) -> None:
    """Remove the socket that an earlier run left, and nothing else."""
    if path.is_socket():
        path.unlink()
