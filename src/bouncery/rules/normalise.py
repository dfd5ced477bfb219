"""One form for all spellings of a reply, so that a phrase is written once.

Case, spacing, accents, addresses and the codes repeated on each line of a multi-line reply say nothing about the cause.
"""

from __future__ import annotations

import re

from bouncery.phrases import fold

# RFC 5321, section 4.2.1: every line but the last carries "code-"; RFC 2034, section 4 repeats the enhanced code.
CONTINUATION = re.compile(r"[245](?<!\w.)\d\d-(?:[245]\.\d{1,3}\.\d{1,3}\b)?")
# Addresses go, but that a reply named none where servers name one is a fact of its own (KDDI: "550 : User unknown").
NOBODY = re.compile(r"([245]\d\d) : ")
# East Asian scripts put no space between an address and the sentence around it.
ADDRESS = re.compile(r"<?[^\s<>()\[\]\"',;:@\u2e80-\uffff]{1,128}@(?:[^\s<>()\[\]\"',;:@.\u2e80-\uffff]|\.(?!\.)){1,255}>?")
# RFC 5321, section 4.5.3.1 bounds a path at 256 octets: what is longer is no address.
LONGEST_WORD = 400


def normalise(text: str) -> str:
    """Fold case, accents, spaces, addresses and multi-line prefixes; linear in the text."""
    if " : " in text:
        text = NOBODY.sub(r"\1 (nobody): ", text)
    if "-" in text:
        text = CONTINUATION.sub(" ", text)
    if "@" in text:
        text = " ".join([without_address(word) if "@" in word else word for word in text.split()])
    return fold(text)


def without_address(word: str) -> str:
    """Take the addresses out of a word and keep what stood around them."""
    return ADDRESS.sub(" ", word) if len(word) <= LONGEST_WORD else ""
