"""The SMTP command that a reply answered, as the reporting server words it."""

from __future__ import annotations

import re

from bouncery.model import Stage

COMMANDS = {
    "rcpt": Stage.RCPT,
    "mail": Stage.MAIL,
    "data": Stage.DATA,
    "text": Stage.DATA,
    "tran": Stage.DATA,
    "bdat": Stage.DATA,
    "dot": Stage.DATA,
    ".": Stage.DATA,
    "helo": Stage.HELO,
    "ehlo": Stage.HELO,
    "lhlo": Stage.HELO,
    "init": Stage.CONNECT,
    "gree": Stage.CONNECT,
    "conn": Stage.CONNECT,
}
ANSWERED = re.compile(
    r"(?:in reply to|in response to|response to|reply to|after|for|during|sending|like our(?: final)?|phase:|stage:|\[|>>>|<<<"
    r"|sent:?|smtp:|command:?|state:?)[\s\"'(]*(?:the |end of |initial )?"
    r"(rcpt to\b|rcpt\b|rcpt_to\b|transfer of mail text|mail from\b|mail\b(?= command| from)|data\b|text command|bdat\b|dot\b"
    r"|helo\b|ehlo\b|lhlo\b|initial connection|connection|greeting|connect\b)"
)
WORDS = (
    "rcpt",
    "data",
    "mail from",
    "mail command",
    "helo",
    "ehlo",
    "lhlo",
    "bdat",
    "connect",
    "greeting",
    "text command",
    "mail text",
    "sender was",
    "dot",
    " like ",
    "after i sent",
)
OTHER = re.compile(
    r"\b(?:does not|did not) like (?:recipient|(sender))|but (sender) was rejected|failed after i sent the (message)"
)


def stage_of(text: str) -> Stage | None:
    """Give the stage that a report names; None if it names none."""
    words = " ".join(text.lower().split())
    if not any(map(words.__contains__, WORDS)):
        return None
    found = ANSWERED.search(words)
    if found:
        return COMMANDS.get(found[1][:4], Stage.CONNECT)
    other = OTHER.search(words)
    if other is None:
        return None
    if other[3]:
        return Stage.DATA
    return Stage.MAIL if other[1] or other[2] else Stage.RCPT
