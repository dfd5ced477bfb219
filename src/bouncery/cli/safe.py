"""Words of strangers on a terminal: nothing in a mail may move the cursor, hide text or answer for the terminal."""

from __future__ import annotations

import json
import re

# C0, DEL and C1 controls, marks that reorder or hide text (Unicode bidi and format controls, tags), lone surrogates.
CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
REPLACEMENT = "·"
ADDRESS = re.compile(
    r"""(?:"[^"\n]{1,128}"|[^\s<>()\[\]\\"',;:@]{1,128})(?:@|=40|%40|\+40)[^\s<>()\[\]"',;:@]{1,255}""", re.IGNORECASE
)
MASK = "u@example.com"
SHORTEST_NAME = 3
"""A local part of fewer characters would mask ordinary words."""


def printable(text: str) -> str:
    """Give a text as one line without control characters."""
    return CONTROL.sub(REPLACEMENT, " ".join(text.split()))


def printable_json(line: bytes) -> bytes:
    """Escape in JSON what `printable` would replace; the value stays the same (RFC 8259, section 7)."""
    if line.isascii() and b"\x7f" not in line:
        return line
    return CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], line.decode()).replace("\x7f", "\\u007f").encode()


def masked(text: str, *addresses: str | None) -> str:
    """Give a reply as one line without the mail addresses in it, nor the names of those that are known."""
    line = " ".join(text.split())
    for address in sorted(filter(None, addresses), key=len, reverse=True):
        line = re.sub(re.escape(address), MASK, line, flags=re.IGNORECASE)
    line = ADDRESS.sub(MASK, line)
    for address in filter(None, addresses):
        name = address.rpartition("@")[0].strip('"')
        if len(name) >= SHORTEST_NAME:
            line = re.sub(rf"(?<!\w){re.escape(name)}(?![\w@])", "u", line, flags=re.IGNORECASE)
    return CONTROL.sub(REPLACEMENT, line)
