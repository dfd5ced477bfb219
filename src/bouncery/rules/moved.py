"""Where a mailbox has moved to, as a reply tells it (RFC 5321, section 3.4)."""

from __future__ import annotations

import re

from bouncery.address import clean, comparable

LONGEST = 2_000
"""Characters of a reply that are looked at."""
ANNOUNCED = re.compile(
    r"\b(?:moved|new|try|replaced|forward(?:ed|ing)?|changed|use|relocated|neue|nouvelle|nueva|nuovo|novo|nieuwe?|nowy|новый)\b"
    r"[^@<>\n]{0,60}?[\s<(:=]([^\s<>()\[\]@:,;=\"]{1,64}@[^\s<>()\[\]@,;\"]{1,255})",
    re.IGNORECASE,
)


def new_address(text: str, *known: str | None) -> str | None:
    """Give the address that a reply sends the sender to; None if it names none but those that are `known`."""
    own = {comparable(address) for address in known if address}
    for found in ANNOUNCED.finditer(text[:LONGEST]):
        address = clean(found[1])
        if address and comparable(address) not in own:
            return address
    return None
