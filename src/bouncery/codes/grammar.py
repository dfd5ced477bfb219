"""Reply codes (RFC 5321, section 4.2) and enhanced status codes (RFC 3463, section 2) in running text.

Three digits are common in prose (sizes, telephone numbers, versions), so a number counts as a reply only where a reply can
begin: at the start of the text or a line, behind punctuation or a word that announces it, or before an enhanced code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = r"[245]\.\d{1,3}\.\d{1,3}(?![\d]|\.\d)"
CODE = re.compile(
    # All that a code can begin with stands first, so that the engine can skip to it; look-behinds come after.
    r"[245](?<![\w./\-].)(?:(?<![@+].)\d\d(?:"
    rf"(?:[ \t]*[\-:,/;][ \t]*|[ \t]+)?[#(\['\"]{{0,2}}(?P<status>{_STATUS})"
    r"|(?:(?<=[0-57]\d)|(?<=^\d\d\d))(?<![\d\]:]:\d\d\d)(?!-\d)(?=[\s\-:,;)\]'\"<>.]|$))"
    # The registry knows the subjects 0 to 7: 4.16.50 is an error number. Behind a reply code any subject counts.
    r"|(?P<lone>\.[0-7]\.\d{1,3}(?!\d|\.\d)))"
)
# What nearly every server writes.
PLAIN = re.compile(r"[ \t]{0,4}([45]\d\d)[ \-]([45]\.\d{1,3}\.\d{1,3})(?![\w.]|-\d)")
# RFC 3463 writes the code without leading zeros; real servers pad and space it.
STATUS_FIELD = re.compile(r"\s*(?:#\s*)?([245])\s*\.\s*0*(\d{1,3})\s*\.\s*0*(\d{1,3})(?![\d]|\.\d)")
ANNOUNCERS = (
    *("said", "says", "error", "errors", "code", "codes", "returned", "response", "responded", "replied", "reply", "status"),
    *("smtp", "reason", "server", "with", "failure", "message", "failed", "result", "returns"),
    *("codice", "fehler", "erreur", "errore", "código", "codigo", "hiba", "kod"),
)
ANNOUNCED = re.compile(
    rf"(?:^|[:=(\[<>'\"|#]|\.\.\.|\b(?:{'|'.join(ANNOUNCERS)}|\w{{0,12}}code)[.,;]?)[\s#:=(\[<'\"*\-]*$",
    re.IGNORECASE,
)
BEHIND_ADDRESS = ("  ", "\t", "- ", "– ", ", ")
"""What stands between an address and the reply about it, in a column or a list."""
SIGNS = frozenset(":=([<>'\"|#)]")
UNIT = re.compile(
    r"[ \t\-]*(?:[kmg]i?b|k|m|g|bytes?|kbytes?|mbytes?|octets?|messages|msgs?|recipients|mails|emails|e-mails|per|minutes?|min"
    r"|hours?|h|days?|seconds?|secs?|times?|connections|lines|characters?|chars?|of|attempts?|percent|users|ms|pixels?)\b",
    re.IGNORECASE,
)
PHONE = re.compile(r"[)\s.\-]{1,3}\d{3}[\s.\-]\d{4}\b")
VERSION = re.compile(
    r"(?:\b(?:version|ver|release|build|exim|postfix|sendmail|spamassassin|amavisd?(?:-new)?|clamav|openssl|php)[\s=(\[]*"
    r"|\bversion:\s*)$",
    re.IGNORECASE,
)
# Sendmail's transcript marks what the remote server said; its own summary follows.
HEARD = re.compile(r"^<<< ", re.MULTILINE)
LOOK_BACK = 40
# What a sending server notes of its own failure to connect is no reply of the remote server.
OWN_WORDS = re.compile(
    r"[\s:\-]*(?:(?:connection|network|host|tls|dns)\b[\w \t]{0,20}?\b"
    r"(?:timed out|refused|reset|dropped|unreachable|not found|closed)"
    r"|unable to (?:look ?up|connect|resolve))",
    re.IGNORECASE,
)


class Code(NamedTuple):
    """A reply with its enhanced status code, either of which may be missing, and its span in the text."""

    reply: int | None
    status: str | None
    start: int
    end: int

    @property
    def reply_class(self) -> int | None:
        """First digit of the reply, else of the status code."""
        if self.reply:
            return self.reply // 100
        return int(self.status[0]) if self.status else None


def read_status(field: str | None) -> str | None:
    """Read a Status field (RFC 3464, section 2.3.4); None if it holds no enhanced status code."""
    found = STATUS_FIELD.match(field) if field else None
    return ".".join((found[1], found[2], found[3])) if found else None


def specificity(status: str | None) -> int:
    """How much a status says: 0 nothing, 1 the class (x.0.0), 2 the subject (x.y.0), 3 all (RFC 3463, section 3)."""
    if status is None:
        return 0
    if not status.endswith(".0"):
        return 3
    return 1 if status.endswith(".0.0") else 2


def is_generic(status: str | None) -> bool:
    """Whether a status says no more than class and subject, or less."""
    return specificity(status) < 3


def is_expired(status: str | None) -> bool:
    """Whether a status only says that the sending server's time ran out (X.4.7)."""
    return status is not None and status.endswith(".4.7") and len(status) == 5


