"""What is handed over: an action in full, with the events behind it."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bouncery.policy.event import message_key, seconds, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bouncery.policy import Action, Event
    from bouncery.policy.action import Ground

ID_CHARS = 32
OFF = frozenset({"suspend", "remove", "unsubscribe"})
"""Steps after which an address is mailed no more."""
COLUMNS = ("address", "action", "list", "score", "threshold", "rule", "since", "until", "why", "evidence", "id")
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Strike(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event behind an action: when (ISO 8601), what was said, how well it is proven, and where the message lies."""

    at: str
    reason: str
    weight: float
    level: str
    status: str | None = None
    text: str | None = None
    source: str | None = None
    list: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One action. `id` is the same however often it is handed over, so that it is carried out once; times are ISO 8601."""

    id: str
    address: str
    step: str
    list: str | None = None
    rule: str | None = None
    score: float = 0.0
    threshold: float = 0.0
    since: str | None = None
    until: str | None = None
    why: str = ""
    evidence: tuple[Strike, ...] = ()

    def json(self) -> str:
        """Give the form that is handed over."""
        return msgspec.json.encode(self).decode()

    def row(self) -> tuple[str, ...]:
        """Give the cells of a table."""
        strikes = "; ".join(words(strike) for strike in self.evidence)
        score, most = f"{self.score:.2f}", f"{self.threshold:.2f}"
        cells = (self.address, self.step, self.list, score, most, self.rule, self.since, self.until, self.why, strikes, self.id)
        return tuple(harmless(cell or "") for cell in cells)


READ = msgspec.json.Decoder(Line)


def line(number: str, address: str, action: Action, events: Iterable[Event]) -> Line:
    """Make the line of an action; `number` is what tells it from all others."""
    known = {message_key(event, seconds(event.at)): event for event in events}
    lists = {short(event.list): event.list for event in known.values() if event.list}
    where = lists.get(action.list, action.list) if action.list else None
    return Line(
        id=hashlib.sha256("\0".join((number, address, action.step, where or "")).encode()).hexdigest()[:ID_CHARS],
        address=address,
        step=action.step.value,
        list=where,
        rule=action.rule,
        score=action.score,
        threshold=action.threshold,
        since=iso(action.since),
        until=iso(action.until),
        why=action.why,
        evidence=tuple(strike(ground, known.get(ground.message)) for ground in action.grounds),
    )


def strike(ground: Ground, event: Event | None) -> Strike:
    """Give the words of an event behind an action, where they are still known."""
    return Strike(
        at=iso(seconds(event.at) if event else ground.at) or "",
        reason=ground.reason,
        weight=round(ground.weight, 6),
        level=f"L{ground.level}",
        status=event.status if event else None,
        text=event.text if event else None,
        source=event.source if event else None,
        list=(event.list if event else None) or ground.list or None,
    )


def words(strike: Strike) -> str:
    """Give a strike in one line."""
    said = f' "{strike.text}"' if strike.text else ""
    place = f" ({strike.source})" if strike.source else ""
    return f"{strike.at} {strike.status or '-'} {strike.reason} {strike.level} {strike.weight:.2f}{said}{place}"


def iso(at: float | None) -> str | None:
    """Give a moment as ISO 8601 in UTC and whole seconds."""
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def harmless(cell: str) -> str:
    """Give a cell as one line, and keep a spreadsheet from taking a stranger's words for a formula."""
    cell = " ".join(cell.split())
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def in_csv(rows: Iterable[Iterable[str]]) -> str:
    """Give rows as CSV (RFC 4180)."""
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()
