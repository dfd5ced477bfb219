"""Against other people's readers: recipients against flufl.bounce, parts against the standard library and flanker.

Where they differ, the file is listed with the reason. A message that is listed and no longer differs fails as well.
"""

from __future__ import annotations

import contextlib
import email
import logging
from typing import TYPE_CHECKING, Any

import pytest
from flufl.bounce import all_failures

from bouncery import Limits, parse
from bouncery._flanker import import_flanker
from bouncery.message import read
from tests.messages import NAMES, addresses, corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

INNER = "takes the recipient of a bounce that is quoted inside"
NO_BOUNCE = "takes an example in a message that is no bounce"
RETURNED = "takes an address that somebody wrote in the returned message"
OCTETS = "leaves octets as Exim writes them"
EQUALS = "cuts a local part at an equals sign"
FLUFL = {
    "real/exim/eai-domain-01": OCTETS,
    "real/exim/eai-local-01": OCTETS,
    "real/exim/plus-01": EQUALS,
    "real/haraka/plus-01": EQUALS,
    "real/postfix/plus-01": EQUALS,
    "disposition/returned-bounce-01": INNER,
    "dsn/bounce-of-bounce-01": INNER,
    "dsn/bounce-of-bounce-02": INNER,
    "feedback/abuse-bounce-inside-01": INNER,
    "text/other-05": NO_BOUNCE,
    "text/other-16": NO_BOUNCE,
    "dsn/final-missing-02": RETURNED,
    "feedback/abuse-03": RETURNED,
    "feedback/abuse-container-02": RETURNED,
    "feedback/auth-failure-02": RETURNED,
    "text/activehunter-01": RETURNED,
    "text/dragonfly-04": RETURNED,
    "text/groupwise-04": RETURNED,
    "text/groupwise-05": RETURNED,
    "text/hotpop-01": RETURNED,
    "text/interscan-03": RETURNED,
    "text/mailmarshal-03": RETURNED,
    "text/netscape-01": RETURNED,
    "text/notes-02": RETURNED,
    "text/pipe-02": RETURNED,
    "text/smail-02": RETURNED,
    "text/v5sendmail-01": RETURNED,
    "dsn/final-source-route-01": "takes the route for the mailbox (RFC 5321, section 4.1.1.3)",
    "dsn/original-xtext-01": "does not decode xtext (RFC 3461, section 4)",
    "text/keyvalue-04": "takes a row of JSON for an address",
    "text/mailru-01": "takes the address to ask, with the full stop behind it",
    "text/zoho-01": "takes the address of the sender",
}
"""Where flufl.bounce names a recipient that this library does not."""
UNGUARDED = {"dsn/blank-first-01", "dsn/bom-01", "dsn/line-end-crcrlf-01"}
"""Where a detector of flufl.bounce raises IndexError: no From field is found."""

