"""The only importer of flanker: decoding of parts that are not plain, RFC 2047 headers, address lists, normal form.

flanker costs 225 ms and rewrites its parse tables at first import, so it is imported on first need. It raises more
than its own errors and refuses real input, so every call is guarded and falls back to the standard library.
"""

from __future__ import annotations

import binascii
import re
import threading
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from bouncery._charsets import characters, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

SAMPLE = 2_048
"""Bytes that are shown to the charset detector: it takes milliseconds for each kilobyte."""
ENOUGH = 6
"""Bytes beyond ASCII without which the detector names a charset at random."""
LONGEST_LIST = 65_536
"""Characters of an address list that are read."""
LONGEST_DOMAIN = 255
"""RFC 5321, section 4.5.3.1.2."""
IMPORTING = threading.Lock()
PLAIN = frozenset({"", "7bit", "8bit", "binary"})
BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
PROSE = re.compile(rb"[^A-Za-z0-9+/\s]|\S[ \t]+\S")
EIGHT_BIT = re.compile(rb"[\x80-\xff]")
# RFC 2045, section 6.7, rule 3: white space behind a soft line break was added in transport.
PADDED_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")
# RFC 2047, section 2. The encoded text holds no "?", which also keeps the search linear.
WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bq])\?([^?]*)\?=", re.IGNORECASE)


class Flanker(NamedTuple):
    """The modules of flanker that are used."""

    part: Any
    words: Any
    utils: Any
    address: Any


