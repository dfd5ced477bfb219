"""Whether a message is a notification about a delivery, and of which kind: who sends it, what it says, what it returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bouncery.formats.prose import signals
from bouncery.formats.segment import Segment, own_words
from bouncery.model import Kind

if TYPE_CHECKING:
    from bouncery.message import Message

DAEMON = re.compile(
    r"(?i)\b(?:mailer[\-_. ]?daemon|mail[\-_. ]?daemon|postmaster|post ?master|mail delivery (?:sub)?system|mail delivery service|delivery subsystem|system administrator|mail administrator"
    r"|mail\.delivery\.system|mail[\-_. ]?system|mailerdaemon|mdaemon|mta|bounces?[@+\-]|smtp_mail_service|mailsystem|mail gateway)\b"
)
ANSWERED = re.compile(r"(?i)\s*(?:re|aw|sv|vs|antw|odp|fwd?|wg|tr|rv|enc|doorst|回复|答复|转发|返信|転送|рe|на)(?:\[\d+\])?\s*[:：]")
LISTED = ("list-id", "list-post", "list-unsubscribe", "mailing-list")


class Notice(NamedTuple):
    """A message that is a notification."""

    message: Message
    segment: Segment
    kind: Kind


def examine(message: Message) -> Notice | None:
    """Give the kind and own words of a notification in prose; None if the message is none."""
    headers = message.headers
    subject = headers.decoded("subject")
    segment = own_words(message)
    said = signals(segment.text)
    titled = signals(subject)
    if not is_notification(message, subject, segment, said, titled):
        return None
    delayed = "delay" in said | titled and "gave_up" not in said | titled
    return Notice(message, segment, Kind.DELAY if delayed else Kind.FAILURE)


def is_notification(message: Message, subject: str, segment: Segment, said: frozenset[str], titled: frozenset[str]) -> bool:
    """Weigh sender, subject, words and returned message; one of them alone proves nothing."""
    tells = bool({"failure", "delay"} & said)
    names = "subject" in titled
    if "x-failed-recipients" in message.headers:
        return tells or names
    answers = ANSWERED.match(subject) is not None
    if is_automatic(message):
        return tells or (names and not answers)
    if answers or ({"auto_reply", "challenge"} & titled):
        return False
    returns = bool(segment.returned.strip()) or message.returned() is not None
    return tells and (names or returns)


def is_automatic(message: Message) -> bool:
    """Whether a mail system sent the message: by its name, the null reverse-path, or the type of the message."""
    headers = message.headers
    if DAEMON.search(headers.decoded("from")):
        return True
    if headers.get("return-path").strip() == "<>" and "auto-replied" not in headers.get("auto-submitted").lower():
        return True
    return message.media_type == "multipart/report"
