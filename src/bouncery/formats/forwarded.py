"""A notification that somebody passed on whole: attached, or pasted below a forwarding line, with hardly a word of their own.

A person who adds words writes about a bounce; a message with nothing else in it is one (RFC 6522, section 3).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bouncery.address import read_address
from bouncery.formats.segment import text_parts

if TYPE_CHECKING:
    from bouncery.message import Message

FIRST = re.compile(
    r"(?:^|\n)[ \t>]{0,8}(?:From|Return-Path|Received|Delivered-To|Date|Subject|To|Von|De|Da|Betreff|Datum|Gesendet|An|Objet"
    r"|Asunto|Oggetto|Assunto|Onderwerp|Van)[ \t]?:"
)
HEADER = re.compile(r"(?:^|\n)[ \t>]{0,8}(?:From|Return-Path|Von|De|Da|Van)[ \t]?:[^\n]{0,200}(?:@|daemon|DAEMON)")
ANOTHER = re.compile(r"\n[ \t>]{0,8}(?:Subject|Date|To|Betreff|Datum|An|Objet|Asunto|Oggetto|Assunto|Onderwerp)[ \t]?:")
FORWARDING = re.compile(
    r"(?i)forward|original[ \-]?(?:message|nachricht|mail)|message d.origine|mensa[jg](?:e|em) original|messaggio originale"
    r"|oorspronkelijk bericht|weitergeleit|transf[ée]r|reenviad|encaminhad|inoltrat"
    r"|doorgestuurd|przekaz|пересл|転送|转发|轉寄|전달"
)
FIELDS = {
    **dict.fromkeys(("von", "de", "da", "van"), "From"),
    **dict.fromkeys(("betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp"), "Subject"),
    **dict.fromkeys(("an", "à", "para", "a", "aan"), "To"),
    **dict.fromkeys(("datum", "gesendet", "envoyé", "enviado", "inviato", "verzonden", "fecha", "data"), "Date"),
}
LOCAL_FIELD = re.compile(rf"(?im)^({'|'.join(FIELDS)})[ \t]?:")
INDENT = re.compile(r"^(?:[ \t]{1,8}|> ?)", re.MULTILINE)
LIST_PASSES_ON = "was received as a bounce"
"""What Mailman writes above a bounce that it could not read, for the list's owner to look at."""
FEW_LETTERS = 40
"""Letters that are no comment of a person's own, unless they ask: "for the bounce box"."""

LONGEST = 20_000
"""Characters of a forwarded notification that are searched for whom it is about."""


def inner(message: Message) -> bytes | None:
    """Give the notification that another message forwards without a comment; None if it is about whoever forwards it."""
    forwarded = without_comment(message)
    if forwarded is None:
        return None
    person = read_address(message.headers.get("from"))
    return None if person and is_about(forwarded, person) else forwarded.encode("utf-8", "replace")


def is_about(forwarded: str, person: str) -> bool:
    """Whether a notification says that the mailbox of this person failed, from which it has just been forwarded."""
    field = r"[ \t>]{0,8}(?:final|original)-recipient:[^\n;]{0,20};[ \t]*<?"
    about = rf"(?im)^(?:[ \t>*<\"'\-]{{0,8}}|{field}){re.escape(person)}(?![\w.\-])"
    return re.search(about, forwarded[:LONGEST]) is not None


def without_comment(message: Message) -> str | None:
    """Give the message that another one forwards without a comment; None if it says anything itself."""
    texts = text_parts(message)
    attached = next((part for part in message.parts if part.media_type in {"message/rfc822", "message/global"}), None)
    if attached is not None:
        words = "\n".join(part.text[:2000] for part in texts)
        return attached.text if silent(words) or LIST_PASSES_ON in words else None
    for part in texts:
        found = FIRST.search(part.text)
        if found and silent(part.text[: found.start()]) and is_header(part.text, found.start()):
            return named(unindented(part.text[found.start() :].lstrip("\n")))
    return None


def named(text: str) -> str:
    """Give the fields of a header their own names, where a mail program translated them."""
    head, blank, body = text.partition("\n\n")
    return LOCAL_FIELD.sub(lambda found: FIELDS[found[1].lower()] + ":", head) + blank + body


def is_header(text: str, at: int) -> bool:
    """Whether the header of a message begins at a position."""
    found = HEADER.search(text, at, at + 5_000)
    return found is not None and ANOTHER.search(text, at, at + 5_000) is not None


def silent(words: str) -> bool:
    """Whether somebody added next to nothing; the line that a program writes above a forwarded message does not count."""
    own = [line for line in words.split("\n") if not FORWARDING.search(line)]
    return not any("?" in line for line in own) and sum(map(str.isalpha, "".join(own))) <= FEW_LETTERS


def unindented(text: str) -> str:
    """Undo one level of quoting or indenting, if the header has it."""
    return INDENT.sub("", text) if text[:1] in {" ", "\t", ">"} else text
