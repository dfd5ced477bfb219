"""Rows back into events and statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import case, func, select

from bouncery.model import Decision, Recipient, Report
from bouncery.store.adding import seconds
from bouncery.store.entry import By, Event, Row, Totals
from bouncery.store.tables import EVENTS, MESSAGES, RAW, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection, Select

DAY = 86_400
PORTION = 1_000
"""Rows that are fetched at once."""
UNKNOWN = "unknown"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REPORT = msgspec.json.Decoder(Report)
RECIPIENT = msgspec.json.Decoder(Recipient)


def wide() -> Select[Any]:
    """Select events with the messages that they stand in, in the order of time."""
    columns = (EVENTS.c.at, EVENTS.c.provider, EVENTS.c.facts, MESSAGES.c.seen_at, MESSAGES.c.identity, MESSAGES.c.digest)
    return (
        select(*columns, MESSAGES.c.report, SOURCES.c.name)
        .select_from(EVENTS)
        .join(MESSAGES, EVENTS.c.message == MESSAGES.c.id)
        .join(SOURCES, MESSAGES.c.source == SOURCES.c.id)
        .order_by(EVENTS.c.at, EVENTS.c.id)
    )


def moment(at: int) -> datetime:
    """Give a time of the tables."""
    return EPOCH + timedelta(seconds=at)


def event(row: Any) -> Event:  # noqa: ANN401 - a row has the columns of `wide`
    """Give the event of a row."""
    recipient = RECIPIENT.decode(row.facts)
    return Event(
        address=recipient.address,
        at=moment(row.at),
        seen_at=moment(row.seen_at),
        provider=row.provider,
        source=row.name,
        identity=row.identity,
        digest=bytes(row.digest).hex(),
        report=msgspec.structs.replace(REPORT.decode(row.report), recipients=(recipient,)),
    )


def history(connection: Connection, recipient: bytes) -> list[Event]:
    """Give the events of one recipient."""
    return [event(row) for row in connection.execute(wide().where(EVENTS.c.recipient == recipient))]


def events(connection: Connection, since: datetime | None, until: datetime | None) -> Iterator[Event]:
    """Give events one by one; memory holds a portion of them."""
    for row in portions(connection, wide().where(*between(since, until))):
        yield event(row)


def portions(connection: Connection, question: Select[Any], size: int = PORTION) -> Iterator[Any]:
    """Give the rows of a long answer one by one; `size` of them are in memory."""
    with connection.execute(question.execution_options(yield_per=size)) as rows:
        yield from rows


def between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Give the condition on the time: from `since` on, before `until`."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(EVENTS.c.at >= seconds(since))
    if until is not None:
        conditions.append(EVENTS.c.at < seconds(until))
    return conditions


def counted(since: datetime | None, until: datetime | None, by: By) -> Select[Any]:
    """Count events by group and decision."""
    group = {By.DAY: EVENTS.c.at // DAY, By.PROVIDER: EVENTS.c.provider, By.REASON: EVENTS.c.reason}[by].label("group")
    decided = [func.sum(case((EVENTS.c.decision == decision, 1), else_=0)) for decision in Decision]
    count = func.count()
    return (
        select(group, count, *decided)
        .where(*between(since, until))
        .group_by(group)
        .order_by(*([group] if by is By.DAY else [count.desc(), group]))
    )


def statistics(connection: Connection, since: datetime | None, until: datetime | None, by: By) -> list[Row]:
    """Give the counts of each group: days in their order, others by their number."""
    found = []
    for group, count, *decided in connection.execute(counted(since, until, by)):
        hard, soft, retry = map(int, decided)
        found.append(Row(title(group, by), count, hard, soft, retry, count - hard - soft - retry))
    return found


def title(group: int | str | None, by: By) -> str:
    """Name a group."""
    if by is By.DAY:
        return moment(int(group or 0) * DAY).date().isoformat()
    return str(group or UNKNOWN)


def totals(connection: Connection) -> Totals:
    """Count what there is."""
    counts = select(func.count(), func.count(MESSAGES.c.same_as), func.count(MESSAGES.c.kind)).select_from(MESSAGES)
    rows, copies, judged = connection.execute(counts).one()
    events_there = connection.scalar(select(func.count()).select_from(EVENTS)) or 0
    raw = connection.scalar(select(func.count()).select_from(RAW)) or 0
    return Totals(rows - copies, copies, events_there, rows - judged, raw)
