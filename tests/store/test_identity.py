# ruff: noqa: D103 - a test's name says what it holds
"""Two copies of a message have one content, whatever deliveries did to them; two messages have two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncery.store.identity import LONGEST, content_digest, storable
from tests.cli.letters import bounce

if TYPE_CHECKING:
    from collections.abc import Callable

TRACE = b"Return-Path: <>\nReceived: from mx.example.org by mail.example.net\n\tfor <u@example.net>\nX-UID: 7\n"
DELIVERIES: dict[str, Callable[[bytes], bytes]] = {
    "line endings": lambda mail: mail.replace(b"\n", b"\r\n"),
    "trace fields before": lambda mail: TRACE + mail,
    "trace fields behind": lambda mail: mail.replace(b"\n\n", b"\nDelivered-To: u@example.net\nStatus: RO\n\n", 1),
    "blank lines at the end": lambda mail: mail + b"\n\r\n",
    "no line ending at the end": lambda mail: mail.rstrip(),
    "folding": lambda mail: mail.replace(b"Subject: Undelivered Mail ", b"Subject: Undelivered Mail\n\t"),
    "spaces in a field": lambda mail: mail.replace(b"Subject: ", b"Subject:   ", 1),
    "case of a name": lambda mail: mail.replace(b"Subject:", b"SUBJECT:", 1),
    "an mbox": lambda mail: mail.replace(b"\nFrom the", b"\n>From the"),
}
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "date": lambda mail: mail.replace(b"10:00:00", b"10:00:01", 1),
    "subject": lambda mail: mail.replace(b"Undelivered", b"Delayed", 1),
    "recipient": lambda mail: mail.replace(b"u@example.com", b"v@example.com"),
    "one letter of the body": lambda mail: mail.replace(b"could not", b"could now"),
    "a field that is missing": lambda mail: mail.replace(b"To: list-bounces@example.net\n", b"", 1),
}
MAIL = bounce().replace(b"could not be delivered.", b"could not be delivered.\nFrom the queue it was taken.")


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_delivery_changes_nothing(delivery: str) -> None:
    changed = DELIVERIES[delivery](MAIL)
    assert changed != MAIL
    assert content_digest(changed) == content_digest(MAIL)


@pytest.mark.parametrize("change", CHANGES)
def test_another_message_is_another(change: str) -> None:
    assert content_digest(CHANGES[change](MAIL)) != content_digest(MAIL)


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\n", b"no header at all", b"Subject: x", b"\r\n\r\n\r\n", b":\n :\n\n\xff"])
def test_anything_has_a_content(data: bytes) -> None:
    assert len(content_digest(data)) == 32


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_header_and_body_are_not_confused(header: bytes, body: bytes) -> None:
    mail = b"Subject: a\n\n" + body
    assert content_digest(header + mail) == content_digest((header + mail).replace(b"\r\n", b"\n"))
    if body.strip() and b"\r" not in body:
        assert content_digest(mail) != content_digest(b"Subject: a\n\n")


@given(st.text(max_size=20), st.integers(1, 100))
def test_a_stored_text_is_short_encodable_and_its_own(text: str, times: int) -> None:
    stored = storable(text * times)
    stored.encode()
    assert "\0" not in stored
    assert len(stored) <= LONGEST
    assert stored == storable(text * times)
    assert storable(text * times + "x") != stored
