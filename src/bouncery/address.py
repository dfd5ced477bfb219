r"""Recipient strings: address types, xtext, `\x{}`, quotes and brackets; and one form for comparing.

A recipient field may be "a totally unrecognizable mess" (RFC 3464, section 2.3.2). What holds no address gives None: an
address that was pieced together from a mess could be another subscriber's.
"""

from __future__ import annotations

import re
import unicodedata

from bouncery import _flanker

_LOCAL = r"[A-Za-z0-9!#$%&*+/=?^_{|}~.\-]+"
_DOMAIN = r"(?:[A-Za-z0-9_\-]+\.)+[A-Za-z0-9\-]*[A-Za-z0-9]"
PLAIN = re.compile(rf"\s*<?({_LOCAL}@{_DOMAIN})>?\s*")
FIELD = re.compile(rf"\s*(?:(?i:rfc822)\s*;\s*)?<?({_LOCAL}@{_DOMAIN})>?\s*")
NAMED = re.compile(rf"(?:\"[^\"<>@;:\\]{{0,200}}\"[ \t]{{0,4}}|[^\"<>@;:()]{{0,200}})<({_LOCAL}@{_DOMAIN})>\s*")
TYPE = re.compile(r"\s*([A-Za-z][A-Za-z0-9_\-]{0,30})\s*;\s*")
# Gateways write the type twice.
REPEATED = re.compile(r"(?:rfc822|utf-8)\s*;\s*", re.IGNORECASE)
PREFIX = re.compile(r"(?:mailto|smtp|rfc-?822|internet)\s*[:;]\s*", re.IGNORECASE)
# RFC 5321, section 4.1.1.3: a source route is accepted and ignored.
ROUTE = re.compile(r"@[^:@\s]*(?:,@[^:@\s]*)*:")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
ANGLE = re.compile(r"<([^<>]*)")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
HIDDEN = re.compile(r"\x00(\d+)\x00")
SPACES = str.maketrans("\t\r\n\v\f", "     ")
LONGEST = 4_096
"""Characters of a recipient string that are read."""
DEEPEST = 10
"""Comments in comments that are taken out."""
# RFC 6533, section 3: EmbeddedUnicodeChar.
EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
EMBEDDED_ASCII = frozenset(" +=\\")
# How Exim writes octets that are not ASCII.
OCTETS = re.compile(r"(?:\\[23][0-7]{2})+")
# RFC 3461, section 4: hexchar, in upper case.
HEXCHAR = re.compile(rb"\+([0-9A-F]{2})")
WRAPPED = re.compile(r"\+5Cx\+7B[0-9A-Fa-f]{2,6}\+7D")
NEEDLESS_QUOTES = re.compile(r'"([A-Za-z0-9!#$%&\'*+/=?^_`{|}~.\-]+)"')


def read_address(field: str) -> str | None:
    """Give the address in a recipient field with or without a type (RFC 3464, section 2.3); None if it holds none."""
    found = FIELD.fullmatch(field) or NAMED.fullmatch(field.lstrip())
    if found and "=?" not in found[1]:
        return found[1]
    address_type, raw = typed(_flanker.decode_header(field))
    return clean(decode_utf8_form(raw) if address_type == "utf-8" else raw)


def addresses(field: str) -> list[str]:
    """Give the addresses of a list such as a To field (RFC 5322, section 3.4)."""
    if '"' in field or "(" in field:  # where a comma may stand inside a name
        return [address for piece in _flanker.address_list(field) if (address := clean(piece))]
    return [address for piece in field.split(",") if (address := read_address(piece))]


def typed(field: str) -> tuple[str, str]:
    """Split a recipient field into its address type in lower case (empty if there is none) and the rest as it stands."""
    found = TYPE.match(field)
    if not found:
        return "", field.strip()
    raw = field[found.end() :]
    while repeated := REPEATED.match(raw):
        raw = raw[repeated.end() :]
    return found[1].lower(), raw.strip()


def clean(raw: str) -> str | None:
    """Give the bare address of a recipient string, spelled as it stands there; None if it holds none.

    Takes off brackets, quotes, display name, comments, source route, `mailto:` and punctuation behind the domain. What
    is no valid address but was used as one stays as it is: dots at the ends of a local part, a domain without a dot.
    """
    found = PLAIN.fullmatch(raw)
    if found:
        return found[1]
    text = raw.strip(" \t\r\n\0").translate(SPACES)
    if "@" not in text or len(text) > LONGEST or CONTROL.search(text):
        return None
    quoted: list[str] = []

    def hide(part: re.Match[str]) -> str:
        quoted.append(part[0])
        return f"\x00{len(quoted) - 1}\x00"

    address = bare(uncommented(QUOTED.sub(hide, text)))
    if address:
        return HIDDEN.sub(lambda hidden: quoted[int(hidden[1])], address)
    whole = text
    while whole[:1] + whole[-1:] in {'""', "()"} and len(whole) > 1:
        whole = whole[1:-1]
    return clean(whole) if "@" in whole and len(whole) < len(text) else None


def uncommented(text: str) -> str:
    """Take comments out (RFC 5322, section 3.2.2), from the inside."""
    for _ in range(DEEPEST):
        text, count = COMMENT.subn(" ", text)
        if not count:
            break
    return text


