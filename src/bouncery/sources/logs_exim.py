"""Exim's mainlog (specification, chapter "Log files"): one line for each arrival and each delivery, marked by a flag.

2026-11-23 10:00:00 1xW0z9-0003oT-26 <= list@example.org H=... P=esmtp S=311 id=...
2026-11-23 10:00:00 1xW0z9-0003oT-26 ** u@example.com <alias@example.org> R=dns T=smtp H=mx.example.com [192.0.2.1]: ...
2026-11-23 10:00:00 1xW0z9-0003oT-26 == u@example.com R=dns T=smtp defer (-44) H=mx.example.com [192.0.2.1]: ...
2026-11-23 10:00:00 1xW0z9-0003oT-26 Completed
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bouncery.address import comparable
from bouncery.codes.stage import stage_of
from bouncery.model import Action
from bouncery.sources.log_event import ADDRESS, LONGEST_TEXT, LogEvent, mailbox, unescaped
from bouncery.sources.log_lines import moment, syslog
from bouncery.sources.log_memory import LONGEST_NAME, Memory

if TYPE_CHECKING:
    from datetime import datetime

    from bouncery.model import Stage
    from bouncery.sources.log_memory import Queued

ID = r"[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}"
ENTRY = re.compile(
    r"(?:(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?) )?(?:\[\d{1,10}\] )?"
    rf"(?P<id>{ID}) (?P<flag><=|=>|->|>>|\*\*|==|Completed\b) ?(?P<rest>.*)",
    re.DOTALL,
)
ACTIONS = {
    "=>": Action.DELIVERED,
    "->": Action.DELIVERED,
    ">>": Action.DELIVERED,
    "**": Action.FAILED,
    "==": Action.DELAYED,
}
ARRIVAL = re.compile(r"(\S{1,1000})")
MESSAGE_ID = re.compile(r" id\*?=(\S{1,1000})")
# What an unquoted local part may hold would read like the rest of the line.
QUOTED = re.compile(rf" {ADDRESS}(?=[ :]|$)")
FINAL = re.compile(rf"(\S+?)(?: \([^()\s]{{0,1000}}\))?(?: {ADDRESS})?(?=:? |:?$)")
GENERATED = re.compile(rf"[|/:][^<]{{0,4000}}? {ADDRESS}(?=[ :]|$)")
"""A pipe, a file or a router's own word, and the address that led there."""
FIELD = re.compile(
    r"(?::? +)(?:([A-Z][A-Z0-9]{0,4})=(\"(?:[^\"\\]|\\.)*+\"|[^\s\"]\S*?|)|\[[^\]\s]{1,60}\](?::\d{1,5})?\*?|\([^()\s]{0,255}\)"
    r"|L-?|K|routing|defer \((-?\d{1,9})\))(?=:? |:?$)"
)
# src/src/macros.h: what is at or below the base of the retry errors was no attempt.
NO_ATTEMPT = -51
TIMES = re.compile(r"(?: [QD]T=[\d.dhms]{1,30}){1,2}$")
AFTER = re.compile(
    r"(?:SMTP|LMTP) error from remote mail(?: server|er) after (?:pipelined )?(?:sending )?"
    rf"(?P<command>(?:RCPT TO|MAIL FROM):{ADDRESS}[^:]{{0,200}}|[^:<]{{1,300}}): (?:host \S{{1,300}} \[[^\]\s]{{1,60}}\]: )?"
    r"|LMTP error after (?P<lmtp>[A-Z ]{1,20}): "
)
HOST = re.compile(r"\bH=([^\s:]{1,255})")
CONTACT = re.compile(r" H=\S{1,255} \[[^\]\s]{1,60}\](?::\d{1,5})?(?: I=\S{1,80})?(?: DT=[\d.dhms]{1,30})?(?=:)")
"""The host where it stands in the middle of the words."""
GAVE_UP = "retry timeout exceeded"


class Outcome(NamedTuple):
    """A delivery line: whose it is and what it says."""

    recipient: str
    original: str | None
    fields: dict[str, str]
    words: str


