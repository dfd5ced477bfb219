"""Logs for tests: readers, and lines as servers write them, in our own words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bouncery.sources.log_memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bouncery.sources.log_event import LogEvent
    from bouncery.sources.logs_exim import Exim
    from bouncery.sources.logs_postfix import Postfix
    from bouncery.sources.logs_sendmail import Sendmail

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
REMOTE = "mx.example.com[192.0.2.10]:25"
SAID = "host mx.example.com[192.0.2.10] said: "


def read(kind: type[Postfix | Exim | Sendmail], lines: Iterable[str], memory: Memory | None = None) -> list[LogEvent]:
    """Give the events of some lines."""
    reader = kind(memory or Memory(), NOW)
    return [event for line in lines for event in reader.read(line)]


def postfix(daemon: str, text: str, when: str = "Nov 25 10:00:01") -> str:
    """Give a line of Postfix."""
    return f"{when} mail postfix/{daemon}[4711]: {text}"


def arrival(queue_id: str, sender: str = "list@example.org", message_id: str = "<one@example.org>") -> list[str]:
    """Give the lines that tell of a message in Postfix's queue."""
    return [
        postfix("cleanup", f"{queue_id}: message-id={message_id}"),
        postfix("qmgr", f"{queue_id}: from=<{sender}>, size=1024, nrcpt=1 (queue active)"),
    ]


def attempt(queue_id: str, to: str, dsn: str, status: str, words: str, *, relay: str = REMOTE) -> str:
    """Give the line of one attempt of Postfix; `to` may go on with orig_to."""
    fields = f"relay={relay}, delay=0.5, delays=0.1/0.1/0.1/0.2, dsn={dsn}, status={status} ({words})"
    return postfix("smtp", f"{queue_id}: to=<{to}>, {fields}")


def exim(queue_id: str, rest: str, when: str = "2026-11-25 10:00:01") -> str:
    """Give a line of Exim's mainlog."""
    return f"{when} {queue_id} {rest}"


def sendmail(queue_id: str, rest: str, when: str = "Nov 25 10:00:01") -> str:
    """Give a line of Sendmail."""
    return f"{when} mail sendmail[4711]: {queue_id}: {rest}"


def sendmail_attempt(to: str, dsn: str, words: str, extra: str = "") -> str:
    """Give the fields of one attempt of Sendmail."""
    relay = "mailer=esmtp, pri=30098, relay=mx.example.com. [192.0.2.10]"
    return f"to={to}, {extra}delay=00:00:01, xdelay=00:00:01, {relay}, dsn={dsn}, {words}"
