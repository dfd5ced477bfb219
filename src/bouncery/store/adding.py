"""A batch of entries into rows. Runs in a transaction that no other writer of ours runs beside."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from bouncery.rules.hosts import providers
from bouncery.store.entry import Added
from bouncery.store.identity import event_key, message_key, storable
from bouncery.store.paths import PATHS
from bouncery.store.tables import EVENTS, MESSAGES, RAW, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Table
    from sqlalchemy.sql.dml import Insert

    from bouncery.model import Recipient, Report
    from bouncery.store.entry import Entry
    from bouncery.store.privacy import Clear

CHUNK = 500
"""Values in one question to the database."""
LONGEST_SOURCE = 1000
LONGEST_PROVIDER = 255


class Rows:
    """The rows of a batch, numbered from what the database holds."""

    def __init__(self, connection: Connection, privacy: Clear, kept: timedelta) -> None:
        """Begin behind the last numbers."""
        self.message = following(connection, MESSAGES)
        self.event = following(connection, EVENTS)
        self.privacy = privacy
        self.kept = kept
        self.messages: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.raw: list[dict[str, Any]] = []
        self.paths: list[dict[str, Any]] = []

    def add(self, entry: Entry, source: int, key: bytes, same_as: int | None, *, exact: bool) -> int:
        """Take a message: of an exact copy only that it came, of any other the events as well."""
        number, report = self.message, None if exact else entry.report
        self.message += 1
        self.messages.append(
            {
                "id": number,
                "source": source,
                "identity": storable(self.privacy.identity(entry.identity)),
                "digest": entry.digest,
                "key": key,
                "same_as": same_as,
                "size": entry.size,
                "seen_at": seconds(entry.seen_at),
                "kind": entry.report.kind if entry.report else None,
                "problem": storable(self.privacy.text(entry.problem)) if entry.problem else None,
                "report": encoded(compact(self.privacy.report(report))) if report else None,
            }
        )
        for recipient in report.recipients if report else ():
            self.add_event(entry, recipient, number, key)
        if paths := self.privacy.paths(entry.paths) if report else ():
            self.paths.append({"message": number, "paths": encoded(paths)})
        aside = entry.report is None and self.privacy.check is None
        if entry.raw is not None and (self.kept or aside) and not exact:
            expires = seconds(entry.seen_at + max(self.kept, ASIDE if aside else self.kept))
            self.raw.append({"digest": entry.digest, "expires_at": expires, "data": zlib.compress(entry.raw)})
        return number

    def add_event(self, entry: Entry, recipient: Recipient, message: int, key: bytes) -> None:
        """Take what a message says about one recipient."""
        report = entry.report
        assert report is not None  # noqa: S101 - only a report has recipients
        person = self.privacy.recipient_key(recipient.address)
        outcome = recipient.action or report.kind
        verdict = recipient.verdict
        self.events.append(
            {
                "id": self.event,
                "key": event_key(key, person, outcome),
                "message": message,
                "recipient": person,
                "at": happened(recipient, report, seconds(entry.seen_at)),
                "outcome": outcome,
                "decision": verdict.decision,
                "reason": verdict.reason,
                "provider": provider(recipient),
                "facts": encoded(facts(self.privacy.recipient(recipient))),
            }
        )
        self.event += 1


ASIDE = timedelta(days=365)
"""For so long a message that could not be judged is kept at least: nobody else may have it any more."""


def add(connection: Connection, batch: Sequence[Entry], privacy: Clear, kept: timedelta) -> Added:
    """Store what is new of a batch."""
    sources = source_numbers(connection, {entry.source for entry in batch})
    entries = list(unseen(connection, batch, sources, privacy))
    keys = [message_key(entry) for entry in entries]
    exact = known(connection, MESSAGES.c.digest, {entry.digest for entry in entries})
    copies = known(connection, MESSAGES.c.key, set(keys))
    rows = Rows(connection, privacy, kept)
    for entry, key in zip(entries, keys, strict=True):
        twin = exact.get(entry.digest)
        first = twin if twin is not None else copies.get(key)
        number = rows.add(entry, sources[entry.source], key, first, exact=twin is not None)
        first = number if first is None else first
        copies.setdefault(key, first)
        if entry.report:
            exact.setdefault(entry.digest, first)
    put(connection, MESSAGES, rows.messages)
    events = put(connection, EVENTS, rows.events)
    put(connection, RAW, rows.raw)
    put(connection, PATHS, rows.paths)
    new = sum(row["same_as"] is None for row in rows.messages)
    return Added(new, events, len(batch) - new)


def source_numbers(connection: Connection, names: set[str]) -> dict[str, int]:
    """Give the numbers of sources; new ones get one."""
    found = {}
    for name in sorted(names):
        stored = storable(name, LONGEST_SOURCE)
        number = source_number(connection, name)
        if number is None:
            number = following(connection, SOURCES)
            connection.execute(insert(SOURCES).values(id=number, name=stored))
        found[name] = number
    return found


def source_number(connection: Connection, name: str) -> int | None:
    """Give the number of a source; None of one that nothing has come from."""
    return connection.scalar(select(SOURCES.c.id).where(SOURCES.c.name == storable(name, LONGEST_SOURCE)))


def unseen(connection: Connection, batch: Sequence[Entry], sources: dict[str, int], privacy: Clear) -> Iterator[Entry]:
    """Give the entries whose source and identity are new, each once."""
    stored = {
        name: set(seen(connection, sources[name], [entry.identity for entry in batch if entry.source == name], privacy))
        for name in sources
    }
    for entry in batch:
        if entry.identity not in stored[entry.source]:
            stored[entry.source].add(entry.identity)
            yield entry


def seen(connection: Connection, source: int, identities: Sequence[str], privacy: Clear) -> Iterator[str]:
    """Give those identities of a source that are stored."""
    asked = {storable(privacy.identity(identity)): identity for identity in identities}
    for chunk in chunks(list(asked)):
        question = select(MESSAGES.c.identity).where(MESSAGES.c.source == source, MESSAGES.c.identity.in_(chunk))
        yield from (asked[identity] for identity in connection.scalars(question))


def known(connection: Connection, column: Column[Any], values: set[bytes]) -> dict[bytes, int]:
    """Give the first message of each digest or key; for a digest only one that has a report."""
    found: dict[bytes, int] = {}
    for chunk in chunks(sorted(values)):
        question = select(column, MESSAGES.c.id, MESSAGES.c.same_as).where(column.in_(chunk)).order_by(MESSAGES.c.id)
        if column is MESSAGES.c.digest:
            question = question.where(MESSAGES.c.kind.is_not(None))
        for value, number, same_as in connection.execute(question):
            found.setdefault(bytes(value), number if same_as is None else same_as)
    return found


def following(connection: Connection, table: Table) -> int:
    """Give the number behind a table's last one."""
    return (connection.scalar(select(func.max(table.c.id))) or 0) + 1


