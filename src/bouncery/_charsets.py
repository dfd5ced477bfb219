"""Bytes to text under the charset labels that mail really carries.

Order: as declared, as UTF-8, either with a few damaged places, as detected, ISO 8859-1. The result never holds a lone
surrogate, which no writer of JSON accepts.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHARSETS = {
    "8bit": None,
    "ansi_x3.4-1968": "ascii",
    "binary": None,
    "default": None,
    "idna": None,
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "koi8": "koi8-r",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ms-ansi": "cp1252",
    "none": None,
    "punycode": None,
    "raw_unicode_escape": None,
    "raw-unicode-escape": None,
    "tis-620": "cp874",
    "uft-8": "utf-8",
    "uft8": "utf-8",
    "undefined": None,
    "unicode_escape": None,
    "unicode-escape": None,
    "unicode": "utf-16",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-2-0-utf-8": "utf-8",
    "unknown": None,
    "unknown-8bit": None,
    "utf": "utf-8",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "x-euc-jp": "euc-jp",
    "x-gbk": "gbk",
    "x-mac-roman": "mac-roman",
    "x-ms-cp932": "cp932",
    "x-sjis": "cp932",
    "x-unknown": None,
}
"""Charset labels that Python does not know, or knows as something that no mail means; None is no label at all."""

WIDER = {
    "ascii": ("ascii",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "eucjis2004"),
    "euc_kr": ("euc_kr", "cp949"),
    "gb2312": ("gb2312", "gb18030"),
    "gbk": ("gbk", "gb18030"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004"),
    "iso8859-1": ("cp1252", "latin-1"),
    "shift_jis": ("cp932", "shift_jis_2004"),
}
"""What software writes under a charset's name, where that is more than the charset."""

SIBLINGS = {
    "cp932": ("euc_jp",),
    "euc_jp": ("cp932",),
    "iso2022_jp": ("euc_jp", "cp932"),
    "shift_jis": ("euc_jp",),
}
"""What mail in a language is written in when it is not in the charset that its label names."""

SURROGATE = re.compile(r"[\ud800-\udfff]")


def characters(raw: bytes, charset: str | None, detect: Callable[[bytes], str | None]) -> tuple[str, list[str]]:
    """Decode bytes under a header's charset label; never raises. Gives the text and notes on what was wrong.

    `detect` names the charset of bytes that are neither what was declared nor UTF-8.
    """
    label = (charset or "").split(";", maxsplit=1)[0].split("*", maxsplit=1)[0].strip().strip("\"'<>").lower()
    name = known(label)
    declared = WIDER.get(name, (name,)) if name else ()
    for candidate in (*escaped(raw), *declared):
        text = strictly(raw, candidate)
        if text is not None:
            return text, []
    notes = (
        [f"charset {'wrong' if name else 'unknown'}: {printable(label)}"] if name or (label and label not in CHARSETS) else []
    )
    for candidate in ("utf-8", *declared[-1:]):
        text = strictly(raw, candidate) or nearly(raw, candidate)
        if text is not None:
            return text, notes
    for sibling in SIBLINGS.get(name or "", ()):
        text = strictly(raw, sibling)
        if text is not None:
            return text, [*notes, f"charset guessed: {sibling}"]
    found = known((detect(raw) or "").lower())
    text = strictly(raw, found) if found else None
    if text is not None:
        return text, [*notes, f"charset guessed: {found}"]
    return raw.decode("latin-1"), [*notes, "charset guessed: iso-8859-1"]


def known(label: str) -> str | None:
    """Give Python's name of a charset, or None."""
    name = CHARSETS.get(label, label)
    if not name:
        return None
    for spelling in (name, name.replace("cp-", "cp"), name.removeprefix("x-"), name.replace("_", "-"), name.replace(" ", "")):
        try:
            # Python also lists codecs from bytes to bytes: only a real charset decodes.
            bytes(4).decode(spelling, "replace")
            return codecs.lookup(spelling).name
        except (LookupError, ValueError):
            continue
    return None


def escaped(raw: bytes) -> tuple[str, ...]:
    """Give the charsets that mark themselves by escape sequences (RFC 1468, RFC 1557), whatever the label says."""
    if b"\x1b$" not in raw:
        return ()
    return ("iso2022_kr",) if b"\x1b$)C" in raw else WIDER["iso2022_jp"]


def strictly(raw: bytes, name: str) -> str | None:
    """Decode bytes that are wholly in a charset; None if they are not."""
    try:
        text = raw.decode(name)
    except (LookupError, ValueError):
        return None
    # UTF-7 can spell one half of a pair.
    return text if text.isascii() or name == "utf-8" else SURROGATE.sub("\ufffd", text)


def nearly(raw: bytes, name: str) -> str | None:
    """Decode bytes that are in a charset but for a few places: cut inside a character, or damaged."""
    text = SURROGATE.sub("\ufffd", raw.decode(name, "replace"))
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if 5 * text.count("\ufffd") <= beyond_ascii else None


def printable(label: str) -> str:
    """Make a word from a header fit for a note."""
    return ascii(label[:40])[1:-1]
