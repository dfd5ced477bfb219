"""Where the returned message begins among a notification's words: at a line that announces it, or at a mail header.

Whatever a program prints, it announces the message with one of a few words, or it shows a header that no notice would have.
One pass looks for those words; only the lines that hold one are looked at closely. All patterns work on lower-case text.
"""

from __future__ import annotations

import re

from bouncery.phrases import WordSet

_ANNOUNCED = (
    r"original[\w\- ]{0,20}(?:message|mail|e-mail|email|headers?|nachricht|details?)"
    r"|(?:message|mail|nachricht)[\w\- ]{0,20}original|returned (?:message|mail)"
    r"|(?:message|mail|body) (?:text|headers?|body|content)s?\b|copy of (?:the|your|this)\b"
    r"|source mail attached|undelivered message|unsent message|included is a copy|below this line|forwarded message"
    r"|your (?:original )?(?:message|mail)(?: (?:follows|was|is|reads|begins)|\W*$)|headers? of the|kopie (?:der|ihrer)"
    r"|copie d(?:u|e votre)|copia d(?:el|o|i)|mensaje original|mensagem original|messaggio originale|message d'origine"
    r"|urspr(?:ü|ue|u)ngliche (?:nachricht|mail|e-mail)|oryginaln|исходно|копия"
    r"|oorspronkelijk|原信|原邮件|原郵件|元のメール|元のメッセージ"
    r"|원본|ursprungliga|oprindelige|opprinnelige|alkuper(?:ä|a)inen|p(?:ů|u)vodn(?:í|i)|eredeti|orijinal|αρχικ"
)
MARKER = re.compile(
    rf"[ \t>|*#]{{0,12}}(?:[\-=_*|~+]{{2,80}}[ \t<]{{0,4}}[^\n]{{0,30}}?(?:{_ANNOUNCED})[^\n]{{0,80}}"
    r"|(?:your |the )?(?:original |returned |undelivered |unsent )?(?:message|mail|email)(?:'s)? headers?"
    r"(?: follows?| are| below)?[ \t]{0,4}[:.]?"
    r"|(?:[a-z]{1,12} ){0,3}original message (?:headers|follows)\b[^\n]{0,40}|message headers follow\b[^\n]{0,20}"
    r"|(?:included|below|enclosed|attached|here|the following) (?:is|are) (?:a |the )?cop(?:y|ies)\b[^\n]{0,80}"
    r"|the first \d+ lines of your[^\n]{0,60}"
    r"|(?:a )?copy of (?:the|your) (?:original )?message[^\n]{0,60}(?:follows|below|attached)[^\n]{0,20}"
    r"|(?:a summary of )?the undelivered (?:message|mail)[^\n]{0,60}|unsent message below[^\n]{0,20}"
    r"|(?:your|the) (?:original )?message (?:reads|is (?:below|attached|included)|(?:was as )?follows|begins here)[^\n]{0,40}"
    r"|original mail (?:as )?follows?[^\n]{0,20}|\[?(?:original )?message (?:removed|deleted|content removed)[^\n]{0,40}"
    r")[ \t]*(?=\n|$)"
)
# A returned header begins with one of these; a notice has no use for them.
TECHNICAL = re.compile(
    r"[ \t>|]{0,8}(?:received|return-path|dkim-signature|domainkey-signature|x-received|arc-seal|arc-message-signature"
    r"|x-google-[\w\-]{1,40}|x-ymail-osg|authentication-results|delivered-to|x-original-to|envelope-to)[ \t]?:"
)
LOOSE = re.compile(
    r"^[ \t>|]{0,8}(?:message-id|mime-version|content-type|from|to|subject|date|x-mailer|reply-to|return-receipt-to"
    r"|content-transfer-encoding)[ \t]?:",
    re.MULTILINE,
)
MIME = re.compile(
    r"^[ \t>|]{0,8}(?:mime-version|content-type|content-transfer-encoding|message-id|x-mailer|user-agent|references"
    r"|in-reply-to)[ \t]?:",
    re.MULTILINE,
)
ANNOUNCING = (
    *("original", "returned", "header", "copy", "kopi", "copi", "forwarded", "follow", "below", "your m", "unsent"),
    *("undelivered m", "attached", "oorspronkelijk", "oryginal", "message body", "message text", "mail text", "removed"),
    *("message content", "alkuper", "puvodni", "původní", "eredeti", "orijinal", "αρχικ", "исходн", "копи", "原信", "原邮件"),
    *("原郵件", "元の", "원본", "oprindelig", "opprinnelig", "urspr"),
)
NAMES = (
    *("received", "return-path", "signature", "arc-seal", "x-google-", "x-ymail-osg", "authentication-results"),
    *("delivered-to", "x-original-to", "envelope-to"),
)
IN_HEADERS = (
    "mime-version",
    "content-type",
    "content-transfer",
    "message-id",
    "x-mailer",
    "user-agent",
    "references:",
    "in-reply",
)
WORDS = WordSet((*ANNOUNCING, *NAMES, *IN_HEADERS))
MOST = 200
"""Lines that are looked at closely."""
LONGEST_RUN = 1_500
"""Characters of a header that are looked at."""


def cut(text: str) -> tuple[str, str]:
    """Cut a text where the returned message begins; gives the words before it and the header behind."""
    words = text.lower()
    if len(words) != len(text):
        words = text  # a few letters change length, and with them the place of all that follows
    ends = WORDS.ends(words)
    if not ends:
        return text, ""
    starts = sorted({words.rfind("\n", 0, end) + 1 for end in ends})[:MOST]
    end = next((start for start in starts if MARKER.match(words, start) or TECHNICAL.match(words, start)), len(words))
    end = min(end, header_run(words, starts, end))
    if end == len(words):
        return text, ""
    begin = first_field(words, end)
    return text[:end], text[begin:] if begin is not None else ""


def first_field(words: str, end: int) -> int | None:
    """Give where the returned header begins, behind the line that announces it."""
    found = LOOSE.search(words, end)
    technical = next((line for line in lines_from(words, end) if TECHNICAL.match(words, line)), None)
    places = [place for place in (found.start() if found else None, technical) if place is not None]
    return min(places, default=None)


def lines_from(words: str, at: int) -> list[int]:
    """Give where the next lines begin."""
    starts = [at]
    while len(starts) < 20 and (at := words.find("\n", at) + 1):
        starts.append(at)
    return starts


def header_run(words: str, starts: list[int], before: int) -> int:
    """Give where a run of fields begins that only a message begins with; a list of the message's details goes on in prose."""
    if REJECTION in words:
        return len(words)
    for start in starts:
        if start >= before:
            break
        if not MIME.match(words, start):
            continue
        top = words.rfind("\n\n", 0, start)
        first = LOOSE.search(words, top + 2 if top >= 0 else 0, start + 1)
        run = words[first.start() if first else start :][:LONGEST_RUN].split("\n\n", 1)
        if first and len(LOOSE.findall(run[0])) >= 3 and not (len(run) > 1 and tells(run[1])):
            return first.start()
    return len(words)


TELLS = (
    "following recipient",
    "could not be delivered",
    "cannot be delivered",
    "was not delivered",
    "did not reach",
    "delivery failed",
)
REJECTION = "rejection-reason:"
"""RFC 1344, appendix A: among fields of the message, the gateway's own."""


def tells(words: str) -> bool:
    """Whether a notification goes on."""
    return any(phrase in words[:400] for phrase in TELLS)
