"""Logs as a source: where reading goes on, through rotation and interruption, and what a report says of an event."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import random
import shutil
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bouncery.model import Decision, Kind, Original, Reason, SourceError
from bouncery.sources import logs
from bouncery.sources.inbox import InboxOptions, MissingError, open_inbox
from bouncery.sources.log_event import LogEvent
from bouncery.sources.log_files import LONGEST_LINE, LogFile, RotatedError, log_files
from bouncery.sources.log_lines import moment
from bouncery.sources.log_memory import Memory
from bouncery.sources.log_report import to_report
from bouncery.sources.logs import READERS, open_log
from bouncery.sources.patience import AwayError
from tests.growth import growth
from tests.sources.log_lines import NOW, SAID, arrival, attempt, exim, postfix, sendmail, sendmail_attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bouncery.model import Report
    from bouncery.sources.inbox import Delivery

WORDS = f"{SAID}550 5.1.1 no such user (in reply to RCPT TO command)"
PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
LATER = f"{SAID}451 4.7.1 wait (in reply to RCPT TO command)"


class Shelf:
    """A store that only remembers what it was given."""

    def __init__(self) -> None:
        """Begin empty."""
        self.kept: dict[str, LogEvent] = {}
        self.asked = 0

    def __call__(self, identity: str, /) -> bool:
        """Tell it of one."""
        return identity in self.kept

    def many(self, identities: Sequence[str], /) -> frozenset[str]:
        """Give those of many that are stored."""
        self.asked += len(identities)
        return frozenset(self.kept.keys() & set(identities))

    def put(self, batch: Iterable[Delivery]) -> None:
        """Store a batch."""
        for delivery in batch:
            assert isinstance(delivery.handle, LogEvent)
            assert delivery.identity == delivery.handle.identity
            assert delivery.identity not in self.kept
            self.kept[delivery.identity] = delivery.handle

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Give the action and recipient of each event."""
        return [(event.action.value, event.recipient) for event in self.kept.values()]


