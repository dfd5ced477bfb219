# ruff: noqa: D103 - a test's name says what it holds
"""Histories, statistics and checks; and that each question finds its index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update

from bouncery import Decision, Reason
from bouncery.model import Action, StoreError
from bouncery.store import By, Row, Store, Totals
from bouncery.store.adding import add
from bouncery.store.privacy import Clear
from bouncery.store.reading import counted, wide
from bouncery.store.tables import EVENTS, MESSAGES, RAW
from tests.store.entries import NOW, decided, entry, failed, report

if TYPE_CHECKING:
    from sqlalchemy import Select

DAYS = ("2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z", "2026-11-01T23:59:59Z", "2026-11-15T12:00:00Z", "2026-12-01T00:00:00Z")
LATER = datetime(2027, 1, 1, tzinfo=UTC)
NOVEMBER = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


@pytest.fixture
def filled(store: Store) -> Store:
    """Give a store with events of all decisions around November."""
    recipients = (
        failed("a@example.com"),
        decided(Decision.SOFT, Reason.MAILBOX_FULL, address="b@example.net", remote_mta="gmail-smtp-in.l.google.com"),
        decided(Decision.RETRY, Reason.GREYLISTED, address="c@example.net", remote_mta=None, action=Action.DELAYED),
        decided(None, address="d@example.org", remote_mta=None, action=Action.DELIVERED),
    )
    store.add(
        [
            entry(number, report(*recipients, date=day, message_id=f"<{number}@mx.example.org>"), seen_at=LATER)
            for number, day in enumerate(reversed(DAYS))
        ]
    )
    return store


def test_history_is_in_the_order_of_time(filled: Store) -> None:
    assert [f"{event.at:%Y-%m-%dT%H:%M:%SZ}" for event in filled.history("A@EXAMPLE.com")] == list(DAYS)
    assert filled.history("nobody@example.com") == []
    assert filled.history("no address") == []


def test_statistics_by_day_take_the_beginning_and_leave_the_end(filled: Store) -> None:
    assert filled.statistics(*NOVEMBER) == [Row("2026-11-01", 8, 2, 2, 2, 2), Row("2026-11-15", 4, 1, 1, 1, 1)]
    assert [row.group for row in filled.statistics()] == ["2026-10-31", "2026-11-01", "2026-11-15", "2026-12-01"]
    assert [row.group for row in filled.statistics(since=NOVEMBER[1])] == ["2026-12-01"]
    assert [row.group for row in filled.statistics(until=NOVEMBER[0])] == ["2026-10-31"]
    assert filled.statistics(LATER, LATER) == []


def test_statistics_by_provider(filled: Store) -> None:
    assert filled.statistics(*NOVEMBER, By.PROVIDER) == [
        Row("example.com", 3, 3, 0, 0, 0),
        Row("example.net", 3, 0, 0, 3, 0),
        Row("example.org", 3, 0, 0, 0, 3),
        Row("google", 3, 0, 3, 0, 0),
    ]


def test_statistics_by_reason(filled: Store) -> None:
    rows = filled.statistics(*NOVEMBER, By.REASON)
    assert {row.group: row.events for row in rows} == {"user_unknown": 3, "mailbox_full": 3, "greylisted": 3, "unknown": 3}


def test_the_largest_group_comes_first(store: Store) -> None:
    store.add(
        [
            entry(number, report(*(failed(f"u{i}@{number}.example", remote_mta=None) for i in range(number))))
            for number in (1, 3, 2)
        ]
    )
    assert [row.group for row in store.statistics(by=By.PROVIDER)] == ["3.example", "2.example", "1.example"]


def test_totals(filled: Store) -> None:
    assert filled.totals() == Totals(messages=5, copies=0, events=20, aside=0, raw=0)


def test_events_of_a_time(filled: Store) -> None:
    found = list(filled.events(*NOVEMBER))
    assert len(found) == 12
    assert found == sorted(found, key=lambda event: event.at)
    assert len(list(filled.events())) == 20


def test_events_may_be_left_in_the_middle(filled: Store) -> None:
    events = filled.events()
    next(events)
    events.close()
    assert filled.add([entry(99)]).events == 1


def test_a_reader_sees_one_state_while_others_write(filled: Store) -> None:
    events = filled.events()
    next(events)
    filled.add([entry(number, seen_at=LATER) for number in range(100, 110)])
    assert len(list(events)) == 19
    assert filled.totals().events == 30


def test_nothing_is_wrong_with_a_good_store(filled: Store) -> None:
    assert filled.check() == []


def test_damage_is_named(filled: Store) -> None:
    with filled.engine.begin() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.id == 1).values(facts='{"address":'))
        connection.execute(update(MESSAGES).where(MESSAGES.c.id == 2).values(report=None))
        connection.execute(update(MESSAGES).where(MESSAGES.c.id == 3).values(report='{"kind":"unheard_of"}'))
        connection.execute(RAW.insert().values(digest=b"1" * 32, expires_at=0, data=b"no zlib"))
    problems = filled.check()
    assert len(problems) == 7
    assert [problem.partition(":")[0] for problem in problems if "event" not in problem] == [
        "message 3",
        f"raw message {'31' * 32}",
    ]
    assert "event 1: its facts cannot be read" in "\n".join(problems)
    assert "event 5: its message has no report" in problems
    with pytest.raises(StoreError, match=r"an event cannot be read .* run bouncery db check"):
        filled.history("a@example.com")
    with pytest.raises(StoreError, match="an event cannot be read"):
        list(filled.events())


def test_rows_without_their_message_are_named(store: Store) -> None:
    store.add([entry(1)])
    if store.engine.dialect.name != "sqlite":
        return  # PostgreSQL has no way around a foreign key
    with store.engine.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("DELETE FROM bouncery_messages")
        raw.execute("PRAGMA foreign_keys = ON")
    assert store.check() == ["bouncery_events, row 1: its row in bouncery_messages is missing"]


def plan(store: Store, question: Select[Any]) -> str:
    """Tell how the database would find the answer if the tables were large."""
    with store.engine.connect() as connection:
        text = str(question.compile(connection, compile_kwargs={"literal_binds": True}))
        if store.engine.dialect.name == "sqlite":
            return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        return "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {text}"))


def test_a_history_is_found_by_its_index(filled: Store) -> None:
    assert "bouncery_events_recipient" in plan(filled, wide().where(EVENTS.c.recipient == b"x"))


@pytest.mark.parametrize("by", By)
def test_statistics_read_an_index_alone(filled: Store, by: By) -> None:
    told = plan(filled, counted(*NOVEMBER, by))
    assert "COVERING INDEX bouncery_events_time" in told or "Index Only Scan using bouncery_events_time" in told


def test_a_history_of_many_is_quick(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(delete(EVENTS))
        for start in range(0, 4000, 500):
            batch = [
                entry(number, report(failed(f"u{number % 1000}@example.com"), message_id=f"<{number}@mx>"))
                for number in range(start, start + 500)
            ]
            add(connection, batch, Clear(), timedelta(0))
    begin = datetime.now(UTC)
    assert len(store.history("u7@example.com")) == 4
    assert datetime.now(UTC) - begin < timedelta(seconds=0.5)
    assert NOW in {event.seen_at for event in store.history("u7@example.com")}
