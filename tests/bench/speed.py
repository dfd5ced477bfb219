"""The measurements of the benchmark, one function each; every one gives lines to print."""

from __future__ import annotations

import email
import logging
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from flufl.bounce import all_failures

from bouncery import Action, classify, parse
from tests.bench.clock import in_turns, once
from tests.bench.startup import importing_costs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

MEBIBYTE = 1_048_576
MICRO = 1_000_000
PIECES = 8
REPLY = "550 5.1.1 <u@example.com>: Recipient address rejected: User unknown in virtual mailbox table"


class Line(NamedTuple):
    """One line of the benchmark: what was measured, the figure, and what stands for comparison."""

    what: str
    figure: str
    detail: str = ""


def report(data: bytes) -> bytes:
    """Parse a message and write its report."""
    return msgspec.json.encode(parse(data))


def flufl(data: bytes) -> object:
    """Find recipients with flufl.bounce, as its users do: with the parse that it needs."""
    try:
        return all_failures(email.message_from_bytes(data))
    except IndexError:  # its detectors raise on a message without From
        return None


def standard_library(data: bytes) -> Message:
    """Parse a message with the standard library."""
    return email.message_from_bytes(data)


def parsing(messages: Sequence[bytes]) -> list[Line]:
    """Compare parse + JSON with the standard library's parse and with flufl.bounce."""
    logging.getLogger("flufl.bounce").disabled = True
    own, standard, other = in_turns(messages, report, standard_library, flufl, rounds=5)
    return [
        Line(
            "parse + JSON, mean",
            f"{own * MICRO:.0f} µs",
            f"{len(messages)} messages of {sum(map(len, messages)) // len(messages)} bytes",
        ),
        Line("  against email.message_from_bytes", f"{own / standard:.2f} times its cost", f"{standard * MICRO:.0f} µs"),
        Line("  against flufl.bounce with its parse", f"{other / own:.1f} times faster", f"{other * MICRO:.0f} µs"),
    ]


def matching() -> list[Line]:
    """Measure the verdict on one reply."""
    (cost,) = in_turns([REPLY] * 200, lambda reply: classify(reply, action=Action.FAILED))
    return [Line("classify, one reply", f"{cost * MICRO:.0f} µs", f"{len(REPLY)} characters")]


def starting() -> list[Line]:
    """Measure what an import costs more than a bare interpreter."""
    return [Line("import bouncery", f"{importing_costs() * 1000:.0f} ms", "more than a bare interpreter, best of 15 starts")]


def large(size: int) -> bytes:
    """Give a report that returns a message of some size."""
    head = (
        b"From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/report; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        b"Final-Recipient: rfc822; u@example.com\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
        b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\n"
    )
    return head + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n" * (size // 69) + b"--b--\n"


def scan(data: bytes) -> int:
    """Look at every line end once: the least that a reader of lines can do."""
    return data.count(b"\n")


def growing() -> list[Line]:
    """Compare a message of 15 MiB with one of half the size, and with a plain scan of its bytes."""
    single, double = [large(15 * MEBIBYTE // 2)], [large(15 * MEBIBYTE)]
    half, whole = min(once(report, single) for _ in range(7)), min(once(report, double) for _ in range(7))
    plain = min(once(scan, double) for _ in range(7))
    return [
        Line("message of 15 MiB", f"{whole * 1000:.1f} ms", f"{half * 1000:.1f} ms for half of it"),
        Line("  twice the size", f"{whole / half:.2f} times the cost"),
        Line("  against a scan of its bytes", f"{whole / plain:.1f} times its cost", f"{plain * 1000:.1f} ms"),
    ]


def reports(messages: Sequence[bytes], rounds: int) -> int:
    """Parse messages several times and give the size of their reports: the work of one process."""
    return sum(len(report(data)) for _ in range(rounds) for data in messages)


def sharing(messages: Sequence[bytes], seconds: float = 4.0) -> list[Line]:
    """Compare two processes with one on the same work, which is cut into pieces."""
    start = time.perf_counter()
    reports(messages, 1)
    rounds = max(1, int(seconds / (time.perf_counter() - start) / PIECES))
    taken = []
    for workers in (1, 2):
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            work = partial(reports, messages)
            list(pool.map(work, [1] * workers))  # start, import and warm up before the clock does
            start = time.perf_counter()
            list(pool.map(work, [rounds] * PIECES))
            taken.append(time.perf_counter() - start)
    detail = f"{PIECES * rounds * len(messages)} messages; needs two idle processors"
    return [Line("two processes against one", f"{taken[0] / taken[1]:.2f} times the work", detail)]
