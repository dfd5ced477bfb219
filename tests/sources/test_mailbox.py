# ruff: noqa: D103 - a test's name says what it holds
"""Files, mboxes and Maildirs as a source: locked while they are read, never changed, and every message given once."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest

from bouncery.model import SourceError
from bouncery.sources import locking
from bouncery.sources.inbox import InboxOptions, MissingError, Outcome, open_inbox
from bouncery.sources.patience import AwayError
from tests.cli.durable import OPTIONS, Nothing, counts, letters, run_once
from tests.cli.letters import FROM, bounce, mailbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bouncery.sources.inbox import Delivery

SMALL = msgspec.structs.replace(OPTIONS, batch_messages=10, timeout=0.3)


def given(source: str | Path, options: InboxOptions = SMALL) -> list[list[Delivery]]:
    inbox = open_inbox(str(source), options)
    batches = [batch for batch in inbox.deliveries(Nothing()) if batch]
    inbox.close()
    return batches


def test_an_mbox_comes_in_batches_with_names_that_last(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(25))
    first = given(box)
    assert [len(batch) for batch in first] == [10, 10, 5]
    deliveries = [delivery for batch in first for delivery in batch]
    assert [delivery.mail.index for delivery in deliveries] == list(range(25))
    assert len({delivery.identity for delivery in deliveries}) == 25
    assert [one.mail.data.rstrip() for one in deliveries] == [data.rstrip() for data in letters(25)]
    box.write_bytes(mailbox(26))
    longer = [delivery.identity for batch in given(f"mbox:{box}") for delivery in batch]
    assert longer[:25] == [delivery.identity for delivery in deliveries]


def test_an_mbox_is_never_changed(tmp_path: Path, record: str) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(3))
    before = box.stat()
    run_once(str(box), record)
    again = run_once(str(box), record)
    assert (again.messages, again.known) == (0, 3)
    assert box.read_bytes() == mailbox(3)
    assert box.stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(os.listdir(tmp_path)) == ["box", "record.db"]  # noqa: PTH208 - names alone


def test_an_mbox_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(1))
    lock = tmp_path / "box.lock"
    lock.write_bytes(b"1\n")
    with pytest.raises(AwayError, match=r"locked by another program; see which one, remove .*box\.lock"):
        given(box)
    threading.Timer(0.1, lock.unlink).start()
    assert len(given(box, msgspec.structs.replace(SMALL, timeout=10.0))) == 1
    program = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen((sys.executable, "-c", program, box), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(AwayError, match="locked"):
            given(box)
        assert not lock.exists()
        writer.communicate(b"\n")
    assert len(given(box)) == 1


def test_both_locks_are_held_while_an_mbox_is_read_and_not_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(25))
    held: list[bool] = []
    program = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"
    place = locking.lock

    def watched(stream: io.BufferedReader) -> bool:
        taken = place(stream)
        other = subprocess.run((sys.executable, "-c", program, box), check=False, stderr=subprocess.DEVNULL)
        held.append((tmp_path / "box.lock").exists() and other.returncode != 0)
        return taken

    monkeypatch.setattr(locking, "lock", watched)
    inbox = open_inbox(str(box), SMALL)
    for _ in inbox.deliveries(Nothing()):
        assert not (tmp_path / "box.lock").exists()
        with box.open("r+b") as stream:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert held == [True] * 3


@pytest.mark.parametrize(
    ("content", "age", "stale"),
    [
        (b"%d\n" % os.getpid(), 10_000.0, False),
        (b"4194304\n", 10.0, False),
        (b"4194304\n", 301.0, True),
        (b"", 10.0, False),
        (b"", 301.0, True),
        (b"4194304" + locking.own_mark()[len(b"%d" % os.getpid()) :], 0.0, True),
        (locking.own_mark(), 0.0, False),
        (b"99999999999999999999\n", 301.0, False),
    ],
    ids=["alive", "no process", "old", "empty", "old and empty", "gone from here", "own", "no number"],
)
def test_a_lock_that_was_left_behind_is_known(content: bytes, age: float, stale: bool) -> None:  # noqa: FBT001 - a table
    assert locking.is_stale(content, age) is stale


def test_the_lock_of_a_run_that_was_killed_keeps_nobody(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(1))
    (tmp_path / "box.lock").write_bytes(b"4194304" + locking.own_mark()[len(b"%d" % os.getpid()) :])
    assert len(given(box)) == 1


def test_a_directory_without_the_right_to_write_has_no_lock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(1))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(locking, "os", SimpleNamespace(**{**vars(os), "open": refuse}))
    assert len(given(box)) == 1


def test_an_mbox_that_is_rewritten_meanwhile_is_read_from_its_beginning(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mailbox(25))
    found: list[Delivery] = []
    for number, batch in enumerate(open_inbox(str(box), SMALL).deliveries(Nothing())):
        found += batch
        if number == 0:
            box.write_bytes(b"".join(FROM + bounce(f"u{number}@example.com") + b"\n" for number in range(20, 30)))
    read = [number for number in range(30) if any(b"; u%d@" % number in delivery.mail.data for delivery in found)]
    assert read == [*range(10), *range(20, 30)]


def test_what_grows_while_it_is_watched_is_read_from_where_it_was_left(tmp_path: Path, record: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    box = folder / "box"
    box.write_bytes(mailbox(3))
    rounds: list[int] = []

    def stopped() -> bool:
        rounds.append(1)
        if len(rounds) == 3:
            box.write_bytes(mailbox(5))
            (folder / "other.eml").write_bytes(bounce("other@example.com"))
        return len(rounds) > 30

    run_once(str(folder), record, msgspec.structs.replace(OPTIONS, watch=True, poll=0.01, stopped=stopped))
    assert counts(record) == (6, 6)


def test_a_directory_holds_messages_and_mailboxes(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.eml").write_bytes(bounce("a@example.com"))
    (folder / "deep" / "b").write_bytes(mailbox(2))
    (folder / "gone").symlink_to("gone")
    skipped: list[SourceError] = []
    (batch,) = given(folder, msgspec.structs.replace(SMALL, skipped=skipped.append))
    assert [Path(delivery.mail.source).name for delivery in batch] == ["a.eml", "b", "b"]
    assert batch[1].identity.startswith("deep/b:0:")
    assert len(skipped) == 1
    assert "gone: cannot be read" in str(skipped[0])


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch, record: str) -> None:
    for expected in (2, 0):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(mailbox(2))))
        assert run_once("-", record).stored == expected


def test_a_message_over_the_limit_is_cut_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"A: 1\n\n" + b"x" * 1_000)
    ((delivery,),) = given(tmp_path / "a.eml", msgspec.structs.replace(SMALL, message_bytes=100))
    assert (len(delivery.mail.data), delivery.mail.omitted) == (100, 906)


@pytest.mark.parametrize("source", ["missing", "mbox:missing", "maildir:missing"])
def test_a_path_that_leads_nowhere_is_told(source: str) -> None:
    with pytest.raises(MissingError, match="missing"):
        open_inbox(source)


def maildir(path: Path, messages: Sequence[bytes]) -> Path:
    for room in ("tmp", "new", "cur"):
        (path / room).mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(messages):
        (path / "new" / f"{number}.M1P1.test").write_bytes(data)
    return path


def test_a_maildir_is_emptied_into_cur_when_it_is_stored(tmp_path: Path, record: str) -> None:
    box = maildir(tmp_path / "box", letters(25))
    tally = run_once(str(box), record, SMALL)
    assert (tally.messages, tally.stored) == (25, 25)
    assert not list((box / "new").iterdir())
    assert len([*(box / "cur").glob("*:2,")]) == 25
    assert run_once(f"maildir:{box}", record, SMALL).messages == 0


def test_a_maildir_stays_as_it_is_until_its_messages_are_stored(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", letters(3))
    inbox = open_inbox(str(box), SMALL)
    (batch,) = list(inbox.deliveries(Nothing()))
    inbox.refuse(batch)
    assert len(list((box / "new").iterdir())) == 3
    inbox.acknowledge([(batch[0], Outcome.PROCESSED)])
    assert len(list((box / "new").iterdir())) == 2


def test_a_message_that_a_person_has_seen_is_read_as_well(tmp_path: Path, record: str) -> None:
    box = maildir(tmp_path / "box", letters(2))
    (box / "new" / "0.M1P1.test").rename(box / "cur" / "0.M1P1.test:2,S")
    assert run_once(str(box), record, SMALL).stored == 2
    (box / "cur" / "0.M1P1.test:2,S").rename(box / "cur" / "0.M1P1.test:2,RS")
    assert run_once(str(box), record, SMALL).messages == 0


def test_messages_of_a_maildir_may_move_while_they_are_read(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", letters(3))
    inbox = open_inbox(str(box), SMALL)
    batches = inbox.deliveries(Nothing())
    batch = next(batches)
    (box / "new" / "0.M1P1.test").rename(box / "cur" / "0.M1P1.test:2,S")
    (box / "new" / "1.M1P1.test").unlink()
    (box / "cur" / "2.M1P1.test:2,").write_bytes(b"another one")
    inbox.acknowledge([(delivery, Outcome.PROCESSED) for delivery in batch])
    assert (box / "cur" / "2.M1P1.test:2,").read_bytes() == b"another one"
    assert (box / "new" / "2.M1P1.test").exists()


def test_a_maildir_is_watched(tmp_path: Path, record: str) -> None:
    box = maildir(tmp_path / "box", letters(2))
    end = time.monotonic() + 10

    def stopped() -> bool:
        if not list((box / "new").iterdir()) and not (box / "cur" / "late:2,").exists():
            (box / "new" / "late").write_bytes(bounce("late@example.com"))
        return (box / "cur" / "late:2,").exists() or time.monotonic() > end

    run_once(str(box), record, msgspec.structs.replace(SMALL, watch=True, poll=0.05, stopped=stopped))
    assert counts(record) == (3, 3)


def test_a_dry_run_moves_nothing(tmp_path: Path) -> None:
    box = maildir(tmp_path / "box", letters(1))
    inbox = open_inbox(str(box), msgspec.structs.replace(SMALL, readonly=True))
    (batch,) = list(inbox.deliveries(Nothing()))
    inbox.acknowledge([(batch[0], Outcome.PROCESSED)])
    assert len(list((box / "new").iterdir())) == 1


def test_an_unreadable_message_of_a_maildir_is_passed_over(tmp_path: Path, record: str) -> None:
    box = maildir(tmp_path / "box", letters(1))
    (box / "new" / "dir").mkdir()
    skipped: list[SourceError] = []
    options = msgspec.structs.replace(SMALL, skipped=skipped.append)
    assert run_once(str(box), record, options).stored == 1
    assert "cannot be read" in str(skipped[0])


def test_a_kind_of_source_that_there_is_not_is_told() -> None:
    with pytest.raises(SourceError, match="ftp://: no such kind of source"):
        open_inbox("ftp://host/path")
