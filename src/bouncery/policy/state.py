"""What is remembered of one address: the last mails with what became of each, and a few dates.

Events are joined into it, never counted up: the join of two events of one mail is the same in either order, and joining one
twice changes nothing. Whatever is concluded is concluded from these facts anew (`bouncery.policy.score`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bouncery.policy.event import LIFE, OPT_OUT, EventKind, Level, message_key, short
from bouncery.policy.numbers import DAY, HOUR
from bouncery.policy.weigh import weigh

if TYPE_CHECKING:
    from bouncery.policy.event import Event
    from bouncery.policy.numbers import Numbers

FADED = 6
"""After so many clean mails a strike has less than a sixty-fourth of its weight left, and is forgotten."""
MOST_LISTS = 64
"""Lists whose opt-outs are kept one by one; whoever left more has left all."""
MOST_WARNINGS = 8
ALL_LISTS = ""


class Step(StrEnum):
    """What to do about an address, from nothing to the end."""

    NONE = "none"
    WATCH = "watch"
    """Something counts against it; mail goes on."""
    HOLD = "hold"
    """Send nothing until the hold is over."""
    PROBE = "probe"
    """Send one probe with a token of its own."""
    SUSPEND = "suspend"
    """Send nothing; the subscription stays, with its evidence."""
    REMOVE = "remove"
    UNSUBSCRIBE = "unsubscribe"
    """Take it off the list at once, and never add it again by import."""
    CLEAR = "clear"
    """What was held or suspended may have mail again."""


class Trace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One mail to the address and what became of it. Times are seconds since 1970."""

    time: float
    """When it was sent; when it was first heard of where that is not known."""
    key: str
    sent: float | None = None
    failed: float | None = None
    """When its failure was first reported."""
    level: int = 0
    weight: float = 0.0
    hard: bool = False
    scope: str = ALL_LISTS
    """The list that it was sent to."""
    reason: str = ""
    held: bool = False
    alive: bool = False
    """A sign of life answered it."""
    delayed: bool = False
    clean: bool = False
    """Known to be clean, without waiting for the grace."""
    probe: bool = False
    seen: float | None = None
    """When a report on it was first heard of."""
    last: float = 0.0
    """When anything of it was last heard of."""


