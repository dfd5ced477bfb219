# ruff: noqa: D103 - a test's name says what it holds
"""A real Dovecot by IMAP and POP3: everything is stored once, whatever becomes of server and connection meanwhile."""

from __future__ import annotations

import imaplib
import poplib
import threading
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

from bouncery.cli import ingest
from bouncery.model import SourceError
from bouncery.sources.inbox import After, InboxOptions, open_inbox
from bouncery.sources.location import Location
from bouncery.sources.patience import AwayError
from bouncery.sources.pop3_session import Pop3Session
from bouncery.store import Store
from tests.cli.durable import NOW, OPTIONS, Nothing, addresses, counts, letters, run_once
from tests.sources.dovecot import PASSWORD, Dovecot

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("password")
MANY = 1_000
HUMAN = b"From: a@example.org\nTo: list@example.net\nSubject: hello\n\nIs anybody there?\n"
STRANGE = b"From: MAILER-DAEMON@example.org\nSubject: Undelivered Mail Returned to Sender\n\nIt did not go.\n"


def url(server: Dovecot, user: str, scheme: str = "imap") -> str:
    port = {"imap": server.imap, "imaps": server.imaps, "pop3": server.pop3, "pop3s": server.pop3s}[scheme]
    return f"{scheme}://{user}@{'localhost' if scheme.endswith('s') else '127.0.0.1'}:{port}"


def interrupted(work: Callable[[], None], at: int) -> Callable[[], datetime]:
    """Give a clock that does something when it is asked for the n-th time, which is once a batch."""
    asked = iter(range(1, 1_000_000))

    def now() -> datetime:
        if next(asked) == at:
            work()
        return NOW

    return now


def restart(server: Dovecot, pause: float = 0.0) -> None:
    server.kill()
    if pause:
        thread = threading.Timer(pause, server.start)
        thread.start()
    else:
        server.start()


