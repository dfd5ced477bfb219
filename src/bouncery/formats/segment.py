"""The notification's own words: decoded, unquoted, and cut where the returned message begins."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from bouncery.formats.html import to_text
from bouncery.message import Headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.message import Message, Part

# Lines by which programmes announce the returned message, in the words that they share.
_RETURNED = (
    r"original[\w\- ]{0,20}(?:message|mail|e-mail|email|headers?|nachricht|details?)|(?:message|mail|nachricht)[\w\- ]{0,20}original|returned (?:message|mail)"
    r"|(?:message|mail|body) (?:text|headers?|body|content)s?\b|copy of (?:the|your|this)\b|source mail attached|undelivered message|unsent message|included is a copy|below this line"
    r"|forwarded message|your (?:original )?(?:message|mail) (?:follows|was|is|reads|begins)|headers? of the|kopie (?:der|ihrer)|copie d(?:u|e votre)|copia d(?:el|o|i)|mensaje original|mensagem original"
    r"|messaggio originale|message d'origine|oryginaln|исходно|копия|oorspronkelijk|原信|原邮件|原郵件|元のメール|元のメッセージ|원본|ursprungliga|oprindelige|opprinnelige|alkuperainen|puvodni|eredeti|orijinal|αρχικ"
)
MARKER_WORDS = (
    "original", "returned", "header", "copy", "kopi", "copi", "forwarded", "follow", "below", "your m", "unsent", "undelivered message", "attached", "oorspronkelijk", "oryginal",
    "message body", "message text", "mail text", "message content", "alkuper", "puvodni", "původní", "eredeti", "orijinal", "αρχικ", "исходн", "копи", "原信", "原邮件", "原郵件", "元の", "원본", "oprindelig", "opprinnelig",
)
MARKER = re.compile(
    rf"(?im)^[ \t>|*#]{{0,12}}(?:[\-=_*|~+]{{2,80}}[ \t<]{{0,4}}[^\n]{{0,30}}?(?:{_RETURNED})[^\n]{{0,80}}"
    r"|(?:your |the )?(?:original |returned |undelivered |unsent )?(?:message|mail|email)(?:'s)? headers?(?: follows?| are| below)?[ \t]{0,4}[:.]?"
    r"|original message (?:headers|follows)\b[^\n]{0,40}|message headers follow\b[^\n]{0,20}|(?:included|below|enclosed|attached|here|the following) (?:is|are) (?:a |the )?cop(?:y|ies)\b[^\n]{0,80}"
    r"|the first \d+ lines of your[^\n]{0,60}|(?:a )?copy of (?:the|your) (?:original )?message[^\n]{0,60}(?:follows|below|attached)[^\n]{0,20}|(?:a summary of )?the undelivered message you sent follows[^\n]{0,20}"
    r"|a summary of the undelivered[^\n]{0,60}|unsent message below[^\n]{0,20}|(?:your|the) (?:original )?message (?:reads|is (?:below|attached|included)|follows|was as follows|begins here)[^\n]{0,40}|\[?(?:message|original message) (?:removed|deleted|content removed)[^\n]{0,40}"
    r")[ \t]*$"
)
# A returned header begins with one of these; a notice has no use for them.
TECHNICAL = re.compile(
    r"(?im)^[ \t>|]{0,8}(?:received|return-path|dkim-signature|domainkey-signature|x-received|arc-seal|arc-message-signature|x-google-[\w\-]+|x-ymail-osg|authentication-results|delivered-to|x-original-to|envelope-to)[ \t]?:"
)
LOOSE = re.compile(r"(?im)^[ \t>|]{0,8}(?:message-id|mime-version|content-type|from|to|subject|date|x-mailer|reply-to|return-receipt-to|content-transfer-encoding)[ \t]?:")
MIME_VERSION = re.compile(r"(?im)^[ \t>|]{0,8}(?:mime-version|content-type|content-transfer-encoding|message-id|x-mailer|user-agent|references|in-reply-to)[ \t]?:")
RUNS = 100
"""Places where a header could begin that are looked at."""
QUOTE = re.compile(r"(?m)^[ \t]{0,4}>[ ]?")


class Segment(NamedTuple):
    """The own words of a notification, the part they stand in, and what of the returned message follows them."""

    text: str
    part: int
    returned: str
    offset: int = 0


def own_words(message: Message) -> Segment:
    """Give the notification's own words, from the first text part that has any; worked out once for each message."""
    known = message.memo.get("own_words")
    if not isinstance(known, Segment):
        known = message.memo["own_words"] = find_own_words(message)
    return known


