"""Postfix's log: one line for each recipient and attempt, others for the message that it belongs to.

postfix/cleanup[9]: 4ABC: message-id=<...>
postfix/qmgr[9]: 4ABC: from=<...>, size=1, nrcpt=1 (queue active)
postfix/smtp[9]: 4ABC: to=<...>, orig_to=<...>, relay=..., delay=..., delays=..., dsn=5.1.1, status=bounced (...)
postfix/bounce[9]: 4ABC: sender non-delivery notification: 4DEF
postfix/qmgr[9]: 4ABC: from=<...>, status=expired, returned to sender
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery.address import comparable
from bouncery.codes.stage import stage_of
from bouncery.model import Action
from bouncery.sources.log_event import ADDRESS, LONGEST_TEXT, LogEvent, mailbox
from bouncery.sources.log_lines import Line, moment, syslog
from bouncery.sources.log_memory import LONGEST_NAME, Memory

if TYPE_CHECKING:
    from datetime import datetime

    from bouncery.model import Stage
    from bouncery.sources.log_memory import Queued

QUEUED = re.compile(r"([0-9A-Za-z]{5,32}): ")
SENDER = re.compile(rf"from={ADDRESS}, (?:status=(?:force-)?(expired)\b)?")
DELIVERY = re.compile(
    rf"to={ADDRESS}, (?:orig_to={ADDRESS}, )?relay=(\S{{1,400}}), (?:conn_use=\d{{1,9}}, )?delay=[\d.]{{1,20}}, "
    r"(?:delays=[\d./]{1,80}, )?dsn=([245]\.\d{1,3}\.\d{1,3}), status=([A-Za-z\-]{1,20})(?: \((.*)\))?",
    re.DOTALL,
)
ACTIONS = {
    "sent": Action.DELIVERED,
    "bounced": Action.FAILED,
    "deferred": Action.DELAYED,
    "SOFTBOUNCE": Action.DELAYED,
}
"""What is neither ("deliverable", "undeliverable") was a question, no mail."""
NOTIFICATION = re.compile(r"(?:sender|postmaster) [a-z\- ]{1,40} notification: ([0-9A-Za-z]{5,32})")
AGAIN = re.compile(r"(?:queued|forwarded) as ([0-9A-Za-z]{5,32})\b")
DISCARDED = re.compile(r"2\d\d 2\.7\.\d{1,3} [^:]{0,20}discarded", re.IGNORECASE)
"""A filter's answer to a message that it throws away."""
SUSPENDED = "delivery temporarily suspended: "
SAID = re.compile(r"host (\S{1,400}) (?:said|refused to talk to me): ")
ANSWERED = " (in reply to "
HOST = re.compile(r"(?:connect to|host|with) ([\w.\-]{1,255})\[")
QMGR = frozenset({"qmgr", "nqmgr", "oqmgr"})
OTHERS = frozenset({"smtpd", "pickup", "cleanup", "postscreen", "anvil", "master", "postsuper"})


def is_own(queued: Queued, queue_id: str) -> bool:
    """Whether Postfix wrote a message itself; it is told so, or has the null sender and a Message-ID made from its queue id."""
    return queued.own or (queued.sender == "" and f"{queue_id}@" in (queued.message_id or ""))


class Said(NamedTuple):
    """The words in brackets: a reply or the server's own, who gave it and to which command."""

    text: str
    host: str | None
    stage: Stage | None


def said(words: str) -> Said:
    """Take off what Postfix writes around a reply."""
    words = words.removeprefix(SUSPENDED)
    found = SAID.match(words)
    if found is None:
        host = HOST.search(words[:LONGEST_TEXT])
        return Said(words[:LONGEST_TEXT], host[1] if host else None, stage_of(words[:LONGEST_TEXT]))
    reply, mark, command = words[found.end() :].rpartition(ANSWERED)
    if not mark or not command.endswith(" command)"):
        reply, command = words[found.end() :], ""
    return Said(reply[:LONGEST_TEXT], found[1].partition("[")[0], stage_of(f"in reply to {command}") if command else None)


