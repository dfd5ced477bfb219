"""From deliveries to entries: each message judged, in this process or in several, and kept aside if that fails."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery import classify, parse
from bouncery.cli.work import located, ruleset
from bouncery.deciding.paths import paths_of
from bouncery.model import Kind, Reason, Report
from bouncery.sources.inbox import Outcome
from bouncery.sources.log_event import LogEvent
from bouncery.sources.log_report import to_report
from bouncery.store.entry import Entry
from bouncery.store.identity import content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from bouncery.sources.files import Mail
    from bouncery.sources.inbox import Delivery

EVENTFUL = frozenset({Kind.FAILURE, Kind.DELAY, Kind.DELIVERED, Kind.RELAYED, Kind.EXPANDED, Kind.COMPLAINT})
WARM_UP = "550 5.1.1 User unknown"
# A fork shares the rules that are read already; a process with threads and connections must not be forked.
FIRST_START, LATER_START = "fork" if sys.platform == "linux" else "spawn", "spawn"
ENCODER, DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Report)


class Question(NamedTuple):
    """A message and the address that it was delivered to; or the outcome that a line of a log told."""

    mail: Mail
    envelope_to: str | None = None
    event: LogEvent | None = None


class Judged(NamedTuple):
    """What became of a message: its report, packed (empty with a problem), and the hashes that it is known by."""

    report: bytes
    digest: bytes
    content: bytes
    problem: str | None = None


Begun = tuple[ProcessPoolExecutor, "Future[list[Judged]]"]
"""A portion under way, and the processes that work on it."""


def judged(question: Question, paths: tuple[str, ...]) -> Judged:
    """Judge one message, or one outcome in a log."""
    mail, event = question.mail, question.event
    digest = hashlib.sha256(mail.data).digest()
    try:
        if event is not None:
            return Judged(ENCODER.encode(located(to_report(event, ruleset(paths)), mail)), digest, digest)
        report = located(parse(mail.data, envelope_to=question.envelope_to, rules=ruleset(paths)), mail)
        return Judged(ENCODER.encode(report), digest, content_digest(mail.data))
    except Exception as error:  # noqa: BLE001 - one message must not end the run
        return Judged(b"", digest, digest, f"{type(error).__name__}: {error}")


def judged_all(questions: Sequence[Question], paths: tuple[str, ...]) -> list[Judged]:
    """Judge a portion of messages."""
    return [judged(question, paths) for question in questions]


def ended(question: Question) -> Judged:
    """Tell of a message that no process survives."""
    digest = hashlib.sha256(question.mail.data).digest()
    return Judged(b"", digest, digest, "the process that read it ended")


def prepare_worker(paths: tuple[str, ...]) -> None:
    """Leave signals to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    classify(WARM_UP, rules=ruleset(paths))


def end_with_parent() -> None:
    """End this process when its parent has ended: nobody is left to ask anything."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


class Judge:
    """Judges batches. With several processes a batch is under way while the caller stores the one before it."""

    def __init__(self, paths: tuple[str, ...], jobs: int) -> None:
        """Read the rules, so that a mistake in them is said first, and start the processes."""
        self.paths = paths
        self.jobs = jobs
        self.ahead = 0 if jobs == 1 else 2
        self.lock = threading.RLock()
        self.executor: ProcessPoolExecutor | None = None
        classify(WARM_UP, rules=ruleset(paths))
        if jobs > 1:
            self.executor = self.started(FIRST_START)
            # All processes start with the first question: now, before there are threads and connections.
            self.executor.submit(judged_all, [], paths).result()

    def started(self, method: str) -> ProcessPoolExecutor:
        """Start the processes."""
        context = multiprocessing.get_context(method)
        return ProcessPoolExecutor(self.jobs, mp_context=context, initializer=prepare_worker, initargs=(self.paths,))

    def submit(self, batch: Sequence[Delivery]) -> Callable[[], list[Judged]]:
        """Begin to judge a batch; what comes back gives the results when it is called."""
        if self.executor is None:
            return lambda: judged_all(questions(batch), self.paths)
        asked = questions(batch)
        share = -(-len(asked) // self.jobs)
        portions = [asked[start : start + share] for start in range(0, len(asked), share)]
        futures = [self.begin(portion) for portion in portions]
        return lambda: [
            result for portion, future in zip(portions, futures, strict=True) for result in self.finish(portion, future)
        ]

    def begin(self, portion: list[Question]) -> Begun:
        """Send a portion to the processes, to new ones if the others are gone."""
        while True:
            executor = self.executor
            assert executor is not None  # noqa: S101 - asked only with processes
            try:
                return executor, executor.submit(judged_all, portion, self.paths)
            except BrokenProcessPool:
                self.replace(executor)

    def finish(self, portion: list[Question], begun: tuple[ProcessPoolExecutor, Future[list[Judged]]]) -> list[Judged]:
        """Wait for a portion; if a process ended over it, try its messages one by one."""
        executor, future = begun
        try:
            return future.result()
        except BrokenProcessPool:
            self.replace(executor)
        if len(portion) == 1:
            return [ended(portion[0])]
        return [result for question in portion for result in self.alone(question)]

    def alone(self, question: Question) -> list[Judged]:
        """Judge one message while the processes do nothing else."""
        with self.lock:
            executor, future = self.begin([question])
            try:
                return future.result()
            except BrokenProcessPool:
                put_down(executor)
                self.executor = self.started(LATER_START)
                return [ended(question)]

    def replace(self, executor: ProcessPoolExecutor) -> None:
        """Start new processes in the place of broken ones, once."""
        with self.lock:
            if self.executor is executor:
                put_down(executor)
                self.executor = self.started(LATER_START)

    def close(self) -> None:
        """End the processes."""
        if self.executor is not None:
            self.executor.shutdown(cancel_futures=True)


def put_down(executor: ProcessPoolExecutor) -> None:
    """End what is left of broken processes: they ignore the signal by which the executor would wait for their end."""
    for process in multiprocessing.active_children():
        process.kill()
    executor.shutdown(wait=False)


def questions(batch: Sequence[Delivery]) -> list[Question]:
    """Give what is asked of each delivery."""
    return [question(delivery) for delivery in batch]


def question(delivery: Delivery) -> Question:
    """Give what is asked of a delivery."""
    event = delivery.handle if isinstance(delivery.handle, LogEvent) else None
    return Question(delivery.mail, delivery.envelope_to, event)


def entry_of(delivery: Delivery, found: Judged, source: str, now: datetime) -> Entry:
    """Give what the store takes for a delivery."""
    report = DECODER.decode(found.report) if found.report else None
    return Entry(
        source=source,
        identity=delivery.identity,
        report=report,
        digest=found.digest,
        size=len(delivery.mail.data) + delivery.mail.omitted,
        seen_at=now,
        raw=delivery.mail.data,
        problem=found.problem,
        content=found.content,
        paths=paths_of(delivery.mail.data, delivery.envelope_to, report) if report else (),
    )


def outcome_of(report: Report | None) -> Outcome:
    """Tell what became of a message; one that gives a person something to look at is not recognised."""
    if report is None:
        return Outcome.UNRECOGNISED
    if report.kind is Kind.UNSUBSCRIBE:
        return Outcome.PROCESSED
    if report.kind not in EVENTFUL:
        return Outcome.NOT_A_BOUNCE
    unknown = any(recipient.verdict.reason is Reason.UNDETERMINED for recipient in report.recipients)
    return Outcome.UNRECOGNISED if unknown or not report.recipients else Outcome.PROCESSED
