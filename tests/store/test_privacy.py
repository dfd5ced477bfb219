# ruff: noqa: D103 - a test's name says what it holds
"""Without the key the database names nobody; with it, it answers as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import select

from bouncery import Decision, Evidence, Reason, Verdict
from bouncery.masking import masked
from bouncery.model import Original, Source, StoreError
from bouncery.store import Entry, Store
from bouncery.store.tables import METADATA
from tests.store.entries import KEY, NOW, entry, failed, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = ("anna", "berta", "carla", "someone.else", "dora")


def everything(store: Store) -> Iterator[str]:
    """Give all that stands in the tables."""
    with store.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)):
                yield from (bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)


def personal() -> Entry:
    """Give an entry that names people wherever a message can."""
    witness = Evidence(Source.DIAGNOSTIC, "Anna is unknown, see dora@example.com", 1, 0, 4)
    verdict = Verdict(
        decision=Decision.HARD, reason=Reason.MAILBOX_MOVED, new_address="someone.else@example.net", evidence=(witness,)
    )
    recipient = failed(
        "Anna@example.com",
        final_address="berta@example.net",
        diagnostic="551 <anna@example.com>: Anna has moved, Berta too, try carla=40example.net or someone.else@example.net",
        fields=(("Final-Recipient", "rfc822; berta@example.net"),),
        verdict=verdict,
    )
    original = Original(
        message_id="<1@example.net>",
        sender="carla@example.net",
        to=("anna@example.com",),
        subject="Hello Anna",
        list_id="news.example.net",
        unsubscribe=("https://example.net/anna",),
        headers={"x-user": "anna"},
    )
    made = report(
        recipient,
        original=original,
        token="list-bounces+anna=example.com@example.net",  # noqa: S106 - no password
        envelope_id="anna+40example.com",
        fields=(("X-User", "anna"),),
        in_reply_to=("<anna@example.com>",),
        notes=("text: dora@example.com was cut",),
    )
    return entry(1, made, identity="17/anna@example.com")


def test_no_address_stands_in_the_tables(url: str) -> None:
    with Store.open(url, key=KEY) as store:
        store.add([personal(), Entry("pipe", "2", None, b"2" * 32, 1, NOW, problem="broken mail for dora@example.com")])
        text = "\n".join(everything(store)).casefold()
        assert [secret for secret in SECRETS if secret in text] == []
        assert "hello" not in text


def test_the_key_finds_what_was_said(url: str) -> None:
    with Store.open(url, key=KEY) as store:
        store.add([personal()])
        assert store.seen("mbox:bounces", "17/anna@example.com")
        assert store.add([personal()]).duplicates == 1
        (event,) = store.history("ANNA@example.com")
        recipient = event.recipient
        assert (recipient.status, recipient.reply, recipient.verdict.reason) == ("5.1.1", 550, "mailbox_moved")
        assert recipient.diagnostic == "551 <u@example.com>: u has moved, u too, try u@example.com or u@example.com"
        assert recipient.verdict.evidence[0].text == "u is unknown, see u@example.com"
        assert event.provider == "example.com"
        assert event.report.original == Original(message_id="<1@example.net>", list_id="news.example.net")
        assert len(event.address) == 64
        assert event.address == recipient.address != recipient.final_address
        assert event.report.token
        assert store.history("berta@example.net") == []
    with Store.open(url, key=KEY, create=False) as store:
        assert len(store.history("anna@example.com")) == 1
        assert store.check() == []


def test_a_store_belongs_to_its_key(url: str) -> None:
    Store.open(url, key=KEY).close()
    with pytest.raises(StoreError, match="another key was given; give the key it was begun with"):
        Store.open(url, key=b"another key of enough bytes")
    with pytest.raises(StoreError, match="no key was given"):
        Store.open(url)


def test_a_store_in_clear_takes_no_key(url: str) -> None:
    Store.open(url).close()
    with pytest.raises(StoreError, match="in clear; open it without a key"):
        Store.open(url, key=KEY)


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has 5 bytes; give at least 16"):
        Store.open(str(tmp_path / "record.db"), key=b"short")
    assert list(tmp_path.iterdir()) == []


def test_raw_messages_and_hashed_addresses_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="in clear; give up the key or the raw messages"):
        Store.open(str(tmp_path / "record.db"), key=KEY, keep_raw_days=30)


def test_hashes_differ_with_the_key(tmp_path: Path) -> None:
    names = set()
    for number, key in enumerate((KEY, KEY[::-1])):
        with Store.open(str(tmp_path / str(number)), key=key) as store:
            store.add([entry(1)])
            names.add(store.history("u@example.com")[0].address)
    assert len(names) == 2


@pytest.mark.parametrize(
    ("text", "known", "left"),
    [
        ("User jdoe@example.com unknown", (), "User u@example.com unknown"),
        ("User jdoe unknown", ("jdoe@example.com",), "User u unknown"),
        ("no al here, also none", ("al@example.com",), "no al here, also none"),
        ('for "a b"@example.com and a=40example.com', (), "for u@example.com and u@example.com"),
        ("550 5.1.1 unknown", (), "550 5.1.1 unknown"),
    ],
)
def test_replies_lose_their_addresses(text: str, known: tuple[str, ...], left: str) -> None:
    assert masked(text, *known) == left


def test_a_masked_report_stays_a_report(tmp_path: Path) -> None:
    with Store.open(str(tmp_path / "record.db"), key=KEY) as store:
        store.add([personal()])
        for event in store.events():
            assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event
