"""Sendmail's log (Installation and Operation Guide, section "System log"): the sender's line, then one for each attempt.

sendmail[9]: 6AP0e0Cx016333: from=<...>, size=98, class=0, nrcpts=1, msgid=<...>, proto=ESMTP, relay=...
sendmail[9]: 6AP0e0Cx016333: to=<...>,<...>, delay=..., mailer=esmtp, relay=mx. [...], dsn=5.1.1, reply=550 ..., stat=...
sendmail[9]: 6AP0e0Cx016333: 6AP0e0Cx016335: sender notify: Cannot send message for 5 days
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bouncery.address import comparable
from bouncery.model import Action
from bouncery.sources.log_event import ADDRESS, LONGEST_TEXT, LogEvent, mailbox, unescaped
from bouncery.sources.log_lines import Line, moment, syslog
from bouncery.sources.log_memory import LONGEST_NAME, Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bouncery.sources.log_memory import Queued

ID = r"[0-9A-Za-z]{8,24}"
QUEUED = re.compile(rf"({ID}): ")
SENDER = re.compile(rf"from=(?:{ADDRESS}|([^,]*)),")
MESSAGE_ID = re.compile(r", msgid=(<[^>]{0,1000}>|[^,]{1,1000})")
CLONE = re.compile(rf"({ID}): (?:DSN|(?:sender|postmaster|return|owner)[a-z ]{{0,20}}): (Cannot send message)?")
ONE = rf'(?:{ADDRESS}|"(?:[^"\\]|\\.)*+"[^\s,]*|[^\s,"<>=]+)'
RECIPIENTS = re.compile(rf"to=({ONE}(?:,{ONE})*+), (?=ctladdr=|delay=)")
RECIPIENT = re.compile(ONE)
CONTROL = re.compile(rf"ctladdr=(?:{ADDRESS}|([^\s,]+))(?: \(\d+/\d+\))?, ")
FIELD = re.compile(r"([a-z_]{1,20})=([^,]*), ?")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
ACTIONS = {"4": Action.DELAYED, "5": Action.FAILED}
TAKEN = re.compile(rf"({ID}) Message accepted")


class Sendmail:
    """Reads a log of Sendmail line by line. What it rejects in session was never in its queue and is no event."""

    mark = b": "

    def __init__(self, memory: Memory, now: datetime) -> None:
        """Begin with what is remembered; `now` tells the year and the zone of dates."""
        self.memory = memory
        self.now = now

    def read(self, line: str) -> list[LogEvent]:
        """Give the outcomes that a line tells."""
        parts = syslog(line)
        found = QUEUED.match(parts.text) if parts else None
        if parts is None or found is None:
            return []
        queue_id, rest = found[1], parts.text[found.end() :]
        if rest.startswith("from="):
            self.arrive(parts, queue_id, rest)
        elif rest.startswith("to="):
            return list(self.deliver(parts, queue_id, rest))
        elif clone := CLONE.match(rest):
            return self.notify(parts, queue_id, clone)
        return []

    def arrive(self, parts: Line, queue_id: str, rest: str) -> None:
        """Take note of a new message."""
        found = SENDER.match(rest)
        if found is None:
            return
        own = self.memory.get(queue_id, parts.host).own
        queued = self.memory.begin(queue_id, parts.host)
        queued.own = own
        queued.sender = (found[1] if found[1] is not None else found[2])[:LONGEST_NAME]
        message_id = MESSAGE_ID.search(rest, found.end() - 1)
        queued.message_id = message_id[1] if message_id else None

    def notify(self, parts: Line, queue_id: str, clone: re.Match[str]) -> list[LogEvent]:
        """Take note of a message that Sendmail wrote itself; one of them says that it gave up."""
        self.memory.get(clone[1], parts.host).own = True
        queued = self.memory.get(queue_id, parts.host)
        at = moment(parts.when, self.now)
        if not clone[2] or at is None:
            return []
        expired = self.memory.expire(queued)
        return [] if queued.own else [msgspec.structs.replace(event, at=at) for event in expired]

    def deliver(self, parts: Line, queue_id: str, rest: str) -> Iterator[LogEvent]:
        """Give the outcome of an attempt, for each of its recipients."""
        named, at = RECIPIENTS.match(rest), moment(parts.when, self.now)
        if named is None or at is None:
            return
        fields, words = fields_of(rest, named.end())
        status = fields.get("dsn", "")
        action = action_of(status, words)
        if action is None:
            return
        queued = self.memory.get(queue_id, parts.host)
        many = named[1].count("@") > 1
        for recipient in recipients(named[1], fields):
            event = LogEvent(
                at=at,
                program="sendmail",
                recipient=recipient,
                original_recipient=queued.origins.get(comparable(recipient)),
                sender=queued.sender,
                message_id=queued.message_id,
                queue_id=queue_id,
                text=text_of(fields.get("reply"), words),
                status=status if STATUS.fullmatch(status) else None,
                action=action,
                remote_mta=host_of(fields.get("relay", "")),
                reporting_mta=parts.host,
                identity=f"/{comparable(recipient)}" if many else "",
            )
            if self.counts(queued, event, words):
                yield event

    def counts(self, queued: Queued, event: LogEvent, words: str) -> bool:
        """Whether an outcome is one: no hop within this host, no notification, nothing said before."""
        if event.action is Action.DELAYED:
            return self.memory.defer(queued, event) and not queued.own
        self.memory.settle(queued, event.recipient)
        taken = TAKEN.search(words) if event.action is Action.DELIVERED else None
        return not queued.own and not (taken and self.memory.again(taken[1], queued))


def fields_of(rest: str, at: int) -> tuple[dict[str, str], str]:
    """Give the fields behind the recipients, and what `stat` says, which is the last one."""
    fields: dict[str, str] = {}
    control = CONTROL.match(rest, at)
    if control:
        fields["ctladdr"] = control[1] or control[2] or ""
        at = control.end()
    while not rest.startswith("stat=", at):
        if rest.startswith("reply=", at):
            reply, _, words = rest[at + 6 :].partition(", stat=")
            fields["reply"] = reply
            return fields, words
        found = FIELD.match(rest, at)
        if found is None:
            return fields, ""
        fields.setdefault(found[1], found[2])
        at = found.end()
    return fields, rest[at + 5 :]


def action_of(status: str, words: str) -> Action | None:
    """Tell the action by the class of `dsn`; None for what only waits its turn."""
    if words.startswith("Sent") and status[:1] in {"2", ""}:
        return Action.DELIVERED
    if not status and words.startswith("Deferred"):
        return Action.DELAYED
    return ACTIONS.get(status[:1])


def recipients(listed: str, fields: dict[str, str]) -> Iterator[str]:
    """Give the addresses of a list; for a program or a file the one that led there."""
    for found in RECIPIENT.finditer(listed):
        raw = found[1] if found[1] is not None else found[0]
        generated = raw.lstrip('"')[:1] in {"|", "/", ":"}
        address = mailbox(fields.get("ctladdr", "") if generated else raw)
        if address:
            yield address


def text_of(reply: str | None, words: str) -> str:
    """Give the remote server's reply, else Sendmail's own words."""
    if reply is None:
        reply = words.removeprefix("Deferred").removeprefix(": ")
        if words.startswith("Sent"):
            reply = words[4:].strip(" ()")
    return unescaped(reply)[:LONGEST_TEXT]


def host_of(relay: str) -> str | None:
    """Give the host that was talked to: one without an address was only looked up."""
    name, sign, _ = relay.partition(" [")
    if sign:
        return name.strip().rstrip(".").strip("[]") or None
    return None