class Postfix:
    """Reads a log of Postfix line by line. What it rejects in session was never in its queue and is no event."""

    mark = b": "

    def __init__(self, memory: Memory, now: datetime) -> None:
        """Begin with what is remembered; `now` tells the year and the zone of dates."""
        self.memory = memory
        self.now = now

    def read(self, line: str) -> list[LogEvent]:
        """Give the outcomes that a line tells."""
        parts = syslog(line)
        if parts is None or "/" not in parts.tag:
            return []
        found = QUEUED.match(parts.text)
        if found is None:
            return []
        daemon = parts.tag.rpartition("/")[2]
        queue_id, rest = found[1], parts.text[found.end() :]
        if daemon in QMGR:
            return self.manage(parts, queue_id, rest)
        if daemon == "cleanup":
            self.arrive(parts, queue_id, rest)
        elif daemon == "bounce":
            self.notify(parts, rest)
        elif daemon not in OTHERS and rest.startswith("to=<"):
            return self.deliver(parts, queue_id, rest)
        return []

    def arrive(self, parts: Line, queue_id: str, rest: str) -> None:
        """Take note of a new message."""
        key, sign, message_id = rest.partition("=")
        if sign and key == "message-id":
            self.memory.begin(queue_id, parts.host).message_id = message_id[:LONGEST_NAME] or None

    def notify(self, parts: Line, rest: str) -> None:
        """Take note of a message that Postfix wrote itself."""
        found = NOTIFICATION.match(rest)
        if found:
            self.memory.get(found[1], parts.host).own = True

    def manage(self, parts: Line, queue_id: str, rest: str) -> list[LogEvent]:
        """Take note of the sender, and of a message that leaves the queue."""
        if rest == "removed":
            self.memory.forget(self.memory.get(queue_id, parts.host))
            return []
        found = SENDER.match(rest)
        if found is None:
            return []
        queued = self.memory.get(queue_id, parts.host)
        queued.sender = found[1][:LONGEST_NAME]
        if not found[2]:
            return []
        at = moment(parts.when, self.now)
        expired = self.memory.expire(queued)
        if at is None or is_own(queued, queue_id):
            return []
        return [msgspec.structs.replace(event, at=at, sender=queued.sender) for event in expired]

    def deliver(self, parts: Line, queue_id: str, rest: str) -> list[LogEvent]:
        """Give the outcome of an attempt."""
        found = DELIVERY.fullmatch(rest)
        # Old versions print local parts without quotes: what looks like two recipients names nobody.
        if found is None or rest.count(">, relay=") != 1:
            return []
        action, recipient, at = ACTIONS.get(found[5]), mailbox(found[1]), moment(parts.when, self.now)
        if action is None or recipient is None or at is None:
            return []
        queued = self.memory.get(queue_id, parts.host)
        words = said(found[6] or "")
        relay = found[3].partition("[")
        event = LogEvent(
            at=at,
            program="postfix",
            recipient=recipient,
            original_recipient=mailbox(found[2] or "") or queued.origins.get(comparable(recipient)),
            sender=queued.sender,
            message_id=queued.message_id,
            queue_id=queue_id,
            text=words.text,
            status=found[4],
            action=action,
            remote_mta=relay[0] if relay[1] else words.host,
            reporting_mta=parts.host,
            stage=words.stage,
        )
        return [event] if self.counts(queued, event) else []

    def counts(self, queued: Queued, event: LogEvent) -> bool:
        """Whether an outcome is one: no hop to a filter and back, no notification, nothing said before."""
        own = is_own(queued, event.queue_id)
        if event.action is Action.DELAYED:
            return self.memory.defer(queued, event) and not own
        self.memory.settle(queued, event.recipient)
        return not own and not (event.action is Action.DELIVERED and self.goes_on(queued, event))

    def goes_on(self, queued: Queued, event: LogEvent) -> bool:
        """Whether a message taken by the next server is not at its end: it is back in a queue of this log, or thrown away."""
        if DISCARDED.match(event.text):
            return True
        ids = AGAIN.findall(event.text[-200:])
        again = self.memory.again(ids[-1], queued) if ids else None
        if again and event.original_recipient:
            self.memory.origin(again, event.recipient, event.original_recipient)
        return again is not None or event.text.startswith("forwarded as ")
