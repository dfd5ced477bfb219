# ruff: noqa: D103 - a test's name says what it holds
"""The LMTP server: a reply for each recipient after the commit, and a message that is refused stays with its sender."""

from __future__ import annotations

import contextlib
import queue
import smtplib
import socket
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from bouncery.model import SourceError, StoreError
from bouncery.sources.inbox import InboxOptions, Outcome, open_inbox
from bouncery.store import Store
from tests.cli.durable import OPTIONS, Nothing, addresses, counts, letters, run_once
from tests.cli.letters import bounce
from tests.sources.dovecot import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANY = 1_000


@contextlib.contextmanager
def serving(source: str, record: str, options: InboxOptions = OPTIONS) -> Iterator[Callable[[], int]]:
    """Run over an LMTP source beside the test; what comes back tells how many messages it counted so far."""
    over = threading.Event()
    result: queue.Queue[object] = queue.Queue()

    def work() -> None:
        try:
            result.put(run_once(inbox, record, msgspec.structs.replace(options, stopped=over.is_set)))
        except BaseException as error:  # noqa: BLE001 - told by the test
            result.put(error)

    inbox = open_inbox(source, msgspec.structs.replace(options, stopped=over.is_set))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: counts(record)[0]
    finally:
        over.set()
        thread.join(30)
        found = result.get(timeout=1)
        assert not isinstance(found, BaseException), found


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


def client(port: int) -> smtplib.LMTP:
    for _ in range(100):
        with contextlib.suppress(ConnectionRefusedError):
            return smtplib.LMTP("127.0.0.1", port)
        threading.Event().wait(0.05)
    raise TimeoutError


def hand_over(server: smtplib.LMTP, message: bytes, recipient: str = "bounces@example.net") -> int:
    """Send a message and give the reply."""
    try:
        server.sendmail("", recipient, message)
    except smtplib.SMTPDataError as error:
        return error.smtp_code
    return 250


