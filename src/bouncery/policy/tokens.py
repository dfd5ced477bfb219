"""Signed return paths (VERP): a bounce that comes back to one is about a mail of ours, to that recipient, of that day.

The token is `<prefix>+<37 characters>`: key id (1 byte), day since 1970 (2), list (4), recipient (8), and the first 8 bytes of
HMAC-SHA256 over these, the prefix and the domain; in base32 in lower case, because gateways fold case. The same token may
stand in ENVID (RFC 3461, section 4.4) and in a header field, for servers that rewrite return paths.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from bouncery.policy.event import PolicyError, seconds
from bouncery.policy.foreign import stripped
from bouncery.policy.numbers import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PAYLOAD = Struct(">BHIQ")
MAC = 8
LENGTH = 37
"""Characters of a token: 23 bytes in base32 without padding."""
LONGEST_LOCAL = 64
"""Octets of a local part (RFC 5321, section 4.5.3.1.1)."""
SHORTEST_KEY = 16
ALPHABET = re.compile(r"[a-z2-7]*")
PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
HEADER = "X-Bouncery-Id"
"""Header field that carries the token in the message itself."""


class Token(NamedTuple):
    """A token whose signature holds."""

    recipient: int
    list: int
    day: int
    """Days since 1970."""
    key: int


class Bad(NamedTuple):
    """A token of ours that does not hold: forged, cut, or too old."""

    why: str


class Verp:
    """Makes and checks return paths.

    `keys` are the secrets by id (0 to 255), so that a key can be replaced while mail is out.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        prefix: str,
        domain: str,
        *,
        current: int | None = None,
        delimiter: str = "+",
        days: int = 30,
    ) -> None:
        """Take the secrets, the local part before the delimiter, and the domain; `current` signs, by default the highest id."""
        if not keys or any(not 0 <= key <= 255 or len(secret) < SHORTEST_KEY for key, secret in keys.items()):
            raise PolicyError(
                "verp", "keys", f"give at least one secret of {SHORTEST_KEY} bytes or more, with an id of 0 to 255"
            )
        if not PREFIX.fullmatch(prefix) or len(prefix) + len(delimiter) + LENGTH > LONGEST_LOCAL:
            most = LONGEST_LOCAL - LENGTH - len(delimiter)
            raise PolicyError("verp", "prefix", f"{prefix!r} must be 1 to {most} letters, digits, dots, hyphens or underscores")
        self._keys = dict(keys)
        self._current = max(keys) if current is None else current
        if self._current not in self._keys:
            raise PolicyError("verp", "current", f"there is no key {self._current}")
        self.prefix, self.domain, self.delimiter, self.days = prefix.lower(), domain.lower(), delimiter, days

    def _mac(self, key: int, payload: bytes) -> bytes:
        signed = b"|".join((payload, self.prefix.encode(), self.domain.encode()))
        return hmac.digest(self._keys[key], signed, "sha256")[:MAC]

    def token(self, recipient: int, list_id: int, when: datetime | float) -> str:
        """Give the bare token, for ENVID and `X-Bouncery-Id`."""
        payload = PAYLOAD.pack(self._current, int(seconds(when) // DAY), list_id, recipient)
        return b32encode(payload + self._mac(self._current, payload)).decode().rstrip("=").lower()

    def encode(self, recipient: int, list_id: int, when: datetime | float) -> str:
        """Give the return path for one mail to one recipient."""
        return f"{self.prefix}{self.delimiter}{self.token(recipient, list_id, when)}@{self.domain}"

    def decode(self, address: str, now: datetime | float) -> Token | Bad | None:
        """Read a return path, also wrapped in BATV or SRS; None if it carries no token of ours."""
        local, at, domain = stripped(address.strip().strip("<>")).rpartition("@")
        begin = f"{self.prefix}{self.delimiter}"
        if not at or domain.lower().rstrip(".") != self.domain or not local.lower().startswith(begin):
            return None
        return self.check(local[len(begin) :], now)

    def check(self, token: str, now: datetime | float) -> Token | Bad | None:
        """Check a bare token; None if it is written in another alphabet, and so was never one."""
        text = token.lower()
        if not ALPHABET.fullmatch(text):
            return None
        if len(text) != LENGTH:
            return Bad("length")
        raw = b32decode(text.upper() + "===")
        # The last character has a bit to spare: two spellings of one token would be two tokens.
        if b32encode(raw).decode().rstrip("=").lower() != text:
            return Bad("spelling")
        return self._verified(raw[:-MAC], raw[-MAC:], seconds(now) // DAY)

    def _verified(self, payload: bytes, mac: bytes, today: float) -> Token | Bad:
        key, day, list_id, recipient = PAYLOAD.unpack(payload)
        if key not in self._keys:
            return Bad("key")
        if not hmac.compare_digest(mac, self._mac(key, payload)):
            return Bad("signature")
        if not -1 <= today - day <= self.days:
            return Bad("age")
        return Token(recipient, list_id, day, key)

    def find(self, addresses: Iterable[str], tokens: Iterable[str], now: datetime | float) -> Token | Bad | None:
        """Look through the addresses and bare tokens of a message: one that holds wins over those that do not."""
        bad: Bad | None = None
        readings = [self.decode(address, now) for address in addresses] + [self.check(token.strip(), now) for token in tokens]
        for reading in readings:
            if isinstance(reading, Token):
                return reading
            bad = bad or reading
        return bad
