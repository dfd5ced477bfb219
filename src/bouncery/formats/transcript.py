"""The reply that answers for a recipient: in the words around it, or in the transcript of a session."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple, TypeAlias

from bouncery.codes.grammar import Code, find_codes, innermost
from bouncery.codes.stage import COMMANDS, stage_of
from bouncery.model import Stage

PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
# RFC 5321, section 3.3: what a server answers to commands after the refusal is a consequence.
CONSEQUENCE = re.compile(
    r"(?im)^[ \t]*(?:<<<[ \t]*)?(?:503\b"
    r"|554[ \-](?:5\.5\.[01][ ])?(?:error: )?no (?:valid )?recipients|250\b|221\b|354\b|220\b).*$"
)
HEARD = re.compile(
    r"(?im)^[ \t]*(?:<<<|received >>>|response:|(?:[A-Za-z]{3} )?[\[\d\-: \]]{0,24}(?:[\w.\-]{1,60}: )?(?:<--|<<)|s:)"
    r"[ \t]*(?=[245]\d\d)"
)
SENT = re.compile(
    r"(?im)^[ \t]*(?:>>>|sent <<<|command:|(?:[A-Za-z]{3} )?[\[\d\-: \]]{0,24}(?:[\w.\-]{1,60}: )?(?:-->|>>)|c:)"
    r"[ \t]*(rcpt to|mail from|data|\.|ehlo|helo|lhlo|bdat):?[ \t]*(?:<([^<>\n]*)>)?"
)
# The words of a local program that Sendmail sums up in a reply of its own: "procmail: Quota exceeded while writing ...".
LOCAL_PROGRAM = re.compile(
    r"^(?:mail\.local|procmail|maildrop|deliver|vacation|mail|lmtp|sm\.bin|cyrus|sieve|local)[\w.\-]{0,20}: \S", re.MULTILINE
)
# The line of a notice in which it tells why; what it explains around it is not about this message.
CAUSE = re.compile(
    r"(?im)^[ \t>*\-]{0,12}(?:(?:the )?(?:reason|cause|diagnosis)(?: (?:of|for) (?:the )?(?:failure|problem)| given)?"
    r"|grund|ursache|motif|raison|motivo|causa|reden|przyczyna|powód|причина|原因|退信原因|理由|사유|이유|neden)"
    r"[ \t]{0,4}[:：][ \t]{0,20}(?=\S)"
)
# A pipelining client shows DATA before the refusal of a recipient (RFC 2920), which names it.
PIPELINED = re.compile(r"[ \t]*\d{3}[ \-](?:5\.\d{1,3}\.\d{1,3} )?<[^<>\s@]{1,128}@[^<>\s]{1,255}>")
NO_MAILBOX = frozenset({550, 551, 553})
NO_RECIPIENTS = re.compile(r"(?m)^[ \t]*(?:<<<|<--)[ \t]*(?:503|554[ \-][^\n]{0,20}no valid recipients)", re.IGNORECASE)
REMOTE = re.compile(
    r"(?:host|talking to|connect(?:ed|ing)? to|remote (?:mail )?server|delivered? to|domain [\w.\-]{1,100} by"
    r"|server for [^\n]{1,80} by|mta|server)[ \t:\"'(<]{1,3}"
    r"((?:[a-z0-9][a-z0-9_\-]{0,62}\.){1,10}[a-z]{2,24})\b"
)
FEW_WORDS = 9
"""Letters behind a code that cannot be its explanation."""
LONGEST = 2_000


Heard: TypeAlias = tuple[Code, int, int, Stage | None, str]
"""A failing reply of a transcript, its span, the stage, and the address in the command."""
OTHER_NAMED = re.compile(r"[ \t]*\d{3}[ \-](?:[45]\.\d{1,3}\.\d{1,3} )?<([^<>\s@]{1,128}@[^<>\s]{1,255})>")


class Answer(NamedTuple):
    """What was answered: the codes, the words with their span, and the stage."""

    code: Code | None
    words: str
    start: int
    end: int
    stage: Stage | None
    remote: str | None
    heard: bool = False
    """Whether a transcript shows it as the reply to the command for the address."""


class Answerer:
    """Gives the answer in any stretch of one text, or its bare words where it holds no code; reads each stretch once."""

    def __init__(self, text: str) -> None:
        """Prepare for a text."""
        self.text = text
        self.sessions: dict[tuple[int, int], list[Heard]] = {}
        self.words: dict[tuple[int, int], Answer] = {}

    def __call__(self, start: int, end: int, address: str | None = None) -> Answer:
        """Give the answer in a stretch of the text, for that address if a transcript tells several apart."""
        span = (start, end)
        block = self.text[start:end]
        if span not in self.sessions:
            self.sessions[span] = session(block)
        heard = heard_for(self.sessions[span], block, address)
        if span not in self.words:
            self.words[span] = told_in(block, start)
        if heard is None:
            return self.words[span]
        code, begin, stop, asked = heard
        told = self.words[span]
        named = any(row[0] is code and row[4].casefold() in spellings(address) for row in self.sessions[span])
        return Answer(code, joined(block[begin:stop]), start + begin, start + stop, asked or told.stage, told.remote, named)


def answer_in(text: str, start: int, end: int, address: str | None = None) -> Answer:
    """Give the answer in a stretch of text, or its bare words where it holds no code."""
    return Answerer(text)(start, end, address)


def told_in(block: str, offset: int) -> Answer:
    """Give the answer in the prose of a stretch that begins at an offset."""
    stage, remote = stage_of(block), remote_host(block)
    best = best_paragraph(block)
    if best is None:
        begin, stop = cause(block)
        return Answer(None, joined(block[begin:stop]), offset + begin, offset + stop, stage, remote)
    code, begin, stop = best
    if code.reply and is_explained(block[begin + code.end : stop]):
        told = LOCAL_PROGRAM.search(block, begin, begin + code.start)
        begin = told.start() if told else begin + code.start
    return Answer(code, joined(block[begin:stop]), offset + begin, offset + stop, stage, remote)


def cause(block: str) -> tuple[int, int]:
    """Give the span of what a line calls the reason, up to a blank line; all of a stretch that has none or several."""
    labels = list(CAUSE.finditer(block))
    if len(labels) != 1 or not is_explained(block[labels[0].end() : labels[0].end() + NEAR]):
        return 0, len(block)
    begin = labels[0].end()
    gap = PARAGRAPH.search(block, begin)
    return begin, gap.start() if gap else len(block)


def best_paragraph(block: str) -> tuple[Code, int, int] | None:
    """Give the code that counts and the paragraph it stands in: a reply with words before one without, then a bare status."""
    places = [code.start for code in find_codes(block)]
    found = []
    for begin, stop in paragraphs(block) if places else ():
        if not any(begin <= place < stop for place in places):
            continue
        code = innermost(without_consequences(block[begin:stop]))
        if code:
            found.append((code, begin, stop))
            if code.reply and is_explained(block[begin + code.end : stop]):
                return found[-1]
    return next((row for row in found if row[0].reply), found[0] if found else None)


def without_consequences(paragraph: str) -> str:
    """Blank the replies that only follow from an earlier one, unless they are all there is."""
    if not any(code in paragraph for code in ("503", "554", "250", "221", "354", "220")):
        return paragraph
    blanked = CONSEQUENCE.sub(lambda found: " " * len(found[0]), paragraph)
    return blanked if innermost(blanked) else paragraph


def paragraphs(block: str) -> list[tuple[int, int]]:
    """Give the spans between blank lines."""
    spans, at = [], 0
    for gap in PARAGRAPH.finditer(block):
        spans.append((at, gap.start()))
        at = gap.end()
    spans.append((at, len(block)))
    return [(begin, stop) for begin, stop in spans if block[begin:stop].strip()]


def is_explained(words: str) -> bool:
    """Whether there are words enough behind a code to be its explanation."""
    return sum(map(str.isalpha, words[:200])) >= FEW_WORDS


def from_session(block: str, address: str | None) -> tuple[Code, int, int, Stage | None] | None:
    """Give the first failing reply of a transcript, of the RCPT command for that address if there is one."""
    return heard_for(session(block), block, address)


def heard_for(answers: list[Heard], block: str, address: str | None) -> tuple[Code, int, int, Stage | None] | None:
    """Give the failing reply that counts of a transcript's."""
    if not answers:
        return None
    asked = spellings(address)
    named = [row for row in answers if row[4].casefold() in asked]
    if not named and address and any(row[4] and row[3] is not Stage.MAIL for row in answers):
        return None
    rows = named or answers_for(address, answers, block)
    final = [row for row in rows if row[0].reply_class == 5]
    return (final or rows)[0][:4]