def flags(server: Dovecot, user: str, folder: str = "INBOX") -> list[bytes]:
    """Give the flags of all messages in a folder, as another client sees them."""
    client = imaplib.IMAP4("127.0.0.1", server.imap)
    client.login(user, PASSWORD)
    client.select(folder, readonly=True)
    found = client.fetch("1:*", "(FLAGS)")[1]
    client.logout()
    return [line for line in found if isinstance(line, bytes)]


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
@pytest.mark.parametrize("pause", [None, 0.0, 1.5])
def test_a_thousand_messages_are_stored_once(dovecot: Dovecot, record: str, scheme: str, pause: float | None) -> None:
    user = f"many-{scheme}-{pause}".lower()
    dovecot.fill(user, letters(MANY))
    options = msgspec.structs.replace(OPTIONS, after=After.DELETE if scheme == "pop3" else After.MOVE)
    clock = interrupted(lambda: restart(dovecot, pause or 0.0), MANY // 100) if pause is not None else lambda: NOW
    tally = run_once(url(dovecot, user, scheme), record, options, now=clock)
    assert counts(record) == (MANY, MANY)
    assert addresses(record) == sorted(f"u{number}@example.com" for number in range(MANY))
    assert tally.code == 0
    # A restart makes POP3 forget its DELEs: those messages come again, once, and are known.
    again = run_once(url(dovecot, user, scheme), record, options)
    assert again.stored == 0
    assert dovecot.count(user) == 0
    assert dovecot.count(user, ".Processed") == (MANY if scheme == "imap" else 0)
    assert counts(record) == (MANY, MANY)


def test_imap_moves_messages_to_the_folder_of_their_outcome(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("sorted", [*letters(2), HUMAN, STRANGE])
    run_once(url(dovecot, "sorted"), record)
    assert [dovecot.count("sorted", f".{name}") for name in ("Processed", "Unrecognised", "Not-bounces")] == [2, 1, 1]
    assert dovecot.count("sorted") == 0
    assert all(b"Seen" not in line for line in flags(dovecot, "sorted", "Processed"))


def test_imap_marks_messages_and_reads_them_once(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("marked", [*letters(2), HUMAN])
    options = msgspec.structs.replace(OPTIONS, after=After.MARK)
    assert run_once(url(dovecot, "marked"), record, options).messages == 3
    found = flags(dovecot, "marked")
    assert sum(b"Processed" in line for line in found) == 2
    assert sum(b"Not-bounces" in line for line in found) == 1
    assert not any(b"Seen" in line for line in found)
    again = run_once(url(dovecot, "marked"), record, options)
    assert (again.messages, again.known) == (0, 3)


def test_imap_deletes_on_request_what_it_recognised(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("deleted", [*letters(2), STRANGE])
    run_once(url(dovecot, "deleted"), record, msgspec.structs.replace(OPTIONS, after=After.DELETE))
    assert dovecot.count("deleted") == 1
    assert counts(record)[0] == 3


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_kept_messages_are_read_once_even_if_a_person_opens_them(dovecot: Dovecot, record: str, scheme: str) -> None:
    user = f"kept-{scheme}"
    dovecot.fill(user, letters(3))
    options = msgspec.structs.replace(OPTIONS, after=After.KEEP)
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap)
    client.login(user, PASSWORD)
    client.select("INBOX")
    client.fetch("1", "(BODY[])")
    client.logout()
    assert run_once(url(dovecot, user, scheme), record, options).stored == 3
    assert run_once(url(dovecot, user, scheme), record, options).messages == 0
    dovecot.fill(user, letters(4)[3:], first=3)
    assert run_once(url(dovecot, user, scheme), record, options).stored == 1
    assert counts(record)[0] == dovecot.count(user) == 4


def test_an_unknown_uidvalidity_is_read_again_and_counted_once(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("renumbered", letters(120))
    options = msgspec.structs.replace(OPTIONS, after=After.KEEP)
    index = dovecot.root / "home" / "renumbered" / "Maildir"

    def renumber() -> None:
        dovecot.kill()
        for path in [*index.glob("dovecot*")]:
            path.unlink()
        (index / "dovecot-uidlist").write_text("3 V4242 N1 G0123456789abcdef0123456789abcdef\n")
        dovecot.give(index)
        dovecot.start()

    run_once(url(dovecot, "renumbered"), record, options, now=interrupted(renumber, 1))
    assert counts(record) == (120, 120)
    with Store.open(record) as store:
        assert store.seen(f"imap://renumbered@127.0.0.1:{dovecot.imap}/INBOX", "4242/1")


def test_the_same_message_by_imap_pop3_file_and_pipe_is_one_event(dovecot: Dovecot, record: str, tmp_path: Path) -> None:
    (message,) = letters(1)
    dovecot.fill("twice", [message])
    (tmp_path / "a.eml").write_bytes(message)
    run_once(url(dovecot, "twice", "pop3"), record)
    run_once(url(dovecot, "twice"), record)
    run_once(str(tmp_path / "a.eml"), record)
    piped = b"Received: by mx.example.net\nDelivered-To: list@example.net\n" + message
    assert CliRunner().invoke(ingest.command, ["--db", record], input=piped).exit_code == 0
    assert counts(record) == (1, 1)


@pytest.mark.parametrize("scheme", ["imaps", "pop3s"])
def test_encrypted_connections_with_a_token(
    dovecot: Dovecot, record: str, scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    user = f"token-{scheme}"
    dovecot.fill(user, letters(2))
    monkeypatch.delenv("BOUNCERY_PASSWORD")
    token = tmp_path / "token"
    token.write_text(dovecot.token(user) + "\n")
    options = msgspec.structs.replace(OPTIONS, token_command=f"cat {token}")
    with pytest.raises(SourceError, match="certificate is not valid"):
        run_once(url(dovecot, user, scheme), record, options)
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    assert run_once(url(dovecot, user, scheme), record, options).stored == 2
    token.write_text("another\n")
    with pytest.raises(SourceError, match="refuses the login") as caught:
        run_once(url(dovecot, user, scheme), record, options)
    assert not isinstance(caught.value, AwayError)
    assert "another" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_wrong_password_is_told_at_once_and_not_shown(
    dovecot: Dovecot, record: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCERY_PASSWORD", "wr0ng")
    with pytest.raises(SourceError, match="refuses the login") as caught:
        run_once(url(dovecot, "wrong", scheme), record)
    assert "wr0ng" not in str(caught.value)


def test_a_missing_folder_is_told_at_once(dovecot: Dovecot, record: str) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        run_once(f"{url(dovecot, 'folderless')}/Bounces", record)


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_server_that_is_away_is_tried_again_and_then_given_up(dovecot: Dovecot, record: str, scheme: str) -> None:
    told: list[SourceError] = []
    options = InboxOptions(retries=2, timeout=1.0, notice=told.append)
    source = url(dovecot, "away", scheme)
    dovecot.kill()
    try:
        with pytest.raises(AwayError, match="see to the server"):
            run_once(source, record, options)
    finally:
        dovecot.start()
    assert len(told) == 2


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_message_over_the_limit_is_cut_and_counted(dovecot: Dovecot, scheme: str) -> None:
    message = letters(1)[0] + b"x" * 200_000 + b"\n"
    dovecot.fill(f"large-{scheme}", [message])
    inbox = open_inbox(url(dovecot, f"large-{scheme}", scheme), msgspec.structs.replace(OPTIONS, message_bytes=50_000))
    batch = next(batch for batch in inbox.deliveries(Nothing()) if batch)
    inbox.close()
    mail = batch[0].mail
    crlf = message.replace(b"\n", b"\r\n")
    assert mail.data == crlf[:50_000]
    assert mail.omitted == len(crlf) - 50_000


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_what_comes_while_watching_is_stored_soon(dovecot: Dovecot, record: str, scheme: str) -> None:
    user = f"watched-{scheme}"
    dovecot.fill(user, letters(2))
    after = After.DELETE if scheme == "pop3" else After.MOVE
    # By IDLE nothing has to wait for the next look.
    poll = 30.0 if scheme == "imap" else 0.1
    end = time.monotonic() + 20

    def stopped() -> bool:
        return time.monotonic() > end or (dovecot.count(user) == 0 and more.is_set() and not adding.is_alive())

    def add() -> None:
        while dovecot.count(user):
            time.sleep(0.05)
        time.sleep(0.5)
        dovecot.fill(user, letters(5)[2:], first=2)
        more.set()

    more = threading.Event()
    adding = threading.Thread(target=add)
    adding.start()
    options = msgspec.structs.replace(OPTIONS, after=after, watch=True, poll=poll, stopped=stopped)
    begin = time.monotonic()
    run_once(url(dovecot, user, scheme), record, options)
    adding.join()
    assert counts(record) == (5, 5)
    assert time.monotonic() - begin < 15


def test_a_message_that_the_server_cannot_give_is_passed_over_and_stays(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("broken", letters(60))
    (broken,) = (dovecot.root / "home" / "broken" / "Maildir" / "new").glob("*.M30P1.test")
    broken.chmod(0)
    skipped: list[SourceError] = []
    options = msgspec.structs.replace(OPTIONS, skipped=skipped.append, retries=3)
    assert run_once(url(dovecot, "broken"), record, options).stored == 59
    assert len(skipped) == 1
    assert "stays where it is" in str(skipped[0])
    assert dovecot.count("broken") == 1


def test_a_message_that_pop3_cannot_give_is_passed_over(dovecot: Dovecot, record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot.fill("unlucky", letters(5))
    retrieve = Pop3Session.retrieve

    def failing(self: Pop3Session, number: int, limit: int) -> tuple[bytes, int]:
        if number == 3:
            raise poplib.error_proto("-ERR no")
        return retrieve(self, number, limit)

    monkeypatch.setattr(Pop3Session, "retrieve", failing)
    skipped: list[SourceError] = []
    options = msgspec.structs.replace(OPTIONS, after=After.DELETE, skipped=skipped.append)
    assert run_once(url(dovecot, "unlucky", "pop3"), record, options).stored == 4
    assert len(skipped) == 1
    assert dovecot.count("unlucky") == 1


@pytest.mark.parametrize("after", [After.MOVE, After.DELETE])
def test_a_server_with_few_abilities(dovecot: Dovecot, record: str, after: After, monkeypatch: pytest.MonkeyPatch) -> None:
    user = f"old-{after}"
    dovecot.fill(user, letters(3))
    imapclient = pytest.importorskip("imapclient")
    monkeypatch.setattr(imapclient.IMAPClient, "has_capability", lambda *_: False)
    options = msgspec.structs.replace(OPTIONS, after=after)
    assert run_once(url(dovecot, user), record, options).stored == 3
    # Without UIDPLUS they are marked as deleted: to expunge them would expunge what others marked.
    assert all(b"Deleted" in line for line in flags(dovecot, user))
    assert dovecot.count(user, ".Processed") == (3 if after is After.MOVE else 0)
    assert run_once(url(dovecot, user), record, options).messages == 0


def test_polling_where_there_is_no_idle(dovecot: Dovecot, record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot.fill("polled", letters(1))
    imapclient = pytest.importorskip("imapclient")
    monkeypatch.setattr(imapclient.IMAPClient, "has_capability", lambda _, name: name == "MOVE")
    end = time.monotonic() + 10

    def stopped() -> bool:
        if dovecot.count("polled", ".Processed") == 1 and dovecot.count("polled") == 0:
            dovecot.fill("polled", letters(2)[1:], first=1)
        return dovecot.count("polled", ".Processed") == 2 or time.monotonic() > end

    run_once(url(dovecot, "polled"), record, msgspec.structs.replace(OPTIONS, watch=True, poll=0.1, stopped=stopped))
    assert counts(record) == (2, 2)


def test_a_server_that_goes_away_while_it_is_watched_is_waited_for(dovecot: Dovecot, record: str) -> None:
    dovecot.fill("patient", letters(1))
    end = time.monotonic() + 20
    steps: list[str] = []

    def stopped() -> bool:
        if not steps and dovecot.count("patient", ".Processed") == 1:
            steps.append("killed")
            dovecot.kill()
            dovecot.fill("patient", letters(2)[1:], first=1)
            threading.Timer(1.0, dovecot.start).start()
        return dovecot.count("patient", ".Processed") == 2 or time.monotonic() > end

    run_once(url(dovecot, "patient"), record, msgspec.structs.replace(OPTIONS, watch=True, poll=1.0, stopped=stopped))
    assert counts(record) == (2, 2)


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_dry_run_changes_nothing(dovecot: Dovecot, record: str, scheme: str) -> None:
    user = f"dry-{scheme}"
    dovecot.fill(user, letters(3))
    options = msgspec.structs.replace(OPTIONS, readonly=True, after=After.DELETE)
    assert run_once(url(dovecot, user, scheme), record, options).messages == 3
    assert dovecot.count(user) == 3


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_password_goes_over_an_encrypted_connection_only(
    dovecot: Dovecot, record: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = f"starttls-{scheme}"
    dovecot.fill(user, letters(1))
    source = url(dovecot, user, scheme).replace("127.0.0.1", "localhost")
    monkeypatch.setattr(Location, "local", property(lambda _: False))
    with pytest.raises(SourceError, match="certificate is not valid"):
        run_once(source, record)
    with monkeypatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
        assert run_once(source, record).stored == 1
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda *_: False)
    monkeypatch.setattr(poplib.POP3, "capa", lambda _: {})
    with pytest.raises(SourceError, match="does not encrypt"):
        run_once(source, record)
    assert run_once(source, record, msgspec.structs.replace(OPTIONS, plaintext=True)).code == 0


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_batch_has_no_more_bytes_than_it_may(dovecot: Dovecot, scheme: str) -> None:
    dovecot.fill(f"bytes-{scheme}", letters(7))
    size = len(letters(1)[0])
    inbox = open_inbox(url(dovecot, f"bytes-{scheme}", scheme), msgspec.structs.replace(OPTIONS, batch_bytes=size * 2))
    assert [len(batch) for batch in inbox.deliveries(Nothing()) if batch] == [2, 2, 2, 1]
    inbox.close()
