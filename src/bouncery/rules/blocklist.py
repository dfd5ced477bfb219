"""The blocklist that a reply names, and the address or name that is on it. The lists are in blocklists.toml.

A product's name alone is no listing: a filter may be called after a company that also runs a list. A list counts by its zone,
by a provider's code for it, by its name next to a word of listing, or as the host name behind "blocked using".
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from enum import IntEnum
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import msgspec

from bouncery.model import Blocklist
from bouncery.phrases import PhraseBook, fold
from bouncery.rules.normalise import CONTINUATION

TEXT_LIMIT: Final = 8_192
MATCHES_LIMIT: Final = 64
NEAR: Final = 70

HOST: Final = r"[a-z0-9][a-z0-9_-]{0,62}(?:\.[a-z0-9_-]{1,63}){0,8}\.[a-z][a-z0-9-]{1,23}(?![a-z0-9_@-]|\.[a-z0-9])"
ADDRESS: Final = re.compile(
    r"(?<![\w.:/-])(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w-]|\.\d)|(?=[0-9a-f]{0,4}:)[0-9a-f:]{3,39}(?![\w:]))"
    r"|(?<=ip=)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.-])|(?<=/)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.-])"
)
LISTING: Final = re.compile(
    r"list(?:ed|ing|s)?\b|black|block|\brbl|dnsbl|\bbl\b|reject|denied|banned|refused|poor|reputation|\bfound\b"
)
NOT_LISTED: Final = re.compile(
    r"\b(?:not|no longer|never) (?:currently |yet )?(?:black-?|block-?)?listed\b|\bde-?listed\b|\bwhite-?listed\b"
)
ANNOUNCED: Final = re.compile(
    r"\b(?:(?P<sure>blocked using|blacklisted using|rejected using|listed (?:at|in|on))"
    r"|(?:listed|found|blocked|blacklisted|black-listed|rejected|denied|refused) (?:at|by|in|on|from))"
    rf"[ :\"'(\[]{{1,3}}(?:the |dnsbl |rbl |blocklist |blacklist |list |zone |https?://){{0,2}}(?P<zone>{HOST})"
)
LISTLIKE: Final = re.compile(
    r"bl(?:ack|ock|s|\d|-|_|\.|$)|spam|(?:^|[.-])(?:black|block)?list|reputation|abuse|(?:^|\.)(?:drop|rep)\."
)
BY_NAME: Final = re.compile(
    r"\b(?:domain|url|uri|link|helo|hostname|mailfrom|mail from|sender address|sender|website)s?(?: name| command)?"
    rf"(?: is| in this (?:e-?mail|message)| found)?[ :=]{{0,2}}[\"'(\[<]{{0,2}}(?:https?://)?(?:[^\s@]{{1,64}}@)?(?P<name>{HOST})"
)
URL_WORD: Final = re.compile(r"\b(?:url|uri|link|website)s?\b")
DOMAIN_WORD: Final = re.compile(r"\b(?:domain|helo|mailfrom|mail from|sender address)\b")
BITS: Final = r"([01]{3,8})\b"


class Level(IntEnum):
    """How surely a text names a list."""

    UNKNOWN = 0
    LINK = 1
    NAME = 2
    ZONE = 3
    CODE = 4


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[list]]` table: a list's name and what it goes by."""

    name: str
    kind: str
    zones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