NO_HEADER = "ends the header at the blank line, BOM or stray carriage return before it"
NO_BOUNDARY = "does not look for the boundary that the header does not name"
STANDARD_LIBRARY = {
    "dsn/blank-first-01": NO_HEADER,
    "dsn/bom-01": NO_HEADER,
    "dsn/line-end-crcrlf-01": NO_HEADER,
    "dsn/boundary-missing-01": NO_BOUNDARY,
    "dsn/boundary-wrong-01": NO_BOUNDARY,
    "dsn/content-type-missing-01": NO_BOUNDARY,
}
"""Where the standard library sees other parts."""
UNKNOWN_TYPE = "refuses subtypes of message that it does not know"
FLANKER = {
    "real/courier/eai-domain-01": UNKNOWN_TYPE,
    "real/courier/eai-local-01": UNKNOWN_TYPE,
    "real/courier/full-latin1-01": UNKNOWN_TYPE,
    "real/courier/unknown-utf8-01": UNKNOWN_TYPE,
    "real/exim/eai-domain-01": UNKNOWN_TYPE,
    "real/exim/eai-local-01": UNKNOWN_TYPE,
    "real/postfix/eai-domain-01": UNKNOWN_TYPE,
    "real/postfix/eai-local-01": UNKNOWN_TYPE,
    "real/postfix/eai-refused-01": UNKNOWN_TYPE,
    "disposition/utf8-01": UNKNOWN_TYPE,
    "dsn/eai-base64-01": UNKNOWN_TYPE,
    "dsn/eai-mixed-01": UNKNOWN_TYPE,
    "dsn/eai-quoted-printable-01": UNKNOWN_TYPE,
    "dsn/eai-raw-01": UNKNOWN_TYPE,
    "dsn/eai-unsupported-01": UNKNOWN_TYPE,
    "dsn/type-unknown-01": UNKNOWN_TYPE,
    "dsn/top-level-01": "refuses a delivery status without a multipart around it",
    "dsn/container-parameter-02": "refuses an unusual spelling of the boundary parameter",
    "dsn/line-end-cr-01": "knows no carriage return as the end of a line",
    "dsn/blank-first-01": NO_HEADER,
    "dsn/line-end-crcrlf-01": NO_HEADER,
    "dsn/boundary-missing-01": NO_BOUNDARY,
    "dsn/boundary-wrong-01": NO_BOUNDARY,
    "dsn/content-type-missing-01": NO_BOUNDARY,
}
"""Where flanker sees other parts, or refuses the message."""


@pytest.mark.parametrize("name", NAMES)
def test_finds_what_flufl_finds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recipient that flufl.bounce finds is found, but for its listed mistakes."""
    monkeypatch.setattr(logging.getLogger("flufl.bounce"), "disabled", True)
    message = email.message_from_bytes(corpus(name))
    if name in UNGUARDED:
        with contextlib.suppress(IndexError):  # it depends on what the standard library of the interpreter makes of the header
            assert not any(all_failures(message))
        return
    temporary, permanent = all_failures(message)
    theirs = {address.decode("utf-8", "replace").casefold() for address in temporary | permanent if address}
    ours = {address.casefold() for address in addresses(parse(corpus(name)))}
    assert theirs <= ours or name in FLUFL, theirs - ours


def leaves(message: Any) -> Iterator[str]:  # noqa: ANN401 - the payload of a message has too many types
    """Give the types of the leaf parts; a returned message is one part."""
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            yield from leaves(part)
    else:
        yield message.get_content_type()


def own_leaves(name: str) -> list[str]:
    """Give the types of the leaf parts as this library sees them."""
    return [part.media_type for part in read(corpus(name), Limits()).parts]


@pytest.mark.parametrize("name", NAMES)
def test_parts_are_those_of_the_standard_library(name: str) -> None:
    """The standard library sees the same parts, but for the listed ones."""
    same = own_leaves(name) == list(leaves(email.message_from_bytes(corpus(name))))
    assert same == (name not in STANDARD_LIBRARY)


def flanker_leaves(part: Any) -> Iterator[str]:  # noqa: ANN401 - flanker has no types
    """Give the types of the leaf parts as flanker sees them."""
    if part.content_type.is_multipart():
        for inner in part.parts:
            yield from flanker_leaves(inner)
    else:
        yield f"{part.content_type.main}/{part.content_type.sub}"


@pytest.mark.parametrize("name", NAMES)
def test_parts_are_those_of_flanker(name: str) -> None:
    """Flanker sees the same parts where it reads the message at all, but for the listed ones."""
    assert import_flanker() is not None
    from flanker import mime
    from flanker.mime.message.errors import DecodingError

    try:
        theirs = list(flanker_leaves(mime.from_string(corpus(name))))
    except DecodingError:
        theirs = []
    assert (own_leaves(name) == theirs) == (name not in FLANKER)


def test_exceptions_exist() -> None:
    """Whatever is listed is a message of the corpus."""
    assert {*FLUFL, *UNGUARDED, *STANDARD_LIBRARY, *FLANKER} <= set(NAMES)