def test_a_thousand_messages_by_several_senders_are_stored_once(port: int, record: str) -> None:
    messages = letters(MANY)

    def send(share: list[bytes]) -> None:
        with client(port) as server:
            for message in share:
                assert hand_over(server, message) == 250

    with serving(f"lmtp://127.0.0.1:{port}", record):
        threads = [threading.Thread(target=send, args=(messages[number::10],)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts(record) == (MANY, MANY)
    assert addresses(record) == sorted(f"u{number}@example.com" for number in range(MANY))


def test_a_message_is_on_the_disk_before_its_sender_hears_so(port: int, record: str) -> None:
    with serving(f"lmtp://127.0.0.1:{port}", record) as stored, client(port) as server:
        for number, message in enumerate(letters(5), 1):
            assert hand_over(server, message) == 250
            assert stored() == number


def test_each_recipient_has_a_reply(port: int, record: str) -> None:
    with serving(f"lmtp://127.0.0.1:{port}", record), client(port) as server:
        server.ehlo()
        server.docmd("MAIL FROM:<>")
        server.docmd("RCPT TO:<a@example.net>")
        server.docmd("RCPT TO:<b@example.net>")
        assert server.docmd("DATA")[0] == 354
        server.send(bounce().replace(b"\n", b"\r\n") + b".\r\n")
        assert [server.getreply()[0] for _ in range(2)] == [250, 250]
        assert server.docmd("NOOP")[0] == 250
    assert counts(record) == (1, 1)


def test_a_store_that_fails_is_451_and_the_server_goes_on(port: int, record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Store.add
    broken = threading.Event()

    def fragile(self: Store, batch: list[object]) -> object:
        if broken.is_set():
            raise StoreError("disk full; make room")
        return add(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "add", fragile)
    first, second = letters(2)
    with serving(f"lmtp://127.0.0.1:{port}", record), client(port) as server:
        broken.set()
        assert hand_over(server, first) == 451
        broken.clear()
        assert hand_over(server, first) == 250
        assert hand_over(server, second) == 250
    assert counts(record) == (2, 2)


def test_a_message_that_cannot_be_judged_is_taken_and_kept_aside(
    port: int, record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bouncery.cli import judging

    def fragile(*_: object, **__: object) -> object:
        raise RecursionError("too deep")

    monkeypatch.setattr(judging, "parse", fragile)
    with serving(f"lmtp://127.0.0.1:{port}", record), client(port) as server:
        assert hand_over(server, bounce()) == 250
    with Store.open(record) as store:
        assert store.totals().aside == 1


def test_long_lines_and_dots_come_through(port: int) -> None:
    lines = [b"Subject: x", b"", b".", b"..", b"x" * 300_000, b".x" + b"." * 70_000, b"end"]
    data = b"\r\n".join(lines) + b"\r\n"
    assert taken(port, data, OPTIONS) == (data, 0)


def test_a_message_over_the_limit_is_cut_and_taken(port: int) -> None:
    data = b"Subject: x\r\n\r\n" + b"x" * 98 + b"\r\n" + b"y" * 200_000 + b"\r\n"
    got, omitted = taken(port, data, msgspec.structs.replace(OPTIONS, message_bytes=1_000))
    assert got == data[:1_000]
    assert omitted == len(data) - 1_000


def taken(port: int, data: bytes, options: InboxOptions) -> tuple[bytes, int]:
    """Send a message and give what the source makes of it."""
    inbox = open_inbox(f"lmtp://127.0.0.1:{port}", options)
    batches = inbox.deliveries(Nothing())
    assert next(batches) == []
    replies: list[int] = []

    def send() -> None:
        with client(port) as server:
            replies.append(hand_over(server, data, "one@example.net"))

    thread = threading.Thread(target=send)
    thread.start()
    (delivery,) = next(batch for batch in batches if batch)
    assert delivery.envelope_to == "one@example.net"
    inbox.acknowledge([(delivery, Outcome.PROCESSED)])
    thread.join()
    inbox.close()
    assert replies == [250]
    return delivery.mail.data, delivery.mail.omitted


def test_whoever_waits_when_the_server_closes_is_told_to_try_again(port: int) -> None:
    inbox = open_inbox(f"lmtp://127.0.0.1:{port}", OPTIONS)
    batches = inbox.deliveries(Nothing())
    assert next(batches) == []
    replies: list[int] = []
    with client(port) as server:
        thread = threading.Thread(target=lambda: replies.append(hand_over(server, bounce())))
        thread.start()
        assert next(batch for batch in batches if batch)
        inbox.close()
        thread.join()
        server.close()
    assert replies == [451]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_sender_that_goes_away_harms_nobody(port: int, record: str) -> None:
    with serving(f"lmtp://127.0.0.1:{port}", record), client(port) as server:
        with client(port) as rude:
            rude.ehlo()
            rude.docmd("MAIL FROM:<>")
            rude.docmd("RCPT TO:<a@example.net>")
            rude.docmd("DATA")
            rude.send(b"half a mess")
            rude.close()
        assert hand_over(server, bounce()) == 250
    assert counts(record) == (1, 1)


def test_wrong_sequences_are_refused(port: int, record: str) -> None:
    with serving(f"lmtp://127.0.0.1:{port}", record), client(port) as server:
        assert server.docmd("DATA")[0] == 503
        server.ehlo()
        assert server.docmd("DATA")[0] == 503
        server.docmd("MAIL FROM:<>")
        server.docmd("RCPT TO:<a@example.net>")
        assert server.docmd("DATA now")[0] == 501


def test_a_socket_of_the_file_system(tmp_path: Path, record: str) -> None:
    path = tmp_path / "s"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with serving(f"lmtp://{path}", record), contextlib.ExitStack() as stack:
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
                server = stack.enter_context(smtplib.LMTP(str(path)))
                break
            threading.Event().wait(0.05)
        assert hand_over(server, bounce()) == 250
    assert counts(record) == (1, 1)


def test_an_address_that_is_taken_is_told(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(SourceError, match="cannot listen"):
            next(open_inbox(f"lmtp://127.0.0.1:{port}").deliveries(Nothing()))


@pytest.mark.parametrize("url", ["lmtp:", "lmtp://", "lmtp://user@127.0.0.1"])
def test_an_address_has_to_be_given(url: str) -> None:
    with pytest.raises(SourceError, match="where to listen"):
        open_inbox(url)


def test_there_is_no_dry_run_of_a_server() -> None:
    with pytest.raises(SourceError, match="no dry run"):
        open_inbox("lmtp://127.0.0.1:1", InboxOptions(readonly=True))
