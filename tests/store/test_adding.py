# ruff: noqa: D103 - a test's name says what it holds
"""What goes in once comes out once, whichever way and however often it came."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bouncery import Decision, Kind, Reason, Report
from bouncery.model import Action
from bouncery.store import Added, Entry, Store
from bouncery.store.tables import MESSAGES
from tests.store.entries import NOW, decided, entry, failed, report

if TYPE_CHECKING:
    from pathlib import Path


def test_what_goes_in_comes_out(store: Store) -> None:
    made = report(failed("A@Example.com"), failed("b@example.com"), message_id="<1@mx.example.org>")
    assert store.add([entry(1, made, raw=b"x")]) == Added(messages=1, events=2, duplicates=0)
    (event,) = store.history("a@example.com")
    assert event.recipient == made.recipients[0]
    assert event.report == Report(**{**fields(made), "recipients": (made.recipients[0],)})
    assert event.address == "A@Example.com"
    assert event.at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert event.seen_at == NOW
    assert (event.source, event.identity, event.digest) == ("mbox:bounces", "1", entry(1).digest.hex())
    assert event.provider == "example.com"
    assert store.raw(entry(1).digest) is None


def fields(made: Report) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__struct_fields__}


def test_an_empty_batch_is_no_error(store: Store) -> None:
    assert store.add([]) == Added(0, 0, 0)


def test_the_same_message_again_changes_nothing(store: Store) -> None:
    batch = [entry(1), entry(2)]
    assert store.add(batch) == Added(2, 2, 0)
    assert store.add(batch) == Added(0, 0, 2)
    assert store.add([*batch, entry(3), entry(3)]) == Added(1, 1, 3)
    assert len(store.history("u@example.com")) == 3


def test_the_same_bytes_by_another_way_are_one_event(store: Store) -> None:
    made = report()
    store.add([entry(1, made)])
    assert store.add([entry(1, made, source="imap://u@mail.example.org/INBOX", identity="7/12")]) == Added(0, 0, 1)
    assert len(store.history("u@example.com")) == 1
    assert store.seen("imap://u@mail.example.org/INBOX", "7/12")
    assert store.totals().copies == 1


def test_the_same_bytes_judged_otherwise_are_one_event(store: Store) -> None:
    store.add([entry(1)])
    later = report(failed(action=Action.DELAYED), message_id="<1@mx.example.org>")
    store.add([entry(1, later, source="pipe")])
    assert len(store.history("u@example.com")) == 1


def test_one_message_id_of_one_server_is_one_event(store: Store) -> None:
    made = report(message_id="<a@mx.example.org>")
    spelled = report(message_id="<a@mx.example.org>", reporting_mta="MX.example.org.")
    added = store.add([entry(1, made), entry(2, spelled, source="pipe"), entry(3, spelled, source="lmtp")])
    assert added == Added(1, 1, 2)
    assert store.add([entry(4, made, source="pop3")]) == Added(0, 0, 1)


def test_one_message_id_of_two_servers_is_two_events(store: Store) -> None:
    other = report(message_id="<a@mx.example.org>", reporting_mta="mx.example.net")
    assert store.add([entry(1, report(message_id="<a@mx.example.org>")), entry(2, other)]).events == 2


def test_a_server_that_repeats_its_message_id_loses_no_recipient(store: Store) -> None:
    for number in range(3):
        store.add([entry(number, report(failed(f"u{number}@example.com"), message_id="<a@mx.example.org>"))])
    assert [len(store.history(f"u{number}@example.com")) for number in range(3)] == [1, 1, 1]


def test_without_a_message_id_the_content_counts(store: Store) -> None:
    assert store.add([entry(1, report(), content=b"same"), entry(2, report(), content=b"same", source="pipe")]).events == 1
    assert store.add([entry(3, report(), content=b"other")]).events == 1
    assert store.add([entry(4, report())]).events == 1
    assert store.totals().messages == 3


def test_a_delay_and_a_failure_of_one_message_are_two_events(store: Store) -> None:
    delay = report(decided(Decision.RETRY, Reason.EXPIRED, action=Action.DELAYED), message_id="<d@mx.example.org>")
    store.add([entry(1, delay), entry(2, report(message_id="<f@mx.example.org>"))])
    assert [event.recipient.action for event in store.history("u@example.com")] == ["delayed", "failed"]


def test_a_message_kept_aside_is_stored_and_can_be_judged_later(store: Store) -> None:
    aside = entry(1, problem="no mail: \0\ud800").__struct_fields__
    assert "problem" in aside
    unread = Entry("pipe", "1", None, entry(1).digest, 10, NOW, problem="no mail: \0\ud800")
    assert store.add([unread]) == Added(1, 0, 0)
    assert store.seen("pipe", "1")
    assert store.totals().aside == 1
    assert store.add([entry(1)]).events == 1


def test_a_message_that_names_nobody_is_stored(store: Store) -> None:
    reply = report(kind=Kind.AUTO_REPLY, message_id="<1@u.example.com>", recipients=())
    assert store.add([entry(1, reply)]) == Added(1, 0, 0)
    assert store.seen("mbox:bounces", "1")


def test_seen_tells_sources_apart(store: Store) -> None:
    store.add([entry(1), entry(2, source="mbox:other")])
    assert store.seen_many("mbox:bounces", ["1", "2", "3"]) == {"1"}
    assert store.seen_many("mbox:other", ["1", "2", "3"]) == {"2"}
    assert store.seen_many("mbox:nothing", ["1"]) == frozenset()
    assert store.seen_many("mbox:bounces", []) == frozenset()
    assert not store.seen("mbox:bounces", "2")


def test_many_identities_are_asked_at_once(store: Store) -> None:
    store.add([entry(number, report(message_id=f"<{number}@mx.example.org>")) for number in range(1200)])
    assert len(store.seen_many("mbox:bounces", [str(number) for number in range(2000)])) == 1200


def test_a_name_of_any_length_and_kind_is_its_own(store: Store) -> None:
    names = ["x" * 5000, "x" * 5001, "\ud800", "\udcff", "\0", "ü" * 3000, "a'b\"c%(d)s:e"]
    store.add([entry(number, source=f"maildir:{names[0]}", identity=name) for number, name in enumerate(names)])
    assert store.seen_many(f"maildir:{names[0]}", names) == set(names)
    assert not store.seen(f"maildir:{names[1]}", names[0])


def test_a_recipient_of_any_length_and_kind_is_stored(store: Store) -> None:
    odd = ["u" * 4000 + "@example.com", "u@" + "d" * 4000 + ".example", "ü@exämple.example", '"a b"@example.com', "nobody"]
    store.add([entry(1, report(*map(failed, odd), message_id="<1@mx.example.org>"))])
    assert [event.address for address in odd for event in store.history(address)] == odd


def test_a_text_with_control_characters_is_stored(store: Store) -> None:
    store.add([entry(1, report(failed(diagnostic="550 \0\x1b[31m\x85\u202e"), message_id="<\0@mx>"))])
    (event,) = store.history("u@example.com")
    assert event.recipient.diagnostic == "550 \0\x1b[31m\x85\u202e"
    assert event.report.message_id == "<\0@mx>"


@pytest.mark.parametrize(
    ("attempt", "date", "arrival", "at"),
    [
        ("2026-11-22T01:00:00+02:00", "2026-11-23T00:00:00Z", None, datetime(2026, 11, 21, 23, tzinfo=UTC)),
        (None, "2026-11-23T00:00:00", None, datetime(2026, 11, 23, tzinfo=UTC)),
        (None, None, "2026-11-20T00:00:00Z", datetime(2026, 11, 20, tzinfo=UTC)),
        (None, "2027-01-01T00:00:00Z", None, NOW),
        (None, "1969-12-31T00:00:00Z", "0001-01-01T00:00:00+14:00", NOW),
        ("no date", "9999-12-31T23:59:59-14:00", None, NOW),
        (None, None, None, NOW),
    ],
)
def test_an_event_has_the_time_that_the_message_tells(
    tmp_path: Path, attempt: str | None, date: str | None, arrival: str | None, at: datetime
) -> None:
    with Store.open(str(tmp_path / "record.db")) as store:
        store.add([entry(1, report(failed(last_attempt=attempt), date=date, arrival_date=arrival))])
        assert store.history("u@example.com")[0].at == at


@pytest.mark.parametrize(
    ("remote", "address", "provider"),
    [
        ("gmail-smtp-in.l.google.com", "u@example.com", "google"),
        ("mx.example.net", "u@Example.COM", "example.com"),
        (None, "u@example.com", "example.com"),
    ],
)
def test_the_provider_is_who_answered_or_the_domain(tmp_path: Path, remote: str | None, address: str, provider: str) -> None:
    with Store.open(str(tmp_path / "record.db")) as store:
        store.add([entry(1, report(failed(address, remote_mta=remote)))])
        assert store.history(address)[0].provider == provider


def test_a_time_without_a_zone_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="aware"):
        store.add([entry(1, seen_at=datetime(2026, 11, 24))])  # noqa: DTZ001 - the mistake
    assert not store.seen("mbox:bounces", "1")


def test_a_batch_is_stored_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(ValueError, match="aware"):
        store.add([entry(1), entry(2, seen_at=datetime(2026, 11, 24))])  # noqa: DTZ001 - the mistake
    assert store.totals().messages == 0
    assert store.add([entry(1), entry(2)]).events == 2


def test_writers_at_the_same_time_store_everything_once(url: str) -> None:
    barrier = threading.Barrier(4)

    def work(source: int) -> int:
        with Store.open(url, timeout=60) as store:
            barrier.wait()
            batches = [
                [entry(number, source=f"way {source}") for number in range(start, start + 10)] for start in range(0, 100, 10)
            ]
            return sum(store.add(batch).events for batch in (batches if source % 2 else reversed(batches)))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 100
    with Store.open(url) as store:
        assert len(store.history("u@example.com")) == 100
        assert store.check() == []
        with store.engine.connect() as connection:
            first = connection.scalar(select(func.count()).where(MESSAGES.c.same_as.is_(None)))
    assert first == 100


identities = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 5)), max_size=12)


@settings(max_examples=100)
@given(st.lists(identities, max_size=4))
def test_events_do_not_depend_on_batches(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[str, int, int]]]
) -> None:
    """A model of a few lines: one event for each message, however messages are spread over sources and batches."""
    path = tmp_path_factory.mktemp("model") / "record.db"
    seen: set[tuple[str, str]] = set()
    messages: set[int] = set()
    with Store.open(str(path)) as store:
        for batch in batches:
            given_entries = [
                entry(message, source=source, identity=str(identity), seen_at=NOW + timedelta(seconds=identity))
                for source, identity, message in batch
            ]
            for source, identity, message in batch:
                if (source, str(identity)) not in seen:
                    seen.add((source, str(identity)))
                    messages.add(message)
            store.add(given_entries)
        assert len(store.history("u@example.com")) == len(messages)
        assert store.totals().messages == len(messages)
        assert store.totals().copies == len(seen) - len(messages)
