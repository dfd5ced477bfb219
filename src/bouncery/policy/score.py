"""From what is remembered to what is concluded: strikes, score, and whether a rule fires. Nothing here remembers anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bouncery.policy.event import Level
from bouncery.policy.numbers import DAY, HOUR, Trust
from bouncery.policy.state import ALL_LISTS, is_clean, latest
from bouncery.policy.weigh import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bouncery.policy.numbers import Numbers
    from bouncery.policy.state import State, Trace

NEARLY = 1e-9
"""Sums of tenths fall short of the whole by less than this."""
LEAST = 0.02
"""A score below this is none."""


class Strike(NamedTuple):
    """A failure that counts: what is left of its weight, and the mail it was about."""

    weight: float
    trace: Trace
    fresh: bool
    """No clean mail since."""
    unbroken: bool = True
    """Nor, before a later strike, one that did not fail so far or was refused for the sender's or the message's sake."""


class Finding(NamedTuple):
    """What stands against an address now."""

    score: float
    strikes: tuple[Strike, ...]
    rule: str | None = None
    """The rule that fires: hard, never_clean, probe, soft; None if none does."""
    scope: str = ALL_LISTS
    fired_at: float | None = None
    """When the last failure that it took was reported."""
    doubtful: bool = False
    """It would fire, were the failures proven: worth a probe, in a policy that has them."""


def find(state: State, numbers: Numbers, now: float) -> Finding:
    """Conclude from what is remembered."""
    strikes = spaced(faded(state, numbers, now), numbers)
    if not strikes:
        return Finding(0.0, ())
    hard = [strike for strike in strikes if strike.trace.hard]
    found = hard_rule(state, hard, numbers) if hard else None
    if found is None and len(strikes) >= numbers.soft_messages:
        found = soft_rule(strikes, numbers)
    total = score(strikes, numbers)
    if found is None:
        return Finding(total, strikes, doubtful=numbers.probe and is_doubtful(hard, numbers))
    rule, took, scope = found
    fired_at = max((strike.trace.failed or strike.trace.time) for strike in took)
    return Finding(total, strikes, rule, scope, fired_at)


def void_before(state: State, numbers: Numbers, now: float) -> float:
    """Give the time up to which nothing counts: a sign of life, an answerless probe, old age."""
    void = latest(state.alive_at, now - numbers.evidence_days * DAY) or 0.0
    for trace in state.traces if numbers.probe else ():
        if trace.probe and trace.failed is None and trace.sent is not None and now - trace.sent >= numbers.probe_days * DAY:
            void = max(void, trace.sent)
    return void


def faded(state: State, numbers: Numbers, now: float) -> list[Strike]:
    """Give the failures that count, oldest first, each with what clean mails or time left of its weight."""
    void, clean, confirmed, parted = void_before(state, numbers, now), 0, None, False
    least = Level.L2 if numbers.trust is Trust.PROOF else Level.L0
    again, clean_at = numbers.outage_again_hours * HOUR, state.clean_at or 0.0
    strikes: list[Strike] = []
    for trace in reversed(state.traces):
        if trace.failed is None:
            clean += is_clean(trace, now, numbers)
            parted = parted or (bool(strikes) and trace.sent is not None and not trace.probe)
        elif trace.weight > 0 and trace.time > void and not trace.alive and trace.level >= least:
            if trace.held and (confirmed is None or confirmed - trace.time < again):
                continue
            if confirmed is None and trace.hard and not trace.held:
                confirmed = trace.time
            halvings = clean + (clean_at > trace.time)
            weight = trace.weight * 0.5**halvings if halvings else trace.weight
            strikes.append(Strike(weight, trace, not halvings, not halvings and not parted))
        elif not parted and trace.weight <= 0 and trace.reason in OURS:
            parted = bool(strikes)
    strikes.reverse()
    return strikes if state.logged or not strikes else aged(strikes, numbers)


def aged(strikes: list[Strike], numbers: Numbers) -> list[Strike]:
    """Let weights fade with time, where no clean mail is ever told; as seen from the last strike: silence adds nothing."""
    newest, half_life = strikes[-1].trace.time, numbers.half_life_days * DAY
    return [
        Strike(weight * 0.5 ** ((newest - trace.time) / half_life), trace, fresh, unbroken)
        for weight, trace, fresh, unbroken in strikes
    ]


def spaced(strikes: Iterable[Strike], numbers: Numbers) -> tuple[Strike, ...]:
    """Leave one strike in each gap: the best proven and heaviest."""
    gap = numbers.strike_gap_hours * HOUR
    kept: list[Strike] = []
    ends = 0.0
    for strike in strikes:
        if strike.trace.time >= ends or not kept:
            kept.append(strike)
            ends = strike.trace.time + gap
        elif outdoes(strike, kept[-1]):
            kept[-1] = strike
    return tuple(kept)


def outdoes(strike: Strike, other: Strike) -> bool:
    """Whether a strike is better proven than another, or as well and heavier."""
    level, against = strike.trace.level, other.trace.level
    if level == against or (level >= Level.L2 and against >= Level.L2):
        return strike.weight > other.weight
    return level > against


def proven(strike: Strike, numbers: Numbers) -> bool:
    """Whether a strike counts in full."""
    return strike.trace.level >= Level.L2 or numbers.trust is Trust.ADDRESS


def score(strikes: Iterable[Strike], numbers: Numbers) -> float:
    """Add up strikes; what is not proven counts in part, and never reaches the threshold by itself."""
    full = recent = bare = 0.0
    enough = Level.L0 if numbers.trust is Trust.ADDRESS else Level.L2
    for weight, trace, _, _ in strikes:
        if trace.level >= enough:
            full += weight
        elif trace.level == Level.L1:
            recent += weight
        else:
            bare += weight
    bare = min(bare * numbers.factor_l0, numbers.cap_l0)
    return full + min(recent * numbers.factor_l1 + bare, numbers.cap_l1)


def hard_rule(state: State, hard: Sequence[Strike], numbers: Numbers) -> tuple[str, Sequence[Strike], str] | None:
    """Give up a dead address: enough strikes on different mails, far enough apart, and nothing but strikes between.

    A mail that was refused for our sake says nothing about the address, but it parts the strikes before it from those
    after: in weeks in which a provider takes none of our mail, no clean one could speak for a subscriber. So does one that
    has not failed so far, though a later one has.

    An address that was added newly and of which no mail ever arrived needs no second one.
    """
    run = [strike for strike in hard if strike.unbroken and (strike.trace.level >= Level.L1 or proven(strike, numbers))]
    if not run:
        return None
    if any(strike.trace.probe and strike.trace.level >= Level.L3 for strike in run):
        return "probe", run, ALL_LISTS
    if never_clean(state, run[0].trace, numbers):
        sure = [strike for strike in run if proven(strike, numbers)]
        if score(sure, numbers) >= numbers.never_clean_score - NEARLY:
            return "never_clean", sure, ALL_LISTS
    span = run[-1].trace.time - run[0].trace.time
    enough = len(run) >= numbers.hard_strikes and span >= numbers.hard_span_hours * HOUR
    return ("hard", run, ALL_LISTS) if enough and score(hard, numbers) >= numbers.threshold - NEARLY else None


def never_clean(state: State, first: Trace, numbers: Numbers) -> bool:
    """Whether a newly added address never had a mail that may have arrived."""
    if state.added_at is None or state.clean_at is not None or state.alive_at is not None or first.sent is None:
        return False
    unfailed = [trace for trace in state.traces if trace.failed is None and not trace.probe]
    return not any(trace.time < first.time or is_clean(trace, state.latest, numbers) for trace in unfailed)


def soft_rule(strikes: Sequence[Strike], numbers: Numbers) -> tuple[str, Sequence[Strike], str] | None:
    """Give up an address that refused everything for long, on the list that it refused; hard strikes count on every list."""
    for scope in sorted({strike.trace.scope for strike in strikes if not strike.trace.hard}):
        mine = [strike for strike in strikes if strike.trace.hard or strike.trace.scope == scope]
        run = [strike for strike in mine if strike.fresh]
        if len(run) < numbers.soft_messages or run[-1].trace.time - run[0].trace.time < numbers.soft_span_days * DAY:
            continue
        if score(run, numbers) >= numbers.threshold - NEARLY:
            return "soft", run, scope
    return None


def is_doubtful(hard: Sequence[Strike], numbers: Numbers) -> bool:
    """Whether hard strikes would reach the threshold if all of them were proven."""
    return sum(strike.weight for strike in hard) >= numbers.threshold - NEARLY and len(hard) >= numbers.hard_strikes
