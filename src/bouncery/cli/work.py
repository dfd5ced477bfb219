"""From messages to outcomes: in this process or in several, always in the order of the messages."""

from __future__ import annotations

import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery import parse
from bouncery.cli.safe import printable
from bouncery.masking import masked
from bouncery.model import Reason
from bouncery.rules import ENVIRONMENT, RuleSet, load

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Future

    from bouncery.model import Report
    from bouncery.sources import Mail

CHUNK_MAILS = 64
CHUNK_BYTES = 1 << 20
CHUNKS_PER_JOB = 3
"""Chunks under way for each process: enough to keep it busy, few enough to bound memory."""


class Outcome(NamedTuple):
    """What became of one message: its report as JSON (empty with a problem), and the replies that nothing recognises."""

    source: str
    size: int
    line: bytes
    unknown: tuple[str, ...] = ()
    problem: str | None = None


@cache
def ruleset(paths: tuple[str, ...]) -> RuleSet | None:
    """Give the rules with a user's own files, read once a process; None for the shipped ones. Raises RuleError."""
    if not paths:
        return None
    named = filter(None, os.environ.get(ENVIRONMENT, "").split(os.pathsep))
    return load((*named, *paths))


def outcome(mail: Mail, paths: tuple[str, ...]) -> Outcome:
    """Parse one message."""
    size = len(mail.data) + mail.omitted
    try:
        report = located(parse(mail.data, rules=ruleset(paths)), mail)
        line = msgspec.json.encode(report)
    except Exception as error:  # noqa: BLE001 - one message must not end the reading of a mailbox
        return Outcome(mail.source, size, b"", problem=f"{mail.source}, message {mail.index}: {type(error).__name__}: {error}")
    return Outcome(mail.source, size, line, tuple(unknown_replies(report)))


def located(report: Report, mail: Mail) -> Report:
    """Say where the message stood, and what of it was not read."""
    notes = report.notes
    if mail.omitted:
        notes = (*notes, f"message: the last {mail.omitted} bytes were not read")
    return msgspec.structs.replace(report, source=mail.source, index=mail.index, notes=notes)


def unknown_replies(report: Report) -> Iterator[str]:
    """Give the replies that end undetermined, without mail addresses."""
    for recipient in report.recipients:
        if recipient.verdict.reason is Reason.UNDETERMINED and recipient.diagnostic:
            yield printable(masked(recipient.diagnostic, recipient.address, recipient.final_address))


def chunks(mails: Iterable[Mail]) -> Iterator[list[Mail]]:
    """Gather messages into portions that are worth sending to another process."""
    chunk: list[Mail] = []
    size = 0
    for mail in mails:
        chunk.append(mail)
        size += len(mail.data)
        if len(chunk) >= CHUNK_MAILS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def outcomes_of(chunk: list[Mail], paths: tuple[str, ...]) -> list[Outcome]:
    """Parse a portion of messages."""
    return [outcome(mail, paths) for mail in chunk]


def leave_interrupts_to_parent() -> None:
    """Ignore Ctrl-C in a worker: the process that reads and prints ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def outcomes(mails: Iterable[Mail], paths: tuple[str, ...], jobs: int) -> Generator[Outcome]:
    """Parse messages in `jobs` processes; outcomes come in the order of the messages, and few wait at any time."""
    if jobs == 1:
        for mail in mails:
            yield outcome(mail, paths)
        return
    executor = ProcessPoolExecutor(jobs, initializer=leave_interrupts_to_parent)
    try:
        pending: deque[Future[list[Outcome]]] = deque()
        for chunk in chunks(mails):
            pending.append(executor.submit(outcomes_of, chunk, paths))
            if len(pending) > jobs * CHUNKS_PER_JOB:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)