@cache
def insertion(table: Table, dialect: str) -> Insert:
    """Give the statement that inserts rows and passes over those that are there."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert rows; give how many were new."""
    if not rows:
        return 0
    return connection.execute(insertion(table, connection.dialect.name), rows).rowcount


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Give portions that a database takes in one question."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def seconds(moment: datetime) -> int:
    """Give a moment as the tables hold it."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone; give an aware datetime")
    return int(moment.timestamp())


def happened(recipient: Recipient, report: Report, seen_at: int) -> int:
    """Give when something happened as the message tells it; no message tells of the future."""
    for stated in filter(None, (recipient.last_attempt, report.date, report.arrival_date)):
        try:
            moment = datetime.fromisoformat(stated)
            at = seconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            continue
        if 0 < at <= seen_at:
            return at
    return seen_at


def provider(recipient: Recipient) -> str:
    """Give who answered: the provider of the host, or else the recipient's domain."""
    for found in sorted(providers(recipient.remote_mta)):
        return found
    domain = recipient.address.rpartition("@")[2].rstrip(".").lower()
    return storable(domain, LONGEST_PROVIDER)


@cache
def defaults(kind: type[msgspec.Struct]) -> tuple[tuple[str, object], ...]:
    """Give the fields of a Struct with their defaults."""
    return tuple(
        (field.name, field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory())
        for field in msgspec.structs.fields(kind)
    )


def compact(struct: msgspec.Struct) -> dict[str, object]:
    """Give the fields that are not at their defaults."""
    return {name: value for name, default in defaults(type(struct)) if (value := getattr(struct, name)) != default}


def facts(recipient: Recipient) -> dict[str, object]:
    """Give a recipient as it is stored."""
    found = compact(recipient)
    if "verdict" in found:
        found["verdict"] = compact(recipient.verdict)
    return found


def encoded(fields: Iterable[object]) -> str:
    """Give JSON as text."""
    return msgspec.json.encode(fields).decode()
