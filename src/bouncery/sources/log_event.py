"""What a line of a mail server's log says about one recipient."""

from __future__ import annotations

import re
from datetime import datetime  # noqa: TC003 - msgspec reads it when it decodes

import msgspec

from bouncery.model import Action, Stage  # noqa: TC001 - as above

LONGEST_TEXT = 4_096
"""Characters of a reply that are kept."""
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
ADDRESS = rf'<((?:{_QUOTED}|[^"<>])*+)>'
"""An address in brackets, where a quoted local part may hold anything."""
MAILBOX = re.compile(rf'(?:{_QUOTED}|[^\s"<>@,;:()\\|/][^\s"<>@,;:()\\]*+)@(?:\[[^\s\[\]<>@"]+\]|[^\s"<>@,;:()\[\]\\\ufffd]++)')


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome for one recipient.

    `recipient` is the address that was tried, `original_recipient` the one that the sender mailed, where it differs. `sender`
    is empty for the null sender, None where the log did not tell. `text` is the reply of the remote server without the words
    around it, or the sending server's own words. `status` is what the sending server made of it (RFC 3463). `identity` names
    the event within its log.
    """

    at: datetime
    program: str
    recipient: str
    action: Action
    queue_id: str
    original_recipient: str | None = None
    sender: str | None = None
    message_id: str | None = None
    text: str = ""
    status: str | None = None
    remote_mta: str | None = None
    reporting_mta: str | None = None
    stage: Stage | None = None
    identity: str = ""


def mailbox(raw: str) -> str | None:
    """Give an address if it is one and nothing else: half of another one would name somebody else."""
    found = MAILBOX.fullmatch(raw.strip())
    return found[0] if found and "\ufffd" not in found[0] else None


def unescaped(text: str) -> str:
    r"""Undo how Exim and Sendmail print what is no ASCII: `\n`, `\\` and `\303` (octets of UTF-8, else of Latin-1)."""
    if "\\" not in text:
        return text
    octets = ESCAPE.sub(octet, text.encode())
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


ESCAPE = re.compile(rb"\\(?:([0-3][0-7]{2})|([\\nt]))")
SIGNS = {b"\\": b"\\", b"n": b"\n", b"t": b"\t"}


def octet(found: re.Match[bytes]) -> bytes:
    """Give what an escape stands for."""
    return bytes([int(found[1], 8)]) if found[1] else SIGNS[found[2]]