def bare(text: str) -> str | None:
    """Give the address in a text whose quoted strings are hidden."""
    bracketed = [inside for inside in ANGLE.findall(text) if "@" in inside]
    text = bracketed[-1] if bracketed else text
    text = "@".join(piece.strip() for piece in text.split("@"))
    prefix = PREFIX.match(text)
    if prefix:
        text = text[prefix.end() :]
        text = text.split("?", maxsplit=1)[0] if prefix[0][:6].lower() == "mailto" else text
    route = ROUTE.match(text)
    # Words before the address would be a name, but also the first half of a local part with a space in it.
    words = text[route.end() if route else 0 :].split(maxsplit=1)
    address = single(trimmed(words[0])) if words else None
    # A domain without a dot that is followed by a word may be the first half of a broken one.
    cut = address and len(words) > 1 and "." not in address.rpartition("@")[2]
    return None if cut else address


def trimmed(word: str) -> str:
    """Take off what stands around an address in running text."""
    word = word.strip('<>,;"').rstrip(".:,;>\"'`") if word[-1:] != "]" else word.lstrip('<>,;"')
    if word[:1] in {"'", "`"}:
        word = word[1:]
    return word[1:].rstrip("]") if word[:1] == "[" else word


def single(word: str) -> str | None:
    """Give the address that a word is, or the first one of a list; None where a local part may be cut by the list."""
    pieces = re.split("[,;]+", word)
    if not all("@" in piece for piece in pieces):
        return None
    local, _, domain = pieces[0].rpartition("@")
    literal = domain.startswith("[") and domain.endswith("]")
    domain = domain if literal else domain.rstrip(".")
    if not local or set(local) & set('@:<>()[]"') or not any(map(str.isalnum, domain)):
        return None
    if not literal and set(domain) & set(':<>()[]"\x00'):
        return None
    return f"{local}@{domain}"


def decode_utf8_form(raw: str) -> str:
    r"""Decode the `\x{HHHH}` of an address of type utf-8 (RFC 6533, section 3), also wrapped in xtext (RFC 5337, section 3).

    What stands for no character that a sender may write so stays as it is: surrogates, controls, printable ASCII.
    """
    if WRAPPED.search(raw):
        unwrapped = EMBEDDED.sub(embedded, decode_xtext(raw))
        return raw if "\\x{" in unwrapped else unwrapped
    return EMBEDDED.sub(embedded, raw) if "\\x{" in raw else raw


def decode_octets(text: str) -> str:
    r"""Decode the `\ooo` of octets that are UTF-8 together; others stay as they are."""
    return OCTETS.sub(octets, text) if "\\" in text else text


def octets(found: re.Match[str]) -> str:
    """Give the characters that some octets stand for, or the octets as they are written."""
    try:
        return bytes(int(octet, 8) for octet in found[0][1:].split("\\")).decode()
    except UnicodeDecodeError:
        return found[0]


def embedded(found: re.Match[str]) -> str:
    """Give the character that an escape stands for, or the escape."""
    point = int(found[1], 16)
    if point > 0x10FFFF:
        return found[0]
    char = chr(point)
    if CONTROL.match(char) or (char.isascii() and char not in EMBEDDED_ASCII):
        return found[0]
    return char


def decode_xtext(raw: str) -> str:
    """Decode the `+HH` of xtext (RFC 3461, section 4); the text as it is where that gives no text."""
    if "+" not in raw:
        return raw
    try:
        decoded = HEXCHAR.sub(lambda found: bytes.fromhex(found[1].decode()), raw.encode()).decode()
    except UnicodeError:
        return raw
    return raw if CONTROL.search(decoded) else decoded


def original(field: str, *known: str | None) -> str | None:
    """Give the address of an Original-Recipient field, which senders write in xtext or not (RFC 3464, section 2.3.1).

    `u+2Btag@x` is `u+tag@x` in xtext, but `u+20@x` may be itself: the form wins that equals one of the addresses that
    are known otherwise, such as the final recipient. Failing that, xtext must show itself: each `+` begins `+2B` or `+3D`.
    """
    plain = read_address(field)
    address_type, raw = typed(field)
    decoded = decode_xtext(raw)
    candidate = clean(decode_utf8_form(decoded) if address_type == "utf-8" else decoded)
    if candidate is None or candidate == plain:
        return plain
    others = {comparable(address) for address in known if address}
    if plain is None or comparable(plain) in others:
        return plain or candidate
    if comparable(candidate) in others:
        return candidate
    marks = re.findall(r"\+(..)?|=", raw.rpartition("@")[0])
    return candidate if set(marks) <= {"2B", "3D"} else plain


def comparable(address: str) -> str:
    """Give the form in which two spellings of one address are equal; it is no address to send to.

    The case of both parts is folded, the domain is in A-labels (RFC 5890), needless quotes are gone.
    """
    if address.isascii() and '"' not in address and "\\" not in address:
        return address.strip().rstrip(".").lower()
    normal = unicodedata.normalize("NFC", decode_octets(address.strip()))
    if not normal.rpartition("@")[2].isascii():
        normal = _flanker.normal_form(normal) or normal
    local, at, domain = normal.rpartition("@")
    needless = NEEDLESS_QUOTES.fullmatch(local)
    return f"{(needless[1] if needless else local).casefold()}{at}{domain.rstrip('.').lower()}"
