"""What to do about an address, and why: as a sentence and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bouncery.policy.numbers import DAY, HOUR, Numbers
from bouncery.policy.score import LEAST, Finding, find, proven
from bouncery.policy.state import ALL_LISTS, State, Step

if TYPE_CHECKING:
    from bouncery.policy.event import Event

MOST_GROUNDS = 12
"""Events that an action lists, the last ones; the log has them all."""
ASKED = frozenset({"hard", "never_clean"})
"""Rules after which a probe is worth a mail; a full mailbox would only refuse it as well."""
ORDER = {Step.NONE: 0, Step.WATCH: 1, Step.HOLD: 2, Step.PROBE: 3, Step.SUSPEND: 4, Step.REMOVE: 5}


class Ground(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event behind an action: the mail, when it was sent or heard of, what it said and what is left of its weight."""

    message: str
    at: float
    reason: str
    weight: float
    level: int
    list: str = ALL_LISTS


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do about an address now. Times are seconds since 1970."""

    step: Step = Step.NONE
    changed: bool = False
    """Whether this is news: carry it out once, when it changes."""
    rule: str | None = None
    """hard, never_clean, soft, probe, complaint, opt_out, life; None where nothing fired."""
    list: str | None = None
    """The list that it is about; None for all."""
    score: float = 0.0
    threshold: float = 0.0
    since: float | None = None
    """When the address was given up, or the hold began."""
    until: float | None = None
    """When a hold ends, or a suspension becomes a removal."""
    why: str = ""
    grounds: tuple[Ground, ...] = ()
    forged: bool = False
    """The event was left aside as forged: count it."""


NOTHING = Action()
FORGED = Action(
    forged=True, why="A token of ours does not hold, or is missing where all our mail carries one: nothing changes."
)
UNPROVEN = Action(
    why="Nothing binds this report to a mail of ours, so it changes nothing. "
    'Sign return paths or give a send log; `trust = "address"` would let an address in a text be enough.'
)

UNMATCHED = Action(
    why="No token and no mail of ours stands behind this complaint or opt-out; a forged one would unsubscribe anyone, "
    "so it changes nothing. A person should look at it."
)


def standing(state: State, numbers: Numbers, now: float) -> tuple[State, Action]:
    """Conclude where an address stands now, and whether that is news."""
    if state.removed_at is not None:
        return state, Action(step=Step.REMOVE, since=state.removed_at, why="It was removed; its owner may add it again.")
    finding = find(state, numbers, now)
    fired = finding.fired_at
    if fired is not None and state.fired_at is not None and state.fired_at > (state.owned_at or 0.0):
        fired = min(fired, state.fired_at)
    action = act(state, finding, fired, numbers, now)
    before = state.standing
    removed = action.until if action.step is Step.REMOVE else None
    if fired != state.fired_at or action.step is not before or removed is not None:
        state = msgspec.structs.replace(state, fired_at=fired, standing=action.step, removed_at=removed)
    if ORDER[before] > ORDER[Step.HOLD] > ORDER[action.step] or (before is not Step.NONE and action.step is Step.NONE):
        return state, cleared(action, before)
    return (state, action) if action.step is before else (state, msgspec.structs.replace(action, changed=True))


def cleared(action: Action, before: Step) -> Action:
    """Say that what was held against the address no longer stands."""
    why = f"What was held against it ({before}) no longer stands: a clean mail, a sign of life, its owner, or time."
    return msgspec.structs.replace(action, step=Step.CLEAR, changed=True, rule="life", why=why)


def act(state: State, finding: Finding, fired: float | None, numbers: Numbers, now: float) -> Action:
    """Choose the step for a finding."""
    asks = numbers.probe and (finding.doubtful if finding.rule is None else finding.rule in ASKED)
    if asks:
        return probing(state, finding, numbers, now)
    return waiting(finding, numbers, now) if fired is None else given_up(state, finding, fired, numbers, now)


def given_up(state: State, finding: Finding, fired: float, numbers: Numbers, now: float) -> Action:
    """Suspend, and remove what has been suspended for long or was warned enough."""
    ends = fired + numbers.remove_days * DAY
    warnings = [at for _, at in state.warned if at >= fired]
    if numbers.warnings and len(warnings) >= numbers.warnings:
        ends = min(ends, warnings[numbers.warnings - 1])
    gone = now >= ends
    verb = "Suspended long enough" if gone else "Suspend"
    return told(
        finding,
        numbers,
        step=Step.REMOVE if gone else Step.SUSPEND,
        rule=finding.rule,
        list=finding.scope or None,
        since=fired,
        until=ends,
        why=f"{verb}: {because(finding, numbers)}.",
    )


def because(finding: Finding, numbers: Numbers) -> str:
    """Say what made a rule fire."""
    count = len(finding.strikes)
    days = (finding.strikes[-1].trace.time - finding.strikes[0].trace.time) / DAY
    reasons = ", ".join(sorted({strike.trace.reason.replace("_", " ") for strike in finding.strikes}))
    if finding.rule == "never_clean":
        return f"no mail ever arrived at this new address ({reasons})"
    made = f"{finding.score:.2f} of {numbers.threshold:.2f}"
    return f"{count} strikes in {days:.0f} days ({reasons}) make {made}, no clean mail between"


def probing(state: State, finding: Finding, numbers: Numbers, now: float) -> Action:
    """Ask for a probe, or wait for the one that is out."""
    last = max(strike.trace.time for strike in finding.strikes)
    out = max(
        (trace.sent for trace in state.traces if trace.probe and trace.sent is not None and trace.sent >= last), default=None
    )
    if out is None or now >= out + numbers.probe_days * DAY:
        return told(finding, numbers, step=Step.PROBE, rule=finding.rule, why=f"Probe it: {because(finding, numbers)}.")
    until = out + numbers.probe_days * DAY
    return told(
        finding, numbers, step=Step.HOLD, rule="probe", since=out, until=until, why="A probe is out; silence clears it."
    )


def waiting(finding: Finding, numbers: Numbers, now: float) -> Action:
    """Hold mail after a proven hard strike; else watch, or nothing."""
    hard = [strike for strike in finding.strikes if strike.trace.hard and strike.fresh and proven(strike, numbers)]
    if hard:
        since = hard[-1].trace.time
        until = since + numbers.hold_hours * HOUR
        if now < until:
            why = f"Hold mail: {hard[-1].trace.reason.replace('_', ' ')}; a second failure after the hold would confirm it."
            return told(finding, numbers, step=Step.HOLD, rule="hard", since=since, until=until, why=why)
    if finding.score >= LEAST:
        why = f"{len(finding.strikes)} failures make {finding.score:.2f} of {numbers.threshold:.2f}: not enough to act."
        return told(finding, numbers, step=Step.WATCH, why=why)
    return NOTHING


def told(finding: Finding, numbers: Numbers, **fields: object) -> Action:
    """Make an action with the score and the last events behind it."""
    grounds = tuple(
        Ground(
            strike.trace.key,
            strike.trace.time,
            strike.trace.reason,
            strike.weight,
            strike.trace.level,
            strike.trace.scope,
        )
        for strike in finding.strikes[-MOST_GROUNDS:]
    )
    return Action(score=round(finding.score, 6), threshold=numbers.threshold, grounds=grounds, **fields)  # type: ignore[arg-type]


def left(state: State, event: Event, before: State) -> Action:
    """Unsubscribe at once: from the list that is complained about, or from all where it is not known."""
    rule = "complaint" if event.kind == "complaint" else "opt_out"
    where = f"the list {event.list}" if event.list else "all lists"
    what = "complained" if rule == "complaint" else "opted out"
    why = f"The recipient {what}: take it off {where} and never add it again by import."
    changed = state.has_left(event.list) and not before.has_left(event.list)
    return Action(step=Step.UNSUBSCRIBE, changed=changed, rule=rule, list=event.list, why=why)
