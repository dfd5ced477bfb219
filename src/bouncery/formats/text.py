"""Notifications in prose: whatever a program wrote for people, read as a person would.

Find the notification's own words, who is spoken of in them, and for each the reply or the words about it. No layout is
presupposed; layouts.toml adds what the words alone cannot tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.formats.layouts import recipient_by
from bouncery.formats.mailboxes import REPLY_BEFORE
from bouncery.formats.notice import Notice, examine
from bouncery.formats.prose import signals
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.formats.recipients import Failed, recipients
from bouncery.formats.returned import mailbox_of
from bouncery.formats.transcript import Answer, answer_in
from bouncery.model import Action, Kind, Source

if TYPE_CHECKING:
    from bouncery.formats.mailboxes import Mention
    from bouncery.message import Message

ACTIONS = {Kind.FAILURE: Action.FAILED, Kind.DELAY: Action.DELAYED, Kind.DELIVERED: Action.DELIVERED}
REMARK = re.compile(r"^[>\s]{0,20}\((?:ultimately )?(?:generated|expanded) from:?[^()\n]{0,400}\)")
REPORTER = re.compile(
    r"(?:program at(?: host)?|system at(?: host)?|server at|server on|mta at|agent at|at host|generating server:|message from"
    r"|on the queue on|agent v[\d.]{1,9} at)"
    r"[ \t]+((?:[a-z0-9][a-z0-9_\-]{0,62}\.){1,10}[a-z]{2,24})"
)


# What Sendmail notes below a recipient of its own, before the transcript that is about them all.
REASON = re.compile(r"[>\s]{0,8}\((?:reason|expanded from): [^\n]{0,400}\b[45]\d\d\b")


def read(message: Message) -> Reading | None:
    """Read a failure or delay that is told in prose; None if the message is no notification."""
    notice = examine(message)
    if notice is None:
        return None
    reporter = REPORTER.search(notice.segment.text.lower())
    reporting_mta = reporter[1] if reporter else None
    chosen = recipients(notice, reporting_mta)
    claims = by_layout(notice) or [claim_for(notice, chosen, index) for index in range(len(chosen))] or unaddressed(notice)
    kind = notice.kind if len(claims) < 2 else None
    program = notice.layout.name if notice.layout else None
    return Reading(format="text", kind=kind, claims=tuple(claims), reporting_mta=reporting_mta, program=program)


def by_layout(notice: Notice) -> list[Claim]:
    """Give the recipient that a known layout points to."""
    address = recipient_by(notice.layout, notice.message, notice.segment) if notice.layout else None
    if address is None:
        return []
    text = notice.segment.text
    return [claim(notice, ACTIONS[notice.kind], answer_in(text, 0, len(text), address), address)]


def claim_for(notice: Notice, chosen: list[Failed], index: int) -> Claim:
    """Give the claim about one of the recipients."""
    failed = chosen[index]
    spots = [other.mention for other in chosen]
    answer = answer_for(notice, spots, index)
    action = action_for(notice, spots, index)
    if failed.parent:
        return claim(notice, action, answer, failed.parent, failed.mention.address)
    return claim(notice, action, answer, failed.mention.address, failed.target)


def claim(notice: Notice, action: Action, answer: Answer, address: str | None, final: str | None = None) -> Claim:
    """Put an answer into a claim."""
    code = answer.code if action in {Action.FAILED, Action.DELAYED} else None
    return Claim(
        address=address,
        final_address=final,
        action=action,
        status=code.status if code else None,
        reply=code.reply if code else None,
        diagnostic=answer.words or None,
        source=Source.TEXT,
        spot=Spot(notice.segment.part, answer.start, answer.end),
        remote_mta=answer.remote,
        stage=answer.stage,
    )


def action_for(notice: Notice, chosen: list[Mention], index: int) -> Action:
    """Tell what happened to one of several recipients: by the heading above it, else by its own lines."""
    whole = ACTIONS[notice.kind]
    if len(chosen) < 2:
        return whole
    text = notice.segment.text
    start, end = block(text, chosen, index)
    told = signals(text[start:end]) or heading_signals(text, chosen, index)
    if {"failure", "gave_up"} & told:
        return Action.FAILED if "still_trying" not in told else Action.DELAYED
    if {"delay", "still_trying"} & told:
        return Action.DELAYED
    return Action.DELIVERED if "delivered" in told else whole


def heading_signals(text: str, chosen: list[Mention], index: int) -> frozenset[str]:
    """Give what the nearest heading above a recipient signals."""
    for place in range(index, -1, -1):
        start = block(text, chosen, place)[0]
        above = text[:start].rstrip()
        heading = above[above.rfind("\n\n") + 1 :] if place == 0 or above.endswith(":") else ""
        told = signals(heading[-400:]) if heading else frozenset()
        if told:
            return told
    return frozenset()


def block(text: str, chosen: list[Mention], index: int) -> tuple[int, int]:
    """Give the stretch of text about a recipient: from its line to the line of the next."""
    start = text.rfind("\n", 0, chosen[index].start) + 1
    later = [mention.start for mention in chosen if mention.start > chosen[index].start]
    end = text.rfind("\n", 0, min(later)) + 1 if later else len(text)
    return start, max(end, chosen[index].end)


def answer_for(notice: Notice, chosen: list[Mention], index: int) -> Answer:
    """Give the answer in the block of a recipient; all of the text is about a single one."""
    text = notice.segment.text
    mention = chosen[index]
    if len(chosen) == 1:
        return answer_in(text, 0, len(text), mention.address)
    heading = heading_above(text, chosen, index)
    if heading:
        return answer_in(text, *heading, mention.address)
    start, end = block(text, chosen, index)
    stop = paragraph_end(text, mention.end, end)
    if REASON.match(text, mention.end, end) and mention.address.lower() not in text[stop:end].lower():
        return answer_in(text, start, stop, mention.address)
    if REPLY_BEFORE.search(text[start : mention.start]):
        stop = text.find("\n", mention.end)
        return answer_in(text, start, stop if stop >= 0 else len(text), mention.address)
    if has_words(text, mention.end, end) or has_words(text, start, mention.start):
        answer = answer_in(text, start, end, mention.address)
        if has_label_of_its_own(text, chosen, mention):
            return answer
        others = any(has_words(text, other.end, block(text, chosen, place)[1]) for place, other in enumerate(chosen[:index]))
        last = all(other.start <= mention.start for other in chosen)
        if answer.code or not last or index == 0 or others:
            return answer
    bottom = max(chosen, key=lambda other: other.start)
    if introduces(text, bottom) and not introduces(text, mention):
        return answer_in(text, start, end, mention.address)
    behind = answer_in(text, bottom.start, len(text), mention.address)
    return behind if behind.code else answer_in(text, 0, len(text), mention.address)


def has_label_of_its_own(text: str, chosen: list[Mention], mention: Mention) -> bool:
    """Whether the words before an address say something that those before the others do not ("Unknown user:")."""
    labels = [text[text.rfind("\n", 0, other.start) + 1 : other.start].strip() for other in (mention, *chosen)]
    return has_words(labels[0], 0, len(labels[0])) and any(label != labels[0] for label in labels)


def introduces(text: str, mention: Mention) -> bool:
    """Whether an address is followed by a colon, so that the words behind are about it alone."""
    return text[mention.end : mention.end + 4].lstrip("> \"'").startswith(":")


def paragraph_end(text: str, start: int, end: int) -> int:
    """Give where the paragraph ends that holds a position."""
    found = text.find("\n\n", start, end)
    return found if found >= 0 else end


def has_words(text: str, start: int, end: int) -> bool:
    """Whether a stretch of text holds a letter, besides the remark that an address was generated from another."""
    words = text[start:end]
    if " from" in words[:40]:
        words = REMARK.sub("", words, count=1)
    return any(map(str.isalpha, words))


def heading_above(text: str, chosen: list[Mention], index: int) -> tuple[int, int] | None:
    """Give the line above a group of recipients that says what is wrong with them all, where none has words of its own."""
    bottom = max(chosen, key=lambda mention: mention.start)
    if has_words(text, bottom.end, len(text)):
        return None
    found: tuple[int, int] | None = None
    at = text.rfind("\n", 0, chosen[0].start) + 1
    above = text[:at].rstrip()
    at = above.rfind("\n") + 1
    for line in text[at:].split("\n"):
        stop = at + len(line)
        inside = [mention for mention in chosen if at <= mention.start < stop]
        if any(has_words(text, at, mention.start) or has_words(text, mention.end, stop) for mention in inside):
            return None
        if inside and chosen[index] in inside:
            return found
        if not inside and line.strip():
            key, colon, words = line.partition(":")
            if not colon or not words.strip() or len(key) > 30:
                return None
            found = (at, stop)
        at = stop + 1
    return None


def unaddressed(notice: Notice) -> list[Claim]:
    """Give the recipient of a notification that names none: the only mailbox that the returned header points to."""
    text = notice.segment.text
    mailbox = mailbox_of(notice.segment, notice.own)
    if mailbox is None:
        return []
    return [claim(notice, ACTIONS[notice.kind], answer_in(text, 0, len(text)), mailbox)]
