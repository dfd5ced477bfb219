"""Notifications in prose: whatever a program wrote for people, read as a person would.

Find the notification's own words, who is spoken of in them, and for each the reply or the words about it. No layout is
presupposed; layouts.toml adds what the words alone cannot tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import comparable, read_address
from bouncery.formats.mailboxes import Mention, Plainness, mentions
from bouncery.formats.notice import Notice, examine
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.formats.returned import mailbox_of, senders
from bouncery.formats.transcript import Answer, answer_in
from bouncery.model import Action, Kind, Source

if TYPE_CHECKING:
    from bouncery.message import Message

ALIAS = re.compile(r"(?:generated|expanded|forwarded|aliased|redirected)[ \t]+from:?[\s<]*$", re.IGNORECASE)
# A line with a local part alone, below an announcement of recipients.
ANNOUNCED = re.compile(
    r"(?:recipients?|addresse?s?|users?|to)\b[^\n]{0,120}[:.]?[ \t]*\n(?:[ \t]*\n)?[ \t]{0,12}[<\"'*\-]{0,3}[ \t]?([A-Za-z0-9][A-Za-z0-9_.+\-]{0,63})[>\"']{0,2}[ \t]*(?=$|\n|:)"
)
NAMED_LOCAL = re.compile(
    r"(?:[Uu]nknown (?:local )?user(?:id)?|[Nn]o such user|[Uu]nknown local-?part|[Ii]nvalid (?:final delivery )?userid|[Mm]ailbox|[Uu]ser|[Aa]ccount)[:=\s]{1,3}[<\"']([A-Za-z0-9][A-Za-z0-9_.+\-]{0,63})[>\"']"
)
REPORTER = re.compile(
    r"(?:program at(?: host)?|system at(?: host)?|server at|mta at|agent at|at host|generating server:|message from|on the queue on|agent v[\d.]{1,9} at)[ \t]+((?:[a-z0-9][a-z0-9_\-]{0,62}\.){1,10}[a-z]{2,24})"
)


def read(message: Message) -> Reading | None:
    """Read a failure or delay that is told in prose; None if the message is no notification."""
    notice = examine(message)
    if notice is None:
        return None
    action = Action.DELAYED if notice.kind is Kind.DELAY else Action.FAILED
    reporter = REPORTER.search(notice.segment.text.lower())
    reporting_mta = reporter[1] if reporter else None
    chosen = recipients(notice)
    claims = [claim_for(notice, action, chosen, index) for index in range(len(chosen))]
    if not claims:
        claims = unaddressed(notice, action, reporting_mta)
    return Reading(format="text", kind=notice.kind, claims=tuple(claims), reporting_mta=reporting_mta)


def recipients(notice: Notice) -> list[tuple[Mention, str | None]]:
    """Give the failed recipients in order, each with the address it was generated from, where that is told."""
    text = notice.segment.text
    never = own_addresses(notice)
    found = mentions(text, never)
    failed = [address for value in notice.message.headers.all("x-failed-recipients") for address in split(value)]
    if failed:
        return [(first_mention(found, address), None) for address in failed]
    plainest = max((mention.plainness for mention in found), default=Plainness.NEVER)
    chosen: dict[str, tuple[Mention, str | None]] = {}
    for mention in found:
        if ALIAS.search(text[max(0, mention.start - 40) : mention.start]):
            adopt(chosen, mention)
        elif mention.plainness is plainest and plainest > Plainness.NEVER:
            chosen.setdefault(comparable(mention.address), (mention, None))
    picked = list(chosen.values())
    return picked if plainest > Plainness.SENTENCE else picked[:1]


def adopt(chosen: dict[str, tuple[Mention, str | None]], parent: Mention) -> None:
    """Note the address that the recipient before was generated from."""
    if chosen:
        key, (mention, _) = list(chosen.items())[-1]
        chosen[key] = (mention, parent.address)
    else:
        chosen[comparable(parent.address)] = (parent, None)


def first_mention(found: list[Mention], address: str) -> Mention:
    """Give where a known address stands in the text."""
    key = comparable(address)
    same = [mention for mention in found if comparable(mention.address) == key]
    return max(same, key=lambda mention: mention.plainness) if same else Mention(address, 0, 0, Plainness.LINE)


def split(value: str) -> list[str]:
    """Give the addresses of a comma-separated field."""
    return [address for piece in value.split(",") if (address := read_address(piece))]


def own_addresses(notice: Notice) -> frozenset[str]:
    """Give the addresses of the reporter and of the sender, who both are spoken to or of without having failed."""
    headers = notice.message.headers
    fields = [value for name in ("from", "to", "reply-to", "sender", "return-path") for value in headers.all(name)]
    named = [address for value in fields for piece in value.split(",") if (address := read_address(piece))]
    return frozenset(comparable(address) for address in (*named, *senders(notice.segment)))


def claim_for(notice: Notice, action: Action, chosen: list[tuple[Mention, str | None]], index: int) -> Claim:
    """Give the claim about one of the recipients."""
    mention, parent = chosen[index]
    answer = answer_for(notice, [mention for mention, _ in chosen], index)
    address, final = (parent, mention.address) if parent else (mention.address, None)
    return claim(notice, action, answer, address, final)


def claim(notice: Notice, action: Action, answer: Answer, address: str | None, final: str | None = None) -> Claim:
    """Put an answer into a claim."""
    code = answer.code
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


def answer_for(notice: Notice, chosen: list[Mention], index: int) -> Answer:
    """Give the answer in the block of a recipient: from its line to the line of the next; all of it for a single one."""
    text = notice.segment.text
    if len(chosen) == 1:
        return answer_in(text, 0, len(text), chosen[0].address)
    order = sorted({mention.start for mention in chosen})
    place = order.index(chosen[index].start)
    start = text.rfind("\n", 0, chosen[index].start) + 1
    end = text.rfind("\n", 0, order[place + 1]) + 1 if place + 1 < len(order) else len(text)
    end = max(end, chosen[index].end)
    rest = text[chosen[index].end : end]
    if any(map(str.isalpha, rest)) or any(map(str.isalpha, text[start : chosen[index].start])):
        answer = answer_in(text, start, end, chosen[index].address)
        if answer.code or place + 1 < len(order):
            return answer
    return shared(text, order, place, chosen[index].address)


def shared(text: str, order: list[int], place: int, address: str) -> Answer:
    """Give the answer that stands once for several recipients: behind the next one that has words, else before the first."""
    last = text.rfind("\n", 0, order[-1]) + 1
    behind = answer_in(text, last, len(text), address)
    return behind if behind.code or place else answer_in(text, 0, len(text), address)


def unaddressed(notice: Notice, action: Action, reporting_mta: str | None) -> list[Claim]:
    """Give the recipient of a notification that names no full address: a local part, or the returned message's only one."""
    text = notice.segment.text
    answer = answer_in(text, 0, len(text))
    mailbox = mailbox_of(notice.segment, own_addresses(notice))
    local = ANNOUNCED.search(text) or NAMED_LOCAL.search(text)
    if local and not mailbox:
        host = reporting_mta if reporting_mta and "@" not in local[1] else None
        sender = read_address(notice.message.headers.get("from"))
        domain = sender.rpartition("@")[2] if sender else host
        if domain:
            mailbox = f"{local[1]}@{domain}"
    return [claim(notice, action, answer, mailbox)] if mailbox else []