@cache
def import_flanker() -> Flanker | None:
    """Import flanker without its noise and without its parse tables, which processes would write over each other's."""
    import logging
    import warnings

    logging.getLogger("flanker").addHandler(logging.NullHandler())
    try:
        import ply.yacc
    except Exception:  # noqa: BLE001
        return None
    original = ply.yacc.yacc
    ply.yacc.yacc = partial(original, write_tables=False, check_recursion=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from flanker.addresslib import address
            from flanker.mime.message import part, utils
            from flanker.mime.message.headers import encodedword
    except Exception:  # noqa: BLE001
        return None
    finally:
        ply.yacc.yacc = original
    return Flanker(part, encodedword, utils, address)


def ask(question: Callable[[Flanker], T | None]) -> T | None:
    """Give flanker's answer; None where it raises or cannot be imported."""
    with IMPORTING:
        flanker = import_flanker()
    try:
        return question(flanker) if flanker else None
    except Exception:  # noqa: BLE001
        return None


def decode_body(body: bytes, encoding: str, charset: str | None) -> tuple[str, list[str]]:
    """Decode a part's transfer encoding (RFC 2045, section 6) and charset; never raises.

    `encoding` and `charset` are the header's words. Gives the text, which holds no lone surrogate, and notes on what
    was wrong. An unknown transfer encoding leaves the body as it is.
    """
    raw, notes = transferred(body, encoding.split(";", maxsplit=1)[0].strip().strip("\"'").lower())
    text, more = characters(raw, charset, detected)
    return text, notes + more


def transferred(body: bytes, encoding: str) -> tuple[bytes, list[str]]:
    """Undo a transfer encoding."""
    if encoding in PLAIN:
        return body, []
    if encoding in {"base64", "b", "base-64"}:
        return from_base64(body)
    if encoding in {"quoted-printable", "q", "quotedprintable"}:
        return from_quoted_printable(PADDED_BREAK.sub(b"=", body)), []
    return body, [f"transfer encoding unknown: {printable(encoding)}"]


def from_quoted_printable(body: bytes) -> bytes:
    """Decode quoted-printable; what is no escape stays as it is."""
    decoded = ask(lambda flanker: bytes(flanker.part._decode_transfer_encoding("quoted-printable", body)))  # noqa: SLF001
    return binascii.a2b_qp(body) if decoded is None else decoded


def from_base64(body: bytes) -> tuple[bytes, list[str]]:
    """Decode base64, also where it is damaged, unpadded, in several runs or followed by plain text."""
    # Base64 has no spaces and prose has one every six characters: a tenth of spaces is plain text under a wrong label.
    if body.count(b" ") * 10 > len(body):
        return body, ["base64 damaged: the part is plain text"]
    letters = b"".join(body.split())
    if not BASE64.fullmatch(letters) or len(letters) % 4:
        return lenient_base64(body), ["base64 damaged"]
    decoded = ask(lambda flanker: bytes(flanker.part._decode_transfer_encoding("base64", letters)))  # noqa: SLF001
    return (lenient_base64(letters) if decoded is None else decoded), []


def lenient_base64(body: bytes) -> bytes:
    """Decode each run of base64 up to its padding; plain text behind the padding stays as it is."""
    decoded, at = [], 0
    for run in body.split(b"="):
        if at and PROSE.search(run):
            decoded.append(body[at:])
            break
        letters = NOT_BASE64.sub(b"", run)
        letters = letters[:-1] if len(letters) % 4 == 1 else letters
        decoded.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
        at += len(run) + 1
    return b"".join(decoded)


def detected(raw: bytes) -> str | None:
    """Guess a charset from the bytes around the first one that is not ASCII; None where they are too few to tell."""
    found = EIGHT_BIT.search(raw)
    start = max(0, found.start() - 64) if found else 0
    sample = raw[start : start + SAMPLE]
    if len(EIGHT_BIT.findall(sample)) < ENOUGH:
        return None
    return ask(lambda flanker: flanker.utils.primary_detector.detect(sample)["encoding"])


def undetected(_: bytes) -> str | None:
    """Do not guess."""
    return None


def decode_header(value: str) -> str:
    """Decode the encoded words of a header's value (RFC 2047), also words that are cut inside a character; never raises."""
    if "=?" not in value:
        return value
    # The detector takes its time for every word; a long header is not worth it.
    detect = detected if len(value) <= SAMPLE else undetected
    text, run, charset, at = [], b"", "", 0
    for found in WORD.finditer(value):
        between = value[at : found.start()]
        same = not between.strip() and found[1].lower() == charset
        if not same:
            text.append(characters(run, charset, detect)[0] if charset else "")
            run = b""
        # RFC 2047, section 6.2: white space between two encoded words is not shown.
        if between.strip() or not charset:
            text.append(between)
        run += word_bytes(found[2].lower(), found[3])
        charset, at = found[1].lower(), found.end()
    text.append(characters(run, charset, detect)[0] if charset else "")
    return "".join(text) + value[at:]


def word_bytes(encoding: str, encoded: str) -> bytes:
    """Decode the text of one encoded word."""
    decoded = ask(lambda flanker: bytes(flanker.words._decode_part("", encoding, encoded)[1]))  # noqa: SLF001
    if decoded is not None:
        return decoded
    raw = encoded.encode("utf-8", "replace")
    return lenient_base64(raw) if encoding == "b" else binascii.a2b_qp(raw, header=True)


def address_list(value: str) -> list[str]:
    """Give the bare addresses of a From or To header (RFC 5322, section 3.4), spelled as they stand there; never raises."""
    value = " ".join(value.split())
    if len(value) > LONGEST_LIST:
        value = value[: value.rfind(",", 0, LONGEST_LIST) + 1]
    if "@" not in value:
        return []
    found = ask(lambda flanker: flanker.address.parse_list(value, as_tuple=True))
    if found and found[0] and not found[1]:
        return list(as_spelled(value, [entry for entry in found[0] if entry.addr_type == "email"]))
    return plain_list(value)


def as_spelled(value: str, entries: list[Any]) -> Iterator[str]:
    """Give each address as it stands in the header: flanker folds the domain's case and decodes its A-labels."""
    lowered, at = value.lower(), 0
    for entry in entries:
        for domain in (entry.hostname, ascii_domain(entry.hostname)):
            form = f"{entry.mailbox}@{domain}"
            start = lowered.find(form.lower(), at) if len(lowered) == len(value) else -1
            if start >= 0:
                at = start + len(form)
                yield value[start:at]
                break
        else:
            yield entry.address


def plain_list(value: str) -> list[str]:
    """Read an address list with the standard library, which keeps what breaks the grammar."""
    import email.utils

    lenient = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
    try:
        pairs = email.utils.getaddresses([value], **lenient)
    except Exception:  # noqa: BLE001
        return []
    return [address for _, address in pairs if "@" in address.strip("@")]


def normal_form(address: str) -> str | None:
    """Give an address with its domain in lower case and in A-labels (RFC 5890); None if it is no address; never raises.

    The local part stays as it is: its case and its dots belong to the domain (RFC 5321, section 2.4).
    """
    local, _, domain = address.strip().rpartition("@")
    if not local or not domain:
        return None
    entry = ask(lambda flanker: flanker.address.parse(f"{local}@{domain}", addr_spec_only=True, strict=True))
    if entry is not None:
        return f"{entry.mailbox}@{ascii_domain(entry.hostname)}"
    return f"{local}@{ascii_domain(domain.lower().rstrip('.'))}"


def ascii_domain(domain: str) -> str:
    """Write a domain in A-labels (RFC 5891) where it has such a form."""
    if domain.isascii() or len(domain) > LONGEST_DOMAIN:
        return domain
    encoded = ask(lambda flanker: bytes(flanker.address.idna.encode(domain)).decode("ascii"))
    if encoded is None:
        try:
            encoded = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return domain
    return encoded.lower()
