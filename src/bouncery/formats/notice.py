"""Whether a message is a notification about a delivery, and of which kind: who sends it, what it says, what it returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bouncery.address import comparable, read_address
from bouncery.codes.grammar import innermost
from bouncery.formats.layouts import Layout, layout_of
from bouncery.formats.mailboxes import Mention, Plainness, mentions
from bouncery.formats.prose import book, signals
from bouncery.formats.returned import senders
from bouncery.formats.segment import Segment, own_words
from bouncery.model import Kind
from bouncery.phrases import fold

if TYPE_CHECKING:
    from bouncery.message import Message

DAEMON = re.compile(
    r"\b(?:mailer[\-_. ]?daemon|mail[\-_. ]?daemon|post[\-_. ]?master|mail delivery (?:sub)?system|mail delivery service"
    r"|delivery subsystem"
    r"|system administrator|mail\.delivery\.system|mail[\-_. ]?system|mdaemon|mta|smtp_mail_service|mail gateway)\b"
)
ANSWERED = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|fwd?|wg|tr|rv|enc|doorst|回复|答复|转发|返信|転送|рe|на)(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
BOUNCES = re.compile(
    r"(?:\b(?:owner|bounces?|errors?)[\-+=.]|[\-+.](?:bounces?|owner|admin|errors|return)(?:[\-+=][^@\s]{1,200})?@|\bbounces?@)"
)
LISTED = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
NOTICES = frozenset({Kind.FAILURE, Kind.DELAY})
TROUBLE = frozenset({"failure", "delay", "still_trying", "gave_up"})
OTHER_KINDS = frozenset({"auto_reply", "challenge", "complaint"})
NUMBERED = re.compile(r"\s*\[[^\]]{0,40}?(?:#\s?\d|\b(?:ticket|case|request|anfrage|incident)\b)[^\]]{0,40}\]", re.IGNORECASE)
"""The tag of a help desk, which answers to whatever it received under that subject."""
TAGS = re.compile(r"(?:\[[^\]]{0,60}\]\s*)*[*#!\s\"]*")


class Notice(NamedTuple):
    """A message that is a notification, its own words, who is spoken of in them, and what they signal."""

    message: Message
    segment: Segment
    kind: Kind
    mentions: list[Mention]
    own: frozenset[str]
    layout: Layout | None = None


def examine(message: Message) -> Notice | None:
    """Give the kind and own words of a notification in prose; None if the message is none."""
    subject = message.headers.decoded("subject")
    segment = own_words(message)
    own = own_addresses(message, segment)
    spoken_of = mentions(segment.text, own)
    said, titled = signals(segment.text), signals(subject)
    layout = layout_of(message, segment)
    if layout and layout.kind:
        return Notice(message, segment, layout.kind, spoken_of, own, layout) if layout.kind in NOTICES else None
    others = [mention for mention in spoken_of if comparable(mention.address) not in own]
    if not is_notification(message, segment, others, said, titled):
        return None
    return Notice(message, segment, kind_told(said | titled), spoken_of, own, layout)


def kind_told(signs: frozenset[str]) -> Kind:
    """Tell what a notification reports by what it says; success only where it says nothing else."""
    if "delivered" in signs and not TROUBLE & signs:
        return Kind.DELIVERED
    delayed = "still_trying" in signs or ("delay" in signs and "gave_up" not in signs)
    return Kind.DELAY if delayed else Kind.FAILURE


ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]{1,128}@[^\s<>,;:\"()\[\]]{1,255}")


def own_addresses(message: Message, segment: Segment) -> frozenset[str]:
    """Give the addresses of the reporter and of the sender, who both are spoken to or of without having failed."""
    headers = message.headers
    fields = [value for name in ("from", "to", "reply-to", "sender", "return-path") for value in headers.all(name)]
    named = ADDRESS.findall(" ".join((*fields, str(message.memo.get("envelope_to", ""))))[:8_000])
    return frozenset(comparable(address) for address in (*named, *senders(segment)))


def is_notification(
    message: Message, segment: Segment, others: list[Mention], said: frozenset[str], titled: frozenset[str]
) -> bool:
    """Weigh sender, subject, words and returned message; one of them alone proves nothing.

    `others` are those spoken of, without the reporter and the sender.
    """
    headers = message.headers
    tells = bool({"failure", "delay", "still_trying"} & said)
    returns = bool(segment.returned.strip()) or message.returned() is not None
    named = any(mention.plainness > Plainness.SENTENCE for mention in others)
    answers = ANSWERED.match(headers.decoded("subject")) is not None
    if "x-failed-recipients" in headers:
        return tells or "subject" in titled
    otherwise = OTHER_KINDS & (said | titled) and not (tells and (named or returns) and not OTHER_KINDS & titled)
    if otherwise or headers.get("precedence").lower() in {"auto_reply", "vacation"} or "x-autoreply" in headers:
        return False
    if is_automatic(message):
        if tells or (("subject" in titled or returns) and not answers):
            return True
        told = any(mention.plainness > Plainness.NEVER for mention in others)
        return (told and is_null_path(message) and is_daemon(message)) or innermost(segment.text) is not None
    if answers or not tells or not (returns or (named and not is_from_person(message))):
        return False
    listed = any(name in headers for name in LISTED)
    titled_so = begins_as_notice(headers.decoded("subject"), tagged=listed)
    return titled_so and (returns or is_to_bounces(message)) if listed else titled_so or (named and returns)


def is_to_bounces(message: Message) -> bool:
    """Whether a message went to the address that a list takes its bounces at, where no member writes."""
    return BOUNCES.search(message.headers.get("to").lower()) is not None


def begins_as_notice(subject: str, *, tagged: bool) -> bool:
    """Whether a subject begins with the words of a notification, where a person's would come to them later, or asks.

    `tagged` keeps the tag of a mailing list, behind which members write what they like.
    """
    if "?" in subject or NUMBERED.match(subject):
        return False
    text = fold(subject if tagged else TAGS.sub("", subject, count=1))
    return any(start == 0 and "subject" in phrase.meanings for phrase, start, _ in book().find(text))


def may_report(message: Message) -> bool:
    """Whether a message is such that report fields in its text are its own, not quoted by a person."""
    if is_automatic(message):
        return True
    subject = message.headers.decoded("subject")
    listed = any(name in message.headers for name in LISTED)
    return not ANSWERED.match(subject) and begins_as_notice(subject, tagged=listed)


def is_from_person(message: Message) -> bool:
    """Whether a person's mail program or mailbox sent the message: it takes replies, and bounces of its own."""
    if "user-agent" in message.headers:
        return True
    path, sender = read_address(message.headers.get("return-path")), read_address(message.headers.get("from"))
    return path is not None and sender is not None and comparable(path) == comparable(sender)


def is_null_path(message: Message) -> bool:
    """Whether the message came with the null reverse-path (RFC 5321, section 4.5.5)."""
    return message.headers.get("return-path").strip() == "<>"


def is_automatic(message: Message) -> bool:
    """Whether a mail system sent the message: by its name, the null reverse-path, or the type of the message."""
    if message.media_type == "multipart/report" or is_null_path(message):
        return True
    if not is_daemon(message) or "user-agent" in message.headers:
        return False
    path = message.headers.get("return-path").strip()
    return not path or ANSWERED.match(message.headers.decoded("subject")) is None


def is_daemon(message: Message) -> bool:
    """Whether the sender has the name of a mail system, which a postmaster who is a person has as well."""
    sender = message.headers.decoded("from").lower()
    return sender.rstrip().endswith("<>") or DAEMON.search(sender) is not None