class Mask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[bits]]` table: a provider's code whose bits stand for lists, from the right."""

    prefix: str
    kind: str
    names: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """blocklists.toml."""

    list: tuple[Listing, ...]
    bits: tuple[Mask, ...]


class Found(NamedTuple):
    """A list that a text names: how surely, and where."""

    level: Level
    name: str
    kind: str
    start: int
    end: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The order in which findings win: the surer, the longer, the earlier."""
        return self.level, self.end - self.start, -self.start


@cache
def table() -> Table:
    """Read blocklists.toml."""
    text = resources.files("bouncery.rules").joinpath("blocklists.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


@cache
def book() -> PhraseBook[tuple[Level, Listing]]:
    """Compile all zones, names and codes."""
    return PhraseBook(
        (phrase, (level, listing))
        for listing in table().list
        for level in (Level.CODE, Level.ZONE, Level.NAME, Level.LINK)
        for phrase in getattr(listing, f"{level.name.lower()}s")
    )


def blocklist(text: str) -> Blocklist | None:
    """Give the blocklist that a reply says the sender is on; None if it names none."""
    text = fold(CONTINUATION.sub(" ", text[:TEXT_LIMIT]))[:TEXT_LIMIT]
    if NOT_LISTED.search(text):
        return None
    found = [*known(text), *masks(text)] or unknown(text)
    if not found:
        return None
    best = max(found, key=lambda each: each.rank)
    address = nearest_address(text, best)
    kind = best.kind if address or best.kind != "ip" or best.level is Level.CODE else kind_by_words(text, best)
    return Blocklist(best.name, kind, address if kind in ("ip", "private") else listed_name(text, best))


def known(text: str) -> list[Found]:
    """Give the lists of the table that stand in a text."""
    found = []
    for phrase, start, end in book().find(text):
        for level, listing in phrase.meanings:
            if (level is not Level.NAME or LISTING.search(text, max(0, start - NEAR), end + NEAR)) and text[
                start - 1 : start
            ] != "@":
                found.append(Found(level, listing.name, listing.kind, start, end))
        if len(found) >= MATCHES_LIMIT:
            break
    return found


def masks(text: str) -> list[Found]:
    """Give the lists that a provider's code names by its bits."""
    found = []
    for mask in table().bits:
        for match in re.finditer(re.escape(mask.prefix) + BITS, text):
            lowest = match[1][::-1].find("1")
            if 0 <= lowest < len(mask.names):
                found.append(Found(Level.CODE, mask.names[lowest], mask.kind, *match.span()))
    return found


def unknown(text: str) -> list[Found]:
    """Give host names that a reply calls a list, though the table does not hold them."""
    found = []
    for match in ANNOUNCED.finditer(text):
        zone = match["zone"]
        if match["sure"] or LISTLIKE.search(zone):
            found.append(Found(Level.UNKNOWN, zone, kind_of_zone(zone), *match.span("zone")))
    return found[:1]


def kind_of_zone(zone: str) -> str:
    """Guess from a zone's name what it lists."""
    if re.search(r"uri|surbl", zone):
        return "url"
    return "domain" if re.search(r"(?:^|[.-])(?:dbl|rhsbl|dnsdbl|domain)", zone) else "ip"


def kind_by_words(text: str, found: Found) -> str:
    """Give the kind that the words before a list tell, where no address is listed."""
    before = text[max(0, found.start - 2 * NEAR) : found.start]
    if URL_WORD.search(before):
        return "url"
    return "domain" if DOMAIN_WORD.search(before) else found.kind


def nearest_address(text: str, found: Found) -> str | None:
    """Give the IP address that stands nearest to a list; addresses of loopback are answers of a list, not entries."""
    best: tuple[int, str] | None = None
    for count, match in enumerate(ADDRESS.finditer(text)):
        if count >= MATCHES_LIMIT:
            break
        try:
            address = ipaddress.ip_address(match[0])
        except ValueError:
            continue
        away = max(found.start - match.end(), match.start() - found.end, 0)
        if not address.is_loopback and not address.is_unspecified and (best is None or away < best[0]):
            best = (away, str(address))
    return best[1] if best else None


def listed_name(text: str, found: Found) -> str | None:
    """Give the domain that the words before a list call by its kind, the nearest one."""
    names = [match for match in BY_NAME.finditer(text, max(0, found.start - 4 * NEAR)) if match.end() <= found.start]
    names = names or [match for match in BY_NAME.finditer(text) if match.start("name") >= found.end]
    return names[-1]["name"] if names else None