def write(path: Path, lines: Iterable[str], mode: str = "a") -> None:
    """Write lines to a log."""
    with path.open(mode, encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def run(path: Path, shelf: Shelf, options: InboxOptions | None = None, batches: int | None = None) -> None:
    """Read a log into a store; only some batches where it is interrupted."""
    inbox = open_log(f"postfix-log:{path}", options or InboxOptions(batch_messages=5), now=NOW)
    deliveries = inbox.deliveries(shelf)
    for number, batch in enumerate(deliveries):
        if number == batches:
            break
        shelf.put(batch)
        inbox.acknowledge([])
        assert not inbox.refuse(batch)
    inbox.close()


def message(number: int) -> list[str]:
    """Give the lines of a message: to one address it is refused, to another one it goes late."""
    queue_id = f"4F00BA{number:05}"
    return [
        *arrival(queue_id, message_id=f"<{number}@example.org>"),
        attempt(queue_id, f"dead{number}@example.com", "5.1.1", "bounced", WORDS),
        attempt(queue_id, f"late{number}@example.com", "4.7.1", "deferred", LATER),
        postfix("anvil", "statistics: max connection rate 1/60s"),
        attempt(queue_id, f"late{number}@example.com", "2.0.0", "sent", "250 2.0.0 Ok"),
        postfix("qmgr", f"{queue_id}: removed"),
    ]


def expected(numbers: Iterable[int]) -> list[tuple[str, str]]:
    """Give the outcomes of messages."""
    return [
        outcome
        for number in numbers
        for outcome in (
            ("failed", f"dead{number}@example.com"),
            ("delayed", f"late{number}@example.com"),
            ("delivered", f"late{number}@example.com"),
        )
    ]


def test_everything_once_and_nothing_again(tmp_path: Path) -> None:
    """A second run gives only what was written since; the last line counts when it is whole."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, [line for number in range(3) for line in message(number)])
    run(log, shelf)
    assert shelf.outcomes == expected(range(3))
    run(log, shelf)
    lines = message(3)
    with log.open("a") as stream:
        stream.write("\n".join(lines[:3])[:-5])
    run(log, shelf)
    assert shelf.outcomes == expected(range(3))
    with log.open("a") as stream:
        stream.write("\n".join(lines)[len("\n".join(lines[:3])[:-5]) :] + "\n")
    run(log, shelf)
    assert shelf.outcomes == expected(range(4))
    assert list(shelf.kept.values())[-1].message_id == "<3@example.org>"


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_rotation(tmp_path: Path, suffix: str) -> None:
    """The rest of the file before is read first, also when it is compressed by then, and files between as well."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, [line for number in range(3) for line in message(number)])
    run(log, shelf, batches=1)
    assert len(shelf.kept) == 5
    for turn, name in ((3, "mail.log.2"), (4, "mail.log.1")):
        write(log, message(turn))
        shutil.move(log, tmp_path / name)
        os.utime(tmp_path / name, (turn, turn))
        if suffix:
            data = (tmp_path / name).read_bytes()
            (tmp_path / f"{name}{suffix}").write_bytes(PACK[suffix](data))
            os.utime(tmp_path / f"{name}{suffix}", (turn, turn))
            (tmp_path / name).unlink()
        write(log, [])
    write(log, message(5))
    write(tmp_path / "mail.log.old", message(6))
    (tmp_path / "mail.log.7").mkdir()
    run(log, shelf)
    assert shelf.outcomes == expected(range(6))
    run(log, shelf)
    assert shelf.outcomes == expected(range(6))


def test_a_log_that_is_copied_and_truncated(tmp_path: Path) -> None:
    """The inode stays and the first line changes: it is another file."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, [line for number in range(3) for line in message(number)])
    run(log, shelf, batches=1)
    shutil.copy(log, tmp_path / "mail.log-20261125")
    write(log, message(3), "w")
    run(log, shelf)
    assert shelf.outcomes == expected(range(4))


def test_a_first_run_begins_with_the_log_of_today(tmp_path: Path) -> None:
    """Old logs that were never read stay so."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(tmp_path / "mail.log.1", message(1))
    write(log, message(2))
    run(log, shelf)
    assert shelf.outcomes == expected([2])


def test_between_two_files(tmp_path: Path) -> None:
    """A log that was renamed and not begun anew is no error, nor is an empty one."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, message(1))
    run(log, shelf, batches=0)
    shelf.put(next(open_log(f"postfix-log:{log}", now=NOW).deliveries(shelf))[:1])
    shutil.move(log, tmp_path / "mail.log.1")
    run(log, shelf)
    log.touch()
    run(log, shelf)
    write(log, message(2))
    run(log, shelf)
    assert shelf.outcomes == expected([1, 2])


def test_senders_and_deferrals_are_remembered_across_runs_and_files(tmp_path: Path) -> None:
    """What stands before the place is read again for what it tells, and so is the end of the file before."""
    log, shelf = tmp_path / "mail.log", Shelf()
    one, two = "4F00BA00001", "4F00BA00002"
    write(log, [*message(0), *arrival(one), attempt(one, "a@example.com", "4.7.1", "deferred", LATER), *arrival(two)])
    run(log, shelf)
    write(log, [attempt(one, "a@example.com", "4.7.1", "deferred", LATER.replace("wait", "wait on"))])
    write(log, [attempt(one, "a@example.com", "4.7.1", "deferred", LATER.replace("wait", "wait on"))])
    run(log, shelf)
    shutil.move(log, tmp_path / "mail.log.1")
    write(log, [attempt(two, "b@example.com", "5.1.1", "bounced", WORDS)])
    run(log, shelf)
    write(log, [postfix("qmgr", f"{one}: from=<list@example.org>, status=expired, returned to sender")])
    run(log, shelf)
    assert shelf.outcomes[3:] == [
        ("delayed", "a@example.com"),
        ("delayed", "a@example.com"),
        ("failed", "b@example.com"),
        ("failed", "a@example.com"),
    ]
    assert {event.message_id for event in list(shelf.kept.values())[3:]} == {"<one@example.org>"}


def test_interrupted_anywhere_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that end after a few batches, with lines and rotation in between: each outcome once."""
    monkeypatch.setattr(logs, "RUN_UP", 3_000)
    monkeypatch.setattr(logs, "CLOSE", 1_000)
    chance = random.Random(20261125)  # noqa: S311 - the same every time
    for attempt_number in range(10):
        folder = tmp_path / str(attempt_number)
        folder.mkdir()
        log, shelf, written, turns = folder / "mail.log", Shelf(), 0, 0
        while written < 120:
            more = chance.randrange(1, 12)
            write(log, [line for number in range(written, written + more) for line in message(number)])
            written += more
            run(log, shelf, batches=chance.randrange(8))
            if chance.random() < 0.2:
                turns += 1
                shutil.move(log, folder / f"mail.log-2026{turns:04}")
                os.utime(folder / f"mail.log-2026{turns:04}", (turns, turns))
        log.touch()
        run(log, shelf)
        assert sorted(shelf.outcomes) == sorted(expected(range(written)))


def test_the_place_is_found_without_reading_all(tmp_path: Path) -> None:
    """In a log of some megabytes the store is asked about few events."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, [line for number in range(12_000) for line in message(number)])
    run(log, shelf, InboxOptions(batch_messages=1000))
    assert shelf.outcomes == expected(range(12_000))
    write(log, message(12_000))
    shelf.asked = 0
    run(log, shelf, InboxOptions(batch_messages=1000))
    assert shelf.outcomes == expected(range(12_001))
    assert shelf.asked < 17_000


def test_watching_goes_on_where_it_was(tmp_path: Path) -> None:
    """An empty batch says that nothing has come; after rotation the rest of the old file comes first."""
    log, shelf = tmp_path / "mail.log", Shelf()
    log.touch()
    steps = iter(range(6))
    stop = False

    def stopped() -> bool:
        nonlocal stop
        step = next(steps, None)
        stop = step is None
        if step == 1:
            write(log, message(1))
        elif step == 2:
            write(log, message(2))
            shutil.move(log, tmp_path / "mail.log.1")
            write(log, message(3))
        elif step == 4:
            write(log, message(4), "w")
        return stop

    options = InboxOptions(watch=True, poll=0.0, stopped=stopped)
    inbox = open_log(f"postfix-log:{log}", options, now=NOW)
    empty = 0
    for batch in inbox.deliveries(shelf):
        empty += not batch
        shelf.put(batch)
    assert shelf.outcomes == expected(range(1, 5))
    assert empty >= 2


def test_rotated_under_our_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that became another one between a look and the reading is looked at anew; for ever it is not."""
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, message(1))
    times = 0

    def turning(path: str, skipped: Callable[[SourceError], object]) -> list[LogFile]:
        nonlocal times
        found = log_files(path, skipped)
        times += 1
        if times == 2:
            shutil.move(log, tmp_path / "mail.log.1")
            write(log, message(2))
        return found

    monkeypatch.setattr(logs, "log_files", turning)
    run(log, shelf)
    assert shelf.outcomes == expected([2])
    shelf = Shelf()
    (tmp_path / "mail.log.1").unlink()
    monkeypatch.setattr(logs, "log_files", lambda path, skipped: [file._replace(key="0") for file in log_files(path, skipped)])
    with pytest.raises(AwayError, match="rotated again and again"):
        run(log, shelf)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """Errors say what, where and what to do; an older file that is damaged does not keep the newer one from being read."""
    with pytest.raises(MissingError, match="see where the mail server logs to"):
        open_log(f"postfix-log:{tmp_path}/mail.log", now=NOW)
    with pytest.raises(MissingError, match="see where"):
        open_log(f"postfix-log:{tmp_path}/nowhere/mail.log", now=NOW)
    with pytest.raises(SourceError, match="give one of postfix-log, exim-log, sendmail-log"):
        open_log("courier-log:/var/log/mail.log")
    with pytest.raises(SourceError, match="a colon and the path"):
        open_log("postfix-log:")
    with pytest.raises(SourceError, match="cannot be read"):
        open_log(f"postfix-log:{tmp_path}", now=NOW)
    log, shelf = tmp_path / "mail.log", Shelf()
    write(log, [line for number in range(50) for line in message(number)])
    run(log, shelf, batches=1)
    whole = gzip.compress(log.read_bytes(), mtime=0)
    log.unlink()
    (tmp_path / "mail.log.1.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "mail.log.2.gz").write_bytes(b"no gzip\n")
    write(log, message(50))
    problems: list[str] = []
    run(log, shelf, InboxOptions(skipped=lambda error: problems.append(str(error))))
    assert set(expected([50])) <= set(shelf.outcomes)
    assert any("mail.log.1.gz" in problem for problem in problems)
    assert any("mail.log.2.gz" in problem for problem in problems)


def test_a_log_that_goes_away(tmp_path: Path) -> None:
    """A file that is gone when it is to be read is looked for again; a folder in its place is an error."""
    log = tmp_path / "mail.log"
    write(log, message(1))
    (file,) = log_files(str(log), lambda _: None)
    inbox = open_log(f"postfix-log:{log}", now=NOW)
    log.unlink()
    with pytest.raises(RotatedError):
        file.whole_from(10)
    log.mkdir()
    with pytest.raises(AwayError, match="see to it and run again"):
        list(inbox.deliveries(Shelf()))


def test_the_url_of_a_source(tmp_path: Path) -> None:
    """The three schemes lead here; a link is the same source as its target."""
    for kind in READERS:
        (tmp_path / kind).touch()
        (tmp_path / f"{kind}.link").symlink_to(tmp_path / kind)
        inbox = open_inbox(f"{kind}:{tmp_path}/{kind}.link")
        assert inbox.name == f"{kind}:{(tmp_path / kind).resolve()}"
        assert list(inbox.deliveries(Shelf())) == []


def test_each_event_has_bytes_of_its_own(tmp_path: Path) -> None:
    """A store knows a message by its bytes: one line about several recipients is several messages."""
    log = tmp_path / "mail.log"
    write(log, [sendmail("6AP0e0Cx016333", sendmail_attempt("<a@example.com>,<b@example.com>", "2.0.0", "stat=Sent (Ok)"))])
    (batch,) = open_log(f"sendmail-log:{log}", now=NOW).deliveries(Shelf())
    assert len({hashlib.sha256(delivery.mail.data).digest() for delivery in batch}) == 2
    assert len({delivery.identity for delivery in batch}) == 2


def test_memory_does_not_grow_with_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the log takes the same memory."""
    monkeypatch.setattr(logs, "Memory", lambda: Memory(messages=200))
    peaks = []
    for factor in (1, 4):
        log = tmp_path / f"mail{factor}.log"
        write(log, [line for number in range(600 * factor) for line in message(number)])
        tracemalloc.start()
        for _ in open_log(f"postfix-log:{log}", now=NOW).deliveries(Shelf()):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


HOSTILE = {
    "postfix-log": [
        postfix("smtp", "4F00BA12CD3: to=<"),
        postfix("smtp", '4F00BA12CD3: to=<"'),
        attempt("4F00BA12CD3", "u@example.com", "5.0.0", "bounced", "host a[b] said: "),
        postfix("bounce", "4F00BA12CD3: sender "),
        postfix("qmgr", "4F00BA12CD3: from=<"),
        postfix("cleanup", "4F00BA12CD3: message-id="),
    ],
    "exim-log": [
        exim("1xW0z9-0003oT-26", "** u@example.com "),
        exim("1xW0z9-0003oT-26", "** |"),
        exim("1xW0z9-0003oT-26", "== u@example.com R=dns T=smtp defer (1) H=a [b]: SMTP error from remote mail server after "),
        exim("1xW0z9-0003oT-26", "=> u@example.com C="),
        exim("1xW0z9-0003oT-26", "<= list@example.org"),
    ],
    "sendmail-log": [
        sendmail("6AP0e0Cx016333", "to="),
        sendmail("6AP0e0Cx016333", "to=<"),
        sendmail("6AP0e0Cx016333", "to=<u@example.com>, delay=1, "),
        sendmail("6AP0e0Cx016333", "from="),
    ],
}
FILLINGS = [
    "a",
    '"',
    "\\",
    "<",
    ", ",
    " (in reply to ",
    "a=b ",
    "a,",
    "a@b.example,",
    " R=x",
    " <",
    ": ",
    "[1] ",
    "\\303",
    "queued as 4F00BA ",
]


@pytest.mark.parametrize("kind", READERS)
def test_hostile_lines_take_time_in_proportion(kind: str) -> None:
    """Lines of 100 KB and 200 KB with anything in them, although the source cuts them long before."""
    reader = READERS[kind](Memory(), NOW)
    for line in HOSTILE[kind]:
        for filling in FILLINGS:
            single = line + filling * (100_000 // len(filling))
            found = growth(reader.read, single, single + filling * (100_000 // len(filling)), 0.1)
            assert found.double <= 0.1 or found.is_linear, (line, filling, found)


def test_long_lines_are_cut(tmp_path: Path) -> None:
    """The rest of a line is passed over; what follows is read."""
    log, shelf = tmp_path / "mail.log", Shelf()
    flood = attempt("4F00BA12CD3", "u@example.com", "5.1.1", "bounced", "x" * 1_000_000)
    write(log, [flood, *message(1)])
    run(log, shelf)
    assert shelf.outcomes == expected([1])
    write(log, [attempt("4F00BA12CD3", "u@example.com", "5.1.1", "bounced", "x" * (LONGEST_LINE - 500))])
    run(log, shelf)
    assert shelf.outcomes == [*expected([1]), ("failed", "u@example.com")]
    assert len(list(shelf.kept.values())[-1].text) == 4_096


@pytest.mark.parametrize(
    ("when", "now", "expected"),
    [
        ("Nov 25 10:00:00", NOW, "2026-11-25T10:00:00+00:00"),
        ("Nov  5 10:00:00", NOW, "2026-11-05T10:00:00+00:00"),
        ("Nov 27 11:00:00", NOW, "2026-11-27T11:00:00+00:00"),
        ("Nov 28 10:00:00", NOW, "2025-11-28T10:00:00+00:00"),
        ("Dec 31 23:59:59", NOW.replace(month=1, day=1), "2025-12-31T23:59:59+00:00"),
        ("Jan  1 00:00:01", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "2027-01-01T00:00:01+00:00"),
        ("Feb 29 10:00:00", NOW, "2024-02-29T10:00:00+00:00"),
        ("Feb 30 10:00:00", NOW, None),
        ("Foo 10 10:00:00", NOW, None),
        ("Nov 25 23:59:60", NOW, "2026-11-25T23:59:59+00:00"),
        ("Nov 25 10:00:00", NOW.astimezone(timezone(timedelta(hours=9))), "2026-11-25T01:00:00+00:00"),
        ("Jul  5 10:00:00", NOW.astimezone(ZoneInfo("Europe/Berlin")), "2026-07-05T08:00:00+00:00"),
        ("2026-11-25T10:00:00.123456+02:00", NOW, "2026-11-25T08:00:00.123456+00:00"),
        ("2026-11-25T10:00:00.123456789Z", NOW, "2026-11-25T10:00:00.123456+00:00"),
        ("2026-11-25T10:00:00+0100", NOW, "2026-11-25T09:00:00+00:00"),
        ("2026-11-25 10:00:00.5 -0500", NOW, "2026-11-25T15:00:00.500000+00:00"),
        ("2026-11-25 10:00:60", NOW.astimezone(timezone(timedelta(hours=1))), "2026-11-25T09:00:59+00:00"),
        ("2026-13-25 10:00:00", NOW, None),
    ],
)
def test_moments(when: str, now: datetime, expected: str | None) -> None:
    """A date without a year is the last such one, one without a zone is in that of `now`."""
    told = moment(when, now)
    assert (told.isoformat() if told else None) == expected


def report_on(kind: str, *lines: str) -> Report:
    """Give the report on the last event of some lines."""
    reader = READERS[kind](Memory(), NOW)
    return to_report([event for line in lines for event in reader.read(line)][-1])


def test_a_report_is_what_a_message_would_give() -> None:
    """Kind, codes, addresses, stage and verdict; and the message that was sent, by its id."""
    line = attempt("4F00BA12CD3", "u@example.com>, orig_to=<alias@example.org", "5.1.1", "bounced", WORDS)
    report = report_on("postfix-log", *arrival("4F00BA12CD3"), line)
    assert (report.kind, report.formats, report.reporting_mta) == (Kind.FAILURE, ("log", "postfix"), "mail")
    assert (report.date, report.fields) == ("2026-11-25T10:00:01Z", (("Queue-ID", "4F00BA12CD3"),))
    assert report.message_id is None
    assert report.original == Original(message_id="<one@example.org>", sender="list@example.org", to=("alias@example.org",))
    (recipient,) = report.recipients
    assert (recipient.address, recipient.final_address) == ("alias@example.org", "u@example.com")
    assert (recipient.action, recipient.final, recipient.status, recipient.reply) == ("failed", True, "5.1.1", 550)
    assert (recipient.diagnostic, recipient.stage) == ("550 5.1.1 no such user", "rcpt")
    assert recipient.last_attempt == "2026-11-25T10:00:01Z"
    assert (recipient.verdict.decision, recipient.verdict.reason) == (Decision.HARD, Reason.USER_UNKNOWN)
    assert recipient.verdict.evidence[-1].text == "550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("dsn", "status", "words", "kind", "judged"),
    [
        ("4.7.1", "deferred", LATER, Kind.DELAY, (Decision.RETRY, "4.7.1", 451)),
        ("4.1.1", "SOFTBOUNCE", WORDS, Kind.DELAY, (Decision.RETRY, "5.1.1", 550)),
        ("5.0.0", "bounced", WORDS.replace("5.1.1 no such user", "5.2.2 full"), Kind.FAILURE, (Decision.SOFT, "5.2.2", 550)),
        ("5.0.0", "bounced", WORDS.replace("5.1.1 no such user", "4.2.1 busy"), Kind.FAILURE, (Decision.SOFT, "4.2.1", 550)),
        ("5.0.0", "bounced", "", Kind.FAILURE, (Decision.SOFT, "5.0.0", None)),
        ("2.0.0", "sent", "250 2.1.5 Ok", Kind.DELIVERED, (None, "2.1.5", 250)),
        ("2.0.0", "sent", "delivered to mailbox", Kind.DELIVERED, (None, "2.0.0", None)),
    ],
)
def test_verdicts(dsn: str, status: str, words: str, kind: Kind, judged: tuple[Decision | None, str, int | None]) -> None:
    """An outcome is judged as the notification about it is."""
    report = report_on("postfix-log", attempt("4F00BA12CD3", "u@example.com", dsn, status, words))
    (recipient,) = report.recipients
    assert report.kind is kind
    assert (recipient.verdict.decision, recipient.status, recipient.reply) == judged


def test_a_line_without_words_or_codes() -> None:
    """What stands on nothing but the action says so."""
    (recipient,) = report_on("exim-log", exim("1xW0z9-0003oT-26", "** u@example.com R=aliases:")).recipients
    assert recipient.verdict.evidence[0].text == "failed"
    assert recipient.verdict.decision is Decision.SOFT


def test_events_go_to_other_processes() -> None:
    """An event survives the way there and back."""
    reader = READERS["postfix-log"](Memory(), NOW)
    (event,) = reader.read(attempt("4F00BA12CD3", "u@example.com", "5.1.1", "bounced", WORDS))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=LogEvent) == event