class Exim:
    """Reads a mainlog line by line, its own file or as syslog wrote it. What it rejects in session is no event."""

    mark = b"-"

    def __init__(self, memory: Memory, now: datetime) -> None:
        """Begin with what is remembered; `now` tells the zone of dates."""
        self.memory = memory
        self.now = now

    def read(self, line: str) -> list[LogEvent]:
        """Give the outcomes that a line tells."""
        parts = None if line[:4].isdigit() and line[10:11] == " " else syslog(line)
        found = ENTRY.match(parts.text if parts else line)
        if found is None:
            return []
        host = parts.host if parts else ""
        queue_id, flag, rest = found.group("id", "flag", "rest")
        if flag == "<=":
            self.arrive(queue_id, host, rest)
        elif flag == "Completed":
            self.memory.forget(self.memory.get(queue_id, host))
        else:
            at = moment(found["when"] or (parts.when if parts else ""), self.now)
            event = self.outcome(queue_id, host, flag, rest, at) if at else None
            return [event] if event else []
        return []

    def arrive(self, queue_id: str, host: str, rest: str) -> None:
        """Take note of a new message; of one that Exim wrote itself it tells which message caused it."""
        sender = ARRIVAL.match(rest)
        if sender is None:
            return
        queued = self.memory.begin(queue_id, host)
        queued.sender = "" if sender[1] == "<>" else sender[1]
        message_id = MESSAGE_ID.search(rest)
        queued.message_id = f"<{message_id[1]}>" if message_id else None
        queued.own = queued.sender == "" and re.search(rf" R={ID} ", rest) is not None

    def outcome(self, queue_id: str, host: str, flag: str, rest: str, at: datetime) -> LogEvent | None:
        """Give what a delivery line tells."""
        told = outcome_of(rest)
        if told is None or int(told.fields.get("defer", 0)) <= NO_ATTEMPT:
            return None
        queued = self.memory.get(queue_id, host)
        action = ACTIONS[flag]
        text, stage = reply_of(told, action)
        sender = told.fields.get("F", told.fields.get("P"))
        return self.settled(
            queued,
            LogEvent(
                at=at,
                program="exim",
                recipient=told.recipient,
                original_recipient=told.original or queued.origins.get(comparable(told.recipient)),
                sender=queued.sender if sender is None else sender.strip("<>")[:LONGEST_NAME],
                message_id=queued.message_id,
                queue_id=queue_id,
                text=text,
                action=action,
                remote_mta=told.fields.get("H") or host_in(told.words),
                reporting_mta=host or None,
                stage=stage,
            ),
        )

    def settled(self, queued: Queued, event: LogEvent) -> LogEvent | None:
        """Give an event if it is one: no notification, no hop to a filter and back, nothing said before."""
        if event.action is Action.DELAYED:
            return event if self.memory.defer(queued, event) and not queued.own else None
        waited = self.memory.settle(queued, event.recipient)
        if queued.own or (event.action is Action.DELIVERED and self.goes_on(queued, event)):
            return None
        if waited and event.text == GAVE_UP:
            words = {"text": waited.text, "remote_mta": waited.remote_mta, "stage": waited.stage}
            return msgspec.structs.replace(event, **words)
        return event

    def goes_on(self, queued: Queued, event: LogEvent) -> bool:
        """Whether the next server has the message in a queue that this log is of as well."""
        ids = re.findall(rf"\b{ID}\b", event.text[-200:])
        again = self.memory.again(ids[-1], queued) if ids else None
        if again and event.original_recipient:
            self.memory.origin(again, event.recipient, event.original_recipient)
        return again is not None


def outcome_of(rest: str) -> Outcome | None:
    """Read a delivery line behind its flag; None for one that names no recipient."""
    whose = recipients(rest)
    if whose is None:
        return None
    recipient, original, at = whose
    fields: dict[str, str] = {}
    while found := FIELD.match(rest, at):
        at = found.end()
        if found[1]:
            fields.setdefault(found[1], found[2])
        elif found[3]:
            fields["defer"] = found[3]
    return Outcome(recipient, original, fields, rest[at:].removeprefix(":").strip())


def recipients(rest: str) -> tuple[str, str | None, int] | None:
    """Give the address tried, the one mailed where it differs, and where they end."""
    quoted = QUOTED.search(rest) if ' <"' in rest else None
    if quoted and quoted[1].startswith('"') and is_unquoted(rest[: quoted.start()], quoted[1]):
        address = mailbox(quoted[1])
        return (address, None, quoted.end()) if address else None
    found = GENERATED.match(rest)
    if found:
        address = mailbox(found[1])
        return (address, None, found.end()) if address else None
    found = FINAL.match(rest)
    if found is None:
        return None
    final, original = mailbox(found[1]), mailbox(found[2] or "")
    recipient = final or (original if "@" not in found[1] and found[1] != "discarded" else None)
    if recipient is None:
        return None
    differs = original is not None and comparable(original) != comparable(recipient)
    return recipient, original if differs else None, found.end()


def is_unquoted(plain: str, quoted: str) -> bool:
    """Whether a text is a quoted address without its quotes, as Exim prints the address it tried."""
    local, at, domain = quoted.rpartition("@")
    return plain == re.sub(r"\\(.)", r"\1", local[1:-1]) + at + domain


def reply_of(told: Outcome, action: Action) -> tuple[str, Stage | None]:
    """Give the reply without the words around it, and the command that it answered."""
    if action is Action.DELIVERED:
        confirmed = told.fields.get("C", "")
        return unescaped(confirmed.removeprefix('"').removesuffix('"'))[:LONGEST_TEXT], None
    words = TIMES.sub("", told.words)
    found = AFTER.search(words)
    if found is None:
        words = CONTACT.sub("", words, count=1)
        return unescaped(words)[:LONGEST_TEXT], stage_of(words[:LONGEST_TEXT])
    command = (found["command"] or found["lmtp"]).partition("<")[0]
    return unescaped(words[found.end() :])[:LONGEST_TEXT], stage_of(f"after {command}")


def host_in(words: str) -> str | None:
    """Give the host that a text names behind the reason of a failed connection."""
    found = HOST.search(words[:LONGEST_TEXT])
    return found[1] if found else None