def spellings(address: str | None) -> set[str]:
    """Give how a command may name an address, in lower case."""
    return {address.casefold(), address.casefold().rpartition("@")[0]} if address else set()


def answers_for(address: str | None, answers: list[Heard], block: str) -> list[Heard]:
    """Leave out the answers that name another recipient, unless there are no others."""
    others = {row: OTHER_NAMED.match(block, row[1]) for row in answers if address} if len(answers) > 1 else {}
    mine = [row for row in answers if not (found := others.get(row)) or found[1].casefold() == (address or "").casefold()]
    return mine or answers


TRANSCRIBED = (
    *(">>", "<<", "-->", "Response:"),
    *(f"{before}{party}:" for before in ("\n", " ", "\t") for party in ("C", "S", "c", "s")),
)
"""What a transcript cannot do without; only a text that has some of it is searched line by line."""


def session(block: str) -> list[Heard]:
    """Give the failing replies of a transcript with their span, stage, and the address of the command."""
    found: list[Heard] = []
    if not any(map(f"\n{block}".__contains__, TRANSCRIBED)):
        return found
    commands = list(SENT.finditer(block))
    ends = [command.end() for command in commands]
    read = 0
    for line in HEARD.finditer(block):
        if line.start() < read:
            continue
        stop = block.find("\n", line.end())
        stop = len(block) if stop < 0 else stop
        last = line
        # The lines of one reply (RFC 5321, section 4.2.1); a store gives several replies after the message (RFC 2033).
        while block[last.end() + 3 : last.end() + 4] == "-" and (following := HEARD.match(block, stop + 1)):
            last = following
            stop = block.find("\n", last.end())
            stop = len(block) if stop < 0 else stop
        read = stop
        code = first_reply(block[line.end() : stop])
        if code is None or code.reply_class not in {4, 5} or code.reply == 503:
            continue
        place = bisect_right(ends, line.start())
        asked = commands[place - 1] if place else None
        stage = COMMANDS.get(asked[1][:4].lower()) if asked else None
        if stage is Stage.DATA and code.reply in NO_MAILBOX and pipelined(block, line.end()):
            stage = Stage.RCPT
        found.append((code, line.end(), stop, stage, (asked[2] or "") if asked else ""))
    return found


def first_reply(lines: str) -> Code | None:
    """Give the reply that begins some lines, with the status code of whichever line has it."""
    codes = list(find_codes(lines))
    if not codes or codes[0].status:
        return codes[0] if codes else None
    status = next((code.status for code in codes if code.status and code.reply in {codes[0].reply, None}), None)
    return codes[0]._replace(status=status)


LABELS_EXACTLY = "running the Courier mail server"
"""Courier pipelines too, but shows each reply behind the command that it answers."""
NEAR = 2_000
"""Characters behind a refusal in which its consequence is looked for."""


def pipelined(block: str, at: int) -> bool:
    """Whether a refusal shown behind DATA was that of the recipient: it names it, or DATA itself failed for want of one."""
    if LABELS_EXACTLY in block:
        return False
    return PIPELINED.match(block, at) is not None or NO_RECIPIENTS.search(block, at, at + NEAR) is not None


def remote_host(block: str) -> str | None:
    """Give the host that a notification says it talked to."""
    found = REMOTE.search(block.lower())
    return found[1] if found else None


def joined(words: str) -> str:
    """Give words on one line, up to a bound."""
    return " ".join(words[: 2 * LONGEST].split())[:LONGEST]