def preferred(quoted: str | None, field: str | None) -> str | None:
    """Of the server's own code and the Status field, give the former unless only the latter is specific."""
    if quoted is None or field is None:
        return quoted or field
    better = specificity(field) > specificity(quoted) and quoted[0] == field[0] and not is_expired(field)
    return field if better else quoted


def find_codes(text: str) -> Iterator[Code]:
    """Give every reply and enhanced status code of a text, in order."""
    for found in CODE.finditer(text):
        status, lone = found.groups()
        start, end = found.span()
        if status:
            yield Code(int(text[start : start + 3]), canonical(status), start, end)
        elif lone:
            if announced(text, start) and not said_before(VERSION, text, start):
                yield Code(None, canonical(found[0]), start, end)
        else:
            quoted = text[end : end + 2] in {"-'", '-"'}  # IronPort's way of quoting a server
            if quoted or (announced(text, start) and not is_quantity(text, start, end) and not PHONE.match(text, end)):
                yield Code(int(found[0]), None, start, end)


def is_quantity(text: str, start: int, end: int) -> bool:
    """Whether a number counts something; not at the start of a line, where only a reply stands."""
    if UNIT.match(text, end) is None:
        return False
    return bool(text[max(text.rfind("\n", 0, start), 0) : start].strip(" \t\n<>\"'(-"))


def canonical(status: str) -> str:
    """Write a status code without leading zeros."""
    if ".0" not in status:
        return status
    return ".".join(str(int(number)) for number in status.split("."))


def announced(text: str, at: int) -> bool:
    """Whether a reply can begin at a position."""
    before = in_line(text, at)
    core = before.rstrip(" ")
    if not core or core[-1] in SIGNS or ("@" in before and before.endswith(BEHIND_ADDRESS)):
        return True
    if core[-1].isalnum() and not core.lower().endswith(ANNOUNCERS):
        return False
    return ANNOUNCED.search(before) is not None


def said_before(words: re.Pattern[str], text: str, at: int) -> bool:
    """Whether words end at a position, in its line."""
    return words.search(in_line(text, at)) is not None


def in_line(text: str, at: int) -> str:
    """Give what stands shortly before a position in its line."""
    start = max(0, at - LOOK_BACK)
    return text[max(start, text.rfind("\n", start, at) + 1) : at]


ACCEPTING = re.compile(r"\s*([23]\d\d)(?=[\s\-]|$)")


def accepting(reply: str) -> int | None:
    """Give the code of a reply of class 2 or 3; None if it begins with none (RFC 5321, section 4.2.1)."""
    found = ACCEPTING.match(reply)
    return int(found[1]) if found else None


def innermost(text: str) -> Code | None:
    """Give the refusing server's reply: the last one of class 4 or 5 that a chain of servers passed on.

    A multi-line reply counts once; a lone status code belongs to the reply before it that has none. A status code without
    any reply counts as it is.
    """
    plain = PLAIN.match(text)
    if plain and not CODE.search(text, plain.end()):
        return Code(int(plain[1]), canonical(plain[2]), plain.start(1), plain.end())
    remote = heard(text)
    codes = refusals(remote)
    return chosen(text, codes if codes or remote is text else refusals(text))


def chosen(text: str, codes: list[Code]) -> Code | None:
    """Give the code that counts of all that stand in a text."""
    if not codes:
        return None
    replies = [code for code in codes if code.reply and not OWN_WORDS.match(text, code.end)]
    replies = [code for code in replies if not is_enclosed(text, code)] or replies
    replies = replies or [code for code in codes if code.reply]
    if not replies:
        return codes[-1] if is_generic(codes[0].status) else codes[0]
    return with_status(replies, codes)


def is_enclosed(text: str, code: Code) -> bool:
    """Whether a number stands alone in brackets, where it may be a gateway's own ("OFR_506 [506]")."""
    return (
        code.status is None and text[code.start - 1 : code.start] in {"[", "("} and text[code.end : code.end + 1] in {"]", ")"}
    )


def refusals(text: str) -> list[Code]:
    """Give the codes of class 4 and 5."""
    return [code for code in find_codes(text) if code.reply_class != 2]


def heard(text: str) -> str:
    """Blank everything but the remote server's lines where a transcript marks them; positions stay."""
    if "<<< " not in text or not HEARD.search(text):
        return text
    lines = text.splitlines(keepends=True)
    return "".join(line if line.startswith("<<< ") else re.sub(r"[^\n]", " ", line) for line in lines)


def with_status(replies: list[Code], codes: list[Code]) -> Code:
    """Give the last reply, from its first line on, together with the status code that belongs to it."""
    last = replies[-1]
    lines = [last]
    for code in reversed(replies[:-1]):
        if code.reply != last.reply or (last.status and code.status != last.status):
            break
        lines.append(code)
    behind = [code for code in codes if code.reply is None and code.start > last.start]
    status = last.status or next((code.status for code in (*behind, *lines) if code.status), None)
    return Code(last.reply, status, lines[-1].start, last.end)
