"""Texts without the mail addresses in them, for whoever may not know who was written to."""

from __future__ import annotations

import re

ADDRESS = re.compile(
    r"""(?:"[^"\n]{1,128}"|[^\s<>()\[\]\\"',;:@]{1,128})(?:@|=40|%40|\+40)[^\s<>()\[\]"',;:@]{1,255}""", re.IGNORECASE
)
MASK = "u@example.com"
"""An address, so that the rules read a masked reply as they read the reply."""
SHORTEST_NAME = 3
"""A local part of fewer characters would mask ordinary words."""


def masked(text: str, *addresses: str | None) -> str:
    """Give a text without the mail addresses in it, nor the names of those that are known."""
    known = sorted(filter(None, addresses), key=len, reverse=True)
    for address in known:
        text = re.sub(re.escape(address), MASK, text, flags=re.IGNORECASE)
    text = ADDRESS.sub(MASK, text)
    for address in known:
        name = address.rpartition("@")[0].strip('"')
        if len(name) >= SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?![\w@])", "u", text, flags=re.IGNORECASE)
    return text
