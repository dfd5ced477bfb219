"""Who failed, of all that a notification speaks of; and whom a recipient was generated from or forwarded to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bouncery.address import addresses, comparable, read_address
from bouncery.formats.locals import local_parts
from bouncery.formats.mailboxes import LISTING, Mention, Plainness, is_enumerated
from bouncery.formats.returned import mailed_to
from bouncery.formats.transcript import session
from bouncery.model import Stage

if TYPE_CHECKING:
    from bouncery.formats.notice import Notice
    from bouncery.message import Message

ALIAS = re.compile(
    r"(?:(?:generated|expanded|forwarded|aliased|redirected)[ \t]+from:?|\boriginal (?:recipient|address)[ \t]*:)[\s<]*$",
    re.IGNORECASE,
)
COMMAND = re.compile(r"[ \t<\"'(]{0,8}(?:\||/|:include:|pipe to \|)")
FORWARD = re.compile(r"(?:forwarded|redirected|forwards|redirects|->|=>)(?:[ \t]+to)?:?[\s<]*$", re.IGNORECASE)


class Failed(NamedTuple):
    """A recipient, where it stands, and the address that it was generated from or forwarded to, where that is told."""

    mention: Mention
    parent: str | None = None
    target: str | None = None


def recipients(notice: Notice, reporting_mta: str | None) -> list[Failed]:
    """Give the failed recipients in order: those that the header names, else the most plainly spoken of."""
    text = notice.segment.text
    spoken_of = [piped(text, mention) for mention in notice.mentions]
    failed = [address for value in notice.message.headers.all("x-failed-recipients") for address in addresses(value)]
    if failed:
        listed = {comparable(address): Failed(first_mention(spoken_of, address)) for address in failed}
        return related(text, spoken_of, listed)
    plainest = max((mention.plainness for mention in spoken_of), default=Plainness.NEVER)
    chosen: dict[str, Failed] = {}
    if plainest > Plainness.NEVER:
        for mention in spoken_of:
            if mention.plainness is plainest and not FORWARD.search(lead(text, mention)):
                chosen.setdefault(comparable(mention.address), Failed(mention))
    found = without_accepted(text, related(text, spoken_of, chosen))
    if plainest is Plainness.SENTENCE:
        return enumerated(text, found)
    if plainest in {Plainness.KEYED, Plainness.NAMED}:
        return found
    return with_local_parts(notice, found, reporting_mta)


ACCEPTED = re.compile(r">?[^\n]{0,80}\n[^\n]{0,60}?(?:<<<|<--|<<|\bS:|response:|received >>>)[ \t]*25[01]\b", re.IGNORECASE)
RCPT = re.compile(r"\brcpt to:?[ \t]*<?$", re.IGNORECASE)


def without_accepted(text: str, found: list[Failed]) -> list[Failed]:
    """Leave out those whom a transcript shows taken, where it shows others refused and the message itself was not."""
    taken = [failed for failed in found if RCPT.search(lead(text, failed.mention)) and ACCEPTED.match(text, failed.mention.end)]
    if not taken or len(taken) == len(found) or any(heard[3] is Stage.DATA for heard in session(text)):
        return found
    return [failed for failed in found if failed not in taken]


def piped(text: str, mention: Mention) -> Mention:
    """Take the address that a command or file was generated from for the recipient; there is no other."""
    if mention.plainness is not Plainness.NEVER or not ALIAS.search(lead(text, mention)):
        return mention
    above = text[: text.rfind("\n", 0, mention.start) + 1].rstrip()
    target = above[above.rfind("\n") + 1 :]
    return mention._replace(plainness=Plainness.LINE) if COMMAND.match(target) else mention


def enumerated(text: str, found: list[Failed]) -> list[Failed]:
    """Give the first of those that are spoken of in a sentence, with the ones that it goes on to enumerate."""
    count = 1
    while count < len(found) and is_enumerated(text, found[count - 1].mention.end, found[count].mention.start):
        count += 1
    line = text[text.rfind("\n", 0, found[0].mention.start) + 1 : found[0].mention.start] if found else ""
    return found[: 1 if LISTING.fullmatch(line.lower()) else count]


def with_local_parts(notice: Notice, found: list[Failed], reporting_mta: str | None) -> list[Failed]:
    """Add the recipients of which a list names only the local part; they live at the reporting host."""
    domain = reporting_domain(notice.message, reporting_mta)
    rows = local_parts(notice.segment.text, [failed.mention.start for failed in found]) if domain else []
    mailed = {address.partition("@")[0].lower(): address for address in mailed_to(notice.segment)} if rows else {}
    full = [mailed.get(local.lower(), f"{local}@{domain}") for local, _, _ in rows]
    added = [Failed(Mention(address, start, end, Plainness.LINE)) for address, (_, start, end) in zip(full, rows, strict=True)]
    return sorted([*found, *added], key=lambda failed: failed.mention.start)


def reporting_domain(message: Message, reporting_mta: str | None) -> str | None:
    """Give the domain of the host that reports (RFC 3464, section 2.2.2), by the notification's own address."""
    sender = read_address(message.headers.get("from"))
    return sender.rpartition("@")[2] if sender else reporting_mta


def related(text: str, spoken_of: list[Mention], chosen: dict[str, Failed]) -> list[Failed]:
    """Note the addresses that recipients were generated from or forwarded to."""
    words = text.lower()
    if not any(
        word in words for word in ("ed from", "forward", "redirect", "->", "=>", "original recipient", "original address")
    ):
        return list(chosen.values())
    last: Mention | None = None
    for mention in spoken_of:
        before = lead(text, mention)
        if ALIAS.search(before):
            generated_from(chosen, mention, last if mention.plainness is not Plainness.LINE else None)
        elif FORWARD.search(before):
            key = comparable(last.address) if last else ""
            if key in chosen:
                chosen[key] = chosen[key]._replace(target=mention.address)
                if comparable(mention.address) != key:
                    chosen.pop(comparable(mention.address), None)
        elif mention.plainness > Plainness.NEVER:
            last = mention
    return list(chosen.values())


def generated_from(chosen: dict[str, Failed], parent: Mention, child: Mention | None) -> None:
    """Note that one recipient was generated from another; both are one, whichever of them the header named."""
    key, parent_key = comparable(child.address) if child else "", comparable(parent.address)
    if key in chosen:
        chosen[key] = chosen[key]._replace(parent=parent.address)
        if parent_key != key:
            chosen.pop(parent_key, None)
    elif parent_key in chosen and child:
        chosen[parent_key] = Failed(child, parent=parent.address)
    elif not chosen:
        chosen[parent_key] = Failed(parent)


def lead(text: str, mention: Mention) -> str:
    """Give the few characters before an address."""
    return text[max(0, mention.start - 40) : mention.start]


def first_mention(found: list[Mention], address: str) -> Mention:
    """Give where a known address stands in the text."""
    key = comparable(address)
    same = [mention for mention in found if comparable(mention.address) == key]
    return max(same, key=lambda mention: mention.plainness) if same else Mention(address, 0, 0, Plainness.LINE)