class State(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """All that is remembered of one address: a few kilobytes at most, whatever its history."""

    v: int = 1
    traces: tuple[Trace, ...] = ()
    failures: int = 0
    """Traces that report a failure."""
    logged: bool = False
    """Sends are told: silence means something."""
    latest: float = 0.0
    floor: float | None = None
    """What is older was forgotten for lack of room, and is not heard again."""
    alive_at: float | None = None
    """The last sign of life."""
    clean_at: float | None = None
    """The last clean mail among those forgotten."""
    added_at: float | None = None
    fired_at: float | None = None
    removed_at: float | None = None
    standing: Step = Step.NONE
    left: tuple[tuple[str, float], ...] = ()
    """Lists that it left by complaint or opt-out, and when."""
    back: tuple[tuple[str, float], ...] = ()
    """Lists on which its owner confirmed or edited it since, and when."""
    owned_at: float | None = None
    """When its owner did so last: what is older counts for nothing."""
    warned: tuple[tuple[str, float], ...] = ()

    def has_left(self, name: str | None) -> bool:
        """Whether it left a list, or all, and its owner has not come back since."""
        names = {short(name) if name else ALL_LISTS, ALL_LISTS}
        gone = max((at for key, at in self.left if key in names), default=None)
        return gone is not None and gone > max((at for key, at in self.back if key in names), default=0.0)


NEW = State()


def earliest(one: float | None, other: float | None) -> float | None:
    """Give the earlier of two times that may be unknown."""
    return one if other is None else other if one is None else min(one, other)


def latest(one: float | None, other: float | None) -> float | None:
    """Give the later of two times that may be unknown."""
    return one if other is None else other if one is None else max(one, other)


def rank(trace: Trace) -> tuple[object, ...]:
    """Order failures of one mail: the better proven stands, then the heavier, then any fixed order."""
    return (trace.failed is not None, min(trace.level, Level.L2), trace.weight, trace.hard, trace.level, trace.reason)


def joined(one: Trace, other: Trace) -> Trace:
    """Join what two events tell of one mail; the same in either order."""
    stronger = max(one, other, key=rank)
    sent = earliest(one.sent, other.sent)
    seen = earliest(one.seen, other.seen)
    return Trace(
        time=sent if sent is not None else seen if seen is not None else one.time,
        key=one.key,
        sent=sent,
        failed=earliest(one.failed, other.failed),
        level=stronger.level,
        weight=stronger.weight,
        hard=stronger.hard,
        scope=max(one.scope, other.scope),
        reason=stronger.reason,
        held=one.held or other.held,
        alive=one.alive or other.alive,
        delayed=one.delayed or other.delayed,
        clean=one.clean or other.clean,
        probe=one.probe or other.probe,
        seen=seen,
        last=max(one.last, other.last),
    )


def trace_of(event: Event, at: float, numbers: Numbers) -> Trace | None:
    """Give what an event tells of its mail; None if nothing."""
    kind, key = event.kind, message_key(event, at)
    scope = short(event.list) if event.list else ALL_LISTS
    if kind is EventKind.SENT:
        return Trace(at, key, at, scope=scope, last=at)
    if kind is EventKind.FAILURE:
        value, hard, _ = weigh(event, numbers)
        reason = event.reason.value if event.reason else ""
        return Trace(at, key, None, at, int(event.level), value, hard, scope, reason, event.held, seen=at, last=at)
    if kind is EventKind.CLEAN:
        return Trace(at, key, at, scope=scope, clean=True, last=at)
    if kind is EventKind.DELAY:
        return Trace(at, key, scope=scope, delayed=True, seen=at, last=at)
    if kind is EventKind.PROBE:
        return Trace(at, key, at, scope=scope, probe=True, last=at)
    return Trace(at, key, scope=scope, alive=True, seen=at, last=at) if kind in LIFE and event.message else None


def with_event(state: State, event: Event, at: float, numbers: Numbers) -> State:
    """Join one event into what is remembered."""
    kind = event.kind
    trace = trace_of(event, at, numbers)
    if kind in LIFE:
        state = replace(state, alive_at=latest(state.alive_at, at))
    if trace is not None:
        return with_trace(state, trace, at, numbers)
    if kind in LIFE:
        return trimmed(state, numbers)
    if kind in OPT_OUT:
        return replace(state, left=with_left(state.left, short(event.list) if event.list else ALL_LISTS, at))
    if kind is EventKind.WARNING:
        return replace(state, warned=with_moment(state.warned, message_key(event, at), at)[-MOST_WARNINGS:])
    if kind is EventKind.ADDED:
        return replace(state, added_at=latest(state.added_at, at))
    return trimmed(owned(state, event, at), numbers) if kind is EventKind.OWNER else state


def with_moment(pairs: tuple[tuple[str, float], ...], key: str, at: float) -> tuple[tuple[str, float], ...]:
    """Add a key with its last moment, in order of time."""
    moments = dict(pairs)
    moments[key] = max(at, moments.get(key, at))
    return tuple(sorted(moments.items(), key=lambda pair: (pair[1], pair[0])))


def with_left(pairs: tuple[tuple[str, float], ...], key: str, at: float) -> tuple[tuple[str, float], ...]:
    """Add a list that was left; whoever left very many has left all."""
    pairs = with_moment(pairs, key, at)
    return pairs if len(pairs) <= MOST_LISTS else ((ALL_LISTS, pairs[-1][1]),)


def owned(state: State, event: Event, at: float) -> State:
    """Void what was held against the address before its owner came: scores, removal, and the opt-out of that list."""
    gone = state.removed_at
    return replace(
        state,
        alive_at=latest(state.alive_at, at),
        owned_at=latest(state.owned_at, at),
        removed_at=None if gone is not None and gone <= at else gone,
        back=with_moment(state.back, short(event.list) if event.list else ALL_LISTS, at)[-MOST_LISTS:],
    )


def with_trace(state: State, new: Trace, at: float, numbers: Numbers) -> State:
    """Join one mail into those remembered, and forget what no longer matters."""
    traces, key, failures = state.traces, new.key, state.failures
    newest = max(state.latest, at)
    for index, old in enumerate(traces):
        if old.key == key:
            both = joined(old, new)
            if both == old and newest == state.latest and not new.alive:
                return state
            traces = (*traces[:index], *traces[index + 1 :])
            failures += (both.failed is not None) - (old.failed is not None)
            new = both
            break
    else:
        if state.floor is not None and new.time <= state.floor:
            return replace(state, latest=newest)
        failures += new.failed is not None
    late = traces and order(traces[-1]) > order(new)
    traces = tuple(sorted((*traces, new), key=order)) if late else (*traces, new)
    logged = state.logged or new.sent is not None
    return trimmed(replace(state, traces=traces, failures=failures, logged=logged, latest=newest), numbers)


def order(trace: Trace) -> tuple[float, str]:
    """Order mails by time."""
    return trace.time, trace.key


def trimmed(state: State, numbers: Numbers) -> State:
    """Forget, from the oldest on, mails that matter to nothing; and for lack of room, those that matter least."""
    horizon = state.latest - numbers.late_days * DAY
    while state.traces and state.traces[0].last < horizon and forgettable(state, numbers):
        state = without(state, 0, numbers)
    while len(state.traces) > numbers.memory:
        pairs = zip(state.traces, state.traces[1:], strict=False)
        state = without(state, next((i for i, pair in enumerate(pairs, 1) if redundant(*pair, numbers)), 0), numbers)
    return state


def without(state: State, index: int, numbers: Numbers) -> State:
    """Forget one mail, but not that it was clean, nor how far back the memory goes."""
    trace = state.traces[index]
    return replace(
        state,
        traces=(*state.traces[:index], *state.traces[index + 1 :]),
        failures=state.failures - (trace.failed is not None),
        clean_at=latest(state.clean_at, trace.time) if is_clean(trace, state.latest, numbers) else state.clean_at,
        floor=latest(state.floor, trace.last),
    )


def forgettable(state: State, numbers: Numbers) -> bool:
    """Whether the oldest mail matters to nothing any more."""
    trace, recent = state.traces[0], state.latest - numbers.evidence_days * DAY
    if trace.probe and trace.time > recent:
        return state.alive_at is not None and state.alive_at > trace.time
    if trace.failed is None or trace.weight <= 0 or trace.alive:
        return True
    if trace.time < recent or (state.alive_at is not None and trace.time <= state.alive_at):
        return True
    return sum(is_clean(later, state.latest, numbers) for later in state.traces[1:]) >= FADED


def is_clean(trace: Trace, now: float, numbers: Numbers) -> bool:
    """Whether a mail went out and did not bounce within the grace."""
    if trace.sent is None or trace.failed is not None or trace.probe:
        return False
    grace = numbers.grace_delayed_hours if trace.delayed else numbers.grace_hours
    return trace.clean or now - trace.sent >= grace * HOUR


def redundant(before: Trace, trace: Trace, numbers: Numbers) -> bool:
    """Whether a mail tells no more than the one before it: both failed within a gap, or both are clean."""
    if trace.probe or before.probe or (trace.failed is None) != (before.failed is None):
        return False
    return trace.failed is None or (trace.time < before.time + numbers.strike_gap_hours * HOUR and rank(trace) <= rank(before))
