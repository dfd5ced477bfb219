"""Notifications in prose: whatever a program wrote for people, read as a person would.

Find the notification's own words, who is spoken of in them, and for each the reply or the words about it. No layout is
presupposed; layouts.toml adds what the words alone cannot tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.formats.answers import Answers
from bouncery.formats.beside import about_sender
from bouncery.formats.layouts import recipient_by
from bouncery.formats.notice import Notice, examine
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.formats.recipients import recipients
from bouncery.formats.returned import mailbox_of
from bouncery.formats.transcript import Answer, answer_in
from bouncery.model import Action, Kind, Source

if TYPE_CHECKING:
    from bouncery.formats.recipients import Failed
    from bouncery.message import Message

ACTIONS = {Kind.FAILURE: Action.FAILED, Kind.DELAY: Action.DELAYED, Kind.DELIVERED: Action.DELIVERED}
REPORTER = re.compile(
    r"(?:program at(?: host)?|system at(?: host)?|server at|server on|mta at|agent at|at host|generating server:|message from"
    r"|on the queue on|agent v[\d.]{1,9} at)"
    r"[ \t]+((?:[a-z0-9][a-z0-9_\-]{0,62}\.){1,10}[a-z]{2,24})"
)


def read(message: Message) -> Reading | None:
    """Read a failure or delay that is told in prose; None if the message is no notification."""
    notice = examine(message)
    if notice is None:
        return None
    reporter = REPORTER.search(notice.segment.text.lower())
    reporting_mta = reporter[1] if reporter else None
    chosen = recipients(notice, reporting_mta)
    claims = by_layout(notice) or claims_for(notice, chosen) or unaddressed(notice)
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


def claims_for(notice: Notice, chosen: list[Failed]) -> list[Claim]:
    """Give the claims about the recipients; all of the text is about a single one."""
    text, whole = notice.segment.text, ACTIONS[notice.kind]
    if len(chosen) == 1:
        return [claim(notice, whole, answer_in(text, 0, len(text), chosen[0].mention.address), *names(chosen[0]))]
    answers = Answers(text, [failed.mention for failed in chosen], whole)
    return [claim(notice, answers.action(index), answers.about(index), *names(failed)) for index, failed in enumerate(chosen)]


def names(failed: Failed) -> tuple[str, str | None]:
    """Give the address that the sender mailed, and the one that failed where it is another."""
    return (failed.parent, failed.mention.address) if failed.parent else (failed.mention.address, failed.target)


def claim(notice: Notice, action: Action, answer: Answer, address: str | None, final: str | None = None) -> Claim:
    """Put an answer into a claim."""
    code = answer.code if action in {Action.FAILED, Action.DELAYED} else None
    told = Claim(
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
        heard=answer.heard,
    )
    return about_sender(notice.message, told)


def unaddressed(notice: Notice) -> list[Claim]:
    """Give the recipient of a notification that names none: the only mailbox that the returned header points to."""
    text = notice.segment.text
    mailbox = mailbox_of(notice.segment, notice.own)
    if mailbox is None:
        return []
    return [claim(notice, ACTIONS[notice.kind], answer_in(text, 0, len(text)), mailbox)]