def find_own_words(message: Message) -> Segment:
    """Look for the own words of a notification."""
    best = Segment("", 0, "")
    for part in text_parts(message):
        words = to_text(part.text) if part.media_type == "text/html" else part.text
        cut = cut_off(unquoted(words))
        text, returned = cut
        if text.strip():
            return Segment(text, part.index, returned or returned_header(message))
        best = best if best.returned else Segment("", part.index, returned)
    return Segment("", best.part, best.returned or returned_header(message))


def text_parts(message: Message) -> list[Part]:
    """Give the parts with words for people: plain text before HTML."""
    plain = [part for part in message.parts if part.media_type in {"text/plain", "text", "text/enriched", "text/x-plain"}]
    html = [part for part in message.parts if part.media_type == "text/html"]
    loose = [part for part in message.parts if part.media_type.startswith("text/") and part not in plain + html]
    unnamed = [part for part in loose if "rfc822" not in part.media_type]
    return [*plain, *html, *unnamed]


def returned_header(message: Message) -> str:
    """Give the header block of the returned message, where it is a part of its own."""
    part = message.returned()
    return part.text.lstrip("\n").partition("\n\n")[0] if part else ""


def unquoted(text: str) -> str:
    """Take off "> " where a forwarded notification is quoted as a whole."""
    lines = [line for line in text.split("\n") if line.strip()]
    quoted = sum(line.lstrip(" \t").startswith(">") for line in lines)
    return QUOTE.sub("", text) if lines and quoted > 0.8 * len(lines) else text


def cut_off(text: str) -> tuple[str, str]:
    """Cut a text where the returned message begins; gives the words before it and the header behind."""
    ends = [found.start() for found in (marker(text), TECHNICAL.search(text), header_run(text)) if found]
    if not ends:
        return text, ""
    end = min(ends)
    begin = TECHNICAL.search(text, end) or LOOSE.search(text, end)
    return text[:end], text[begin.start() :] if begin else ""


def marker(text: str) -> re.Match[str] | None:
    """Find the first line that announces the returned message; only lines with a word of such lines are looked at."""
    words = text.lower()
    if len(words) != len(text):
        words = text  # a few letters change length, and with them the place of all that follows
    starts = {text.rfind("\n", 0, at) + 1 for word in MARKER_WORDS for at in occurrences(word, words)}
    return next((found for start in sorted(starts) if (found := MARKER.match(text, start))), None)


def occurrences(word: str, text: str) -> Iterator[int]:
    """Give the places of a word, up to a bound."""
    at = text.find(word)
    for _ in range(RUNS):
        if at < 0:
            return
        yield at
        at = text.find(word, at + 1)


def header_run(text: str) -> re.Match[str] | None:
    """Find a run of header fields that only a message begins with: loose ones, one of them technical, line upon line."""
    for found in islice(LOOSE.finditer(text), RUNS):
        run = text[found.start() : found.start() + 1500].split("\n\n", 1)[0]
        fields = LOOSE.findall(run)
        if len(fields) >= 3 and MIME_VERSION.search(run):
            return found
    return None


def original_headers(segment: Segment) -> Headers:
    """Give the header of the returned message."""
    block = QUOTE.sub("", segment.returned) if segment.returned.startswith(">") else segment.returned
    return Headers(block.lstrip("\n").partition("\n\n")[0].encode("utf-8", "replace"))
