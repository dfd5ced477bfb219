"""Who is spoken of: mail addresses in prose, each with how plainly the words around it make it the failed recipient."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from bouncery.address import clean, comparable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LOCAL_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-")
LONGEST_LOCAL = 128
DOMAIN = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_\-]{0,62}\.){1,20}[A-Za-z0-9][A-Za-z0-9\-]{1,62}|\[[0-9A-Fa-f:.IPv]{3,50}\]"
    r"|(?:[\w\-]{1,63}\.){1,20}[\w\-]{2,63}"
)
ENUMERATION = re.compile(
    r"[>\"')\]]{0,2}(?:[ \t]*[,;&][ \t\n]*(?:(?:and|und|et|y|e)[ \t]+)?|[ \t]+(?:and|und|et|y|e|&)[ \t]+)[<\"'(\[]{0,2}"
)
COLUMN = re.compile(r"[>]?(?:[ \t]{2,80}|[ \t]{0,80}[|][ \t]{0,80}|\t)<?[^\s@|<>]{1,64}@[\w\-]")
MOST = 2_000
"""Addresses of one text that are looked at."""


class Plainness(IntEnum):
    """How plainly the words around an address make it the failed recipient."""

    NEVER = 0
    SENTENCE = 1
    KEYED = 2
    """Behind a label that may mean anything."""
    NAMED = 3
    """Behind a label such as "recipient:", in a command, in a reply, or at the start of a line of prose."""
    LINE = 4
    """Alone, or in the first column of a list or table."""


class Mention(NamedTuple):
    """An address where it stands in a text."""

    address: str
    start: int
    end: int
    plainness: Plainness


# What stands before an address that is not the failed recipient.
NOT_BEFORE = re.compile(
    r"(?:\b(?:from|(?:sender|from)(?:'?s)?(?: e-?mail)?(?: address)?|reply-to|return-path|envelope-from|contact|postmaster at"
    r"|postmaster|(?<=<)mailto|cc|bcc|help ?desk|support|admin|administrator|questions?|f|by"
    r"|(?:message|queue|mail|msg|session|transaction|log|job)[ \-]?id|von|absender|de|da"
    r"|exp(?:é|e)diteur|remitente|mittente|remetente|afzender|nadawca|kontakt|kontaktieren sie|contattare|contactez|contacte"
    r"|write to|send (?:an )?e?-?mail to|(?<!your )(?<!the )(?<!this )(?<!delivering )mail to"
    r"|schreiben(?: sie)?(?: bitte)? an|[ée]crire [àa]|[ée]crivez [àa]|escriba a|scrivere a|scriva a"
    r"|dear|hello|hi|hallo|bonjour|hola|ciao|hei|hej|try|new address|moved to"
    r"|(?:similar|suggested|alternative|known|valid)(?: e-?mail)? addresses|did you mean|suggestions?"
    r"|chang(?:ed|es|ing)(?: from [^\s]{3,90})? to"
    r"|instead|use|using|sent by|on behalf of|as|wenden sie sich(?: bitte)? an|bitte an|adressez-vous (?:à|a)|dirigirse a)"
    r"|x-postfix-sender: rfc822;)[\s:=<(\[\"'*;]{0,6}$"
)
HELP_LINE = re.compile(
    r"\b(?:contact|assistance|questions?|support|help|abuse|complain|feedback"
    r"|whitelist|unblock|forward (?:this|it)|please (?:send|e-?mail|write|mail|report)|reply to|visit|further information"
    r"|more information|reach us|get in touch|problem report)\b|hilfe|aide|ayuda|aiuto|помощ|お問い合わせ|联系|聯絡|문의",
)
# A line of a listed message header: the To of the message, who may have received it.
KEYED = re.compile(
    r"[ \t*\-]{0,8}[^\s:：<>@][^:：<>@\n]{0,40}(?:[:：]|[ \t]\.{3,30})[ \t]{0,20}[<\"'(\[]?(?:smtp:|rfc822;[ ]?)?"
)
BAD_KEY = re.compile(
    r"unknown|undeliver|not deliver|fail|invalid|reject|refused|bounced|illegal|error|no such|not found|disabled|full\b|quota"
    r"|^[ \t*\-]{0,8}[45]\d\d[ \-]"
)
KEYED_AFTER = re.compile(r"[ \t>)\]\"'.,;]{0,6}(?:$|[\-–(])")
LISTING = re.compile(r"[ \t*\-]{0,8}(?:to|an|a|à|para|кому|宛先|收件人)[ \t]{0,4}[:：][^@]{0,80}")
LISTED_NEAR = re.compile(
    r"(?im)^[ \t*\-]{0,8}(?:subject|sent|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|件名|主题|主題)"
    r"[ \t]{0,4}[:：]"
)
LABEL_BEFORE = re.compile(
    r"(?:rcpt to|recipient\(?s?\)?|recipients?|address(?:\(?es\)?)?|mailbox|to|user|users?|account|intended for"
    r"|delivered to|deliver to|destination|addressee|final-recipient|original-recipient"
    r"|e-?mail|for|an|empf(?:ä|ae)nger|destinataires?|destinatari[oae]s?"
    r"|ontvangers?|adresat|odbiorc[ay]"
    r"|mottagare|modtagere?|vastaanottaja|p(?:ří|ri)jemce|c(?:í|i)mzett|al(?:ı|i)c(?:ı|i)|получател[ьюя]|адрес"
    r"|宛先|受信者|收件人|수신자|받는 사람|παραληπτη|mottaker|a|à|para|per|aan|naar|do|til|till|för|для|至)"
    r"[\s:：=<(\[\"'*\-]{0,8}(?:rfc822;|smtp:|mailto:)?[\s:=<(\[\"'*]{0,4}$",
)
# Mailboxes that a notification names as the place to ask (RFC 2142).
ROLE = re.compile(r"(?:postmaster|mailer-daemon|mail-daemon|abuse|hostmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?;][ \t]")
BULLET = re.compile(r"\s{0,20}(?:\d{1,3}[.)]|[a-z][.)])?[ \t<>()\[\]\"'*•·\-–—|:;,.=#«»`]*")
REPLY_BEFORE = re.compile(r"(?:\b[245]\d\d[ \-](?:[245]\.\d{1,3}\.\d{1,3})?|[245]\.\d{1,3}\.\d{1,3})[\s\-<#:(\[\"']{0,6}$")
LINE_AFTER = re.compile(r"[\s>)\]\"'»]{0,4}(?:$|[:：;,.]|\.\.\.|…|-+|<mailto:|\(|on\b|--|=|»|\|)|[ \t]{2}|\t")


def mentions(text: str, never: Collection[str] = ()) -> list[Mention]:
    """Give every address of a text in order; `never` holds comparable forms of the sender's and the reporter's own."""
    found: list[Mention] = []
    said, last = Plainness.NEVER, -1
    for address, start, end in addresses(text):
        if end == len(text):
            break  # without a line end behind it, it may be cut off
        if not is_enumerated(text, last, start):
            said = plainness_of(text, start, end)
        plainness, last = said, end
        if comparable(address) in never and beside_another(text, start, end):
            plainness = Plainness.NEVER
        if plainness is not Plainness.LINE and (ROLE.match(address) or comparable(address) in never):
            plainness = Plainness.NEVER
        found.append(Mention(address, start, end, plainness))
        if len(found) >= MOST:
            break
    return found


def is_enumerated(text: str, last: int, start: int) -> bool:
    """Whether an address only goes on with an enumeration, so that what is said of the one before holds for it."""
    return 0 <= last < start <= last + 24 and ENUMERATION.fullmatch(text, last, start) is not None


def beside_another(text: str, start: int, end: int) -> bool:
    """Whether the row that an address begins goes on with another one, as a table of senders and recipients does."""
    stop = text.find("\n", end)
    row = text[end : stop if stop >= 0 else len(text)][:200]
    return COLUMN.match(row) is not None and text[text.rfind("\n", 0, start) + 1 : start].strip(" \t|") == ""


def addresses(text: str) -> Iterator[tuple[str, int, int]]:
    """Give each address with its span; linear, since the text is searched for @ and both sides are bounded."""
    at = text.find("@")
    last = 0
    while at >= 0:
        start, domain = local_start(text, at, last), DOMAIN.match(text, at + 1)
        if domain and start < at:
            raw = text[start : domain.end()].rstrip(".-_")
            address = clean(raw)
            if address and "." in address.rpartition("@")[2]:
                yield address, start, start + len(raw)
                last = domain.end()
        at = text.find("@", at + 1)


def local_start(text: str, at: int, last: int) -> int:
    """Give where the local part before an @ begins."""
    lowest = max(last, at - LONGEST_LOCAL)
    if text[at - 1 : at] == '"':
        opening = text.rfind('"', lowest, at - 1)
        return opening if opening >= 0 and "\n" not in text[opening:at] else at
    start = at
    latin = start > lowest and text[start - 1] < "ɐ"
    while start > lowest and (text[start - 1] in LOCAL_CHARS or is_letter_beside(text[start - 1], latin=latin)):
        start -= 1
    while start < at and text[start] in "'`.*=|/{}?&#!-":
        start += 1
    prefix = text.rfind("=", start, at) + 1  # "dda:SMTP=user@host": the name of an attribute (RFC 2156)
    if prefix and text[start:prefix].lower() in {"smtp=", "rfc822=", "rfc-822=", "addr=", "email=", "rcpt="}:
        start = prefix
    return start


def is_letter_beside(char: str, *, latin: bool) -> bool:
    """Whether a letter outside ASCII goes on with a local part, in whose script it must be (RFC 6531)."""
    return char > "\x7f" and char.isalnum() and (char < "ɐ") == latin


def plainness_of(text: str, start: int, end: int) -> Plainness:
    """Judge an address by the rest of its line, and by how the line before ends where prose wraps."""
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    before, after = text[max(line_start, start - 120) : start].lower(), text[end : min(line_end, end + 120)].lower()
    if BULLET.fullmatch(before):
        return at_line_start(text[max(0, line_start - 60) : line_start].rstrip().lower(), after)
    tail = before[-60:]
    if NOT_BEFORE.search(tail) or in_url(before):
        return Plainness.NEVER
    if REPLY_BEFORE.search(tail):
        return Plainness.NAMED
    if HELP_LINE.search(SENTENCE_END.split(before)[-1]) or HELP_LINE.search(SENTENCE_END.split(after, 1)[0]):
        return Plainness.NEVER
    listed = LISTING.fullmatch(before) and LISTED_NEAR.search(text[max(0, line_start - 200) : line_end + 200])
    return Plainness.SENTENCE if listed else labelled(before, after)


def at_line_start(wrapped: str, after: str) -> Plainness:
    """Judge an address that begins a line, by the end of the line before and the rest of its own."""
    if LINE_AFTER.match(after):
        return Plainness.NAMED if REPLY_BEFORE.search(wrapped) else Plainness.LINE
    return Plainness.NEVER if NOT_BEFORE.search(wrapped) or HELP_LINE.search(after) else Plainness.NAMED


def labelled(before: str, after: str) -> Plainness:
    """Judge an address by the label before it."""
    if LABEL_BEFORE.search(before[-60:]):
        return Plainness.NAMED
    if not KEYED.fullmatch(before) or not KEYED_AFTER.match(after):
        return Plainness.SENTENCE
    return Plainness.NAMED if BAD_KEY.search(before) else Plainness.KEYED


def in_url(before: str) -> bool:
    """Whether an address stands inside a URL."""
    word = before[-100:].rpartition(" ")[2]
    return "//" in word or "<mailto:" in word
