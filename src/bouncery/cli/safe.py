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


def printable(text: str) -> str:
    """Give a text as one line without control characters."""
    return CONTROL.sub(REPLACEMENT, " ".join(text.split()))


def printable_json(line: bytes) -> bytes:
    """Escape in JSON what `printable` would replace; the value stays the same (RFC 8259, section 7)."""
    if line.isascii() and b"\x7f" not in line:
        return line
    return CONTROL.sub(lambda found: json.dumps(found[0])[1:-1], line.decode()).replace("\x7f", "\\u007f").encode()
