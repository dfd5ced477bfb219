"""The policy itself: one pure step from a state and an event to the next state and an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bouncery.policy.action import FORGED, NOTHING, UNMATCHED, UNPROVEN, Action, left, standing
from bouncery.policy.event import LIFE, OPT_OUT, EventKind, Level, seconds
from bouncery.policy.numbers import DAY, PRESETS, Numbers, Trust, read
from bouncery.policy.score import find
from bouncery.policy.state import NEW, State, Step, is_clean, with_event
from bouncery.policy.weigh import Against, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bouncery.policy.event import Event

HOST = frozenset(
    {EventKind.SENT, EventKind.CLEAN, EventKind.CLICK, EventKind.OPEN, EventKind.REPLY}
    | {EventKind.PROBE, EventKind.WARNING, EventKind.ADDED, EventKind.OWNER}
)
"""What the host itself tells: it needs no proof."""
ACTIONABLE = frozenset({None, "abuse", "opt-out", "opt-out-list"})
"""Feedback types at which a recipient is unsubscribed; the others are about authentication, viruses, or nobody knows what."""


class Policy(Numbers, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The numbers and what follows from them; frozen, so that a decision can be repeated from the log at any time."""

    @classmethod
    def preset(cls, name: str) -> Policy:
        """Give the preset `cautious`, `default` or `strict`."""
        return cls(**PRESETS[name])

    @classmethod
    def load(cls, table: Mapping[str, object], path: str = "policy") -> Policy:
        """Read a TOML table: `preset` and any of the numbers; a PolicyError names `path`, the key and the cure."""
        numbers = read(cls, table, path)
        assert isinstance(numbers, cls)  # noqa: S101  read() makes what it is asked to
        return numbers

    def apply(self, state: State | None, event: Event, now: datetime | float) -> tuple[State, Action]:
        """Join an event into the state of its address and say what to do about the address.

        Pure: the same state, event and `now` give the same answer. Apply events in order of time; what is older than the
        memory of the state (`late_days`, `memory`) is not heard. A replay passes each event's own time as `now`.
        """
        state = state or NEW
        if event.forged:
            return state, FORGED
        if not self.believes(event):
            return state, UNMATCHED if event.kind in OPT_OUT else UNPROVEN
        moment = seconds(now)
        at = min(seconds(event.at), moment)
        if event.kind in OPT_OUT:
            if event.feedback not in ACTIONABLE:
                return state, NOTHING
            after = with_event(state, event, at, self)
            return after, left(after, event, state)
        after = with_event(state, event, at, self)
        if not after.failures and state.standing is Step.NONE:
            return after, NOTHING
        return standing(after, self, moment)

    def tick(self, state: State, now: datetime | float) -> tuple[State, Action]:
        """Say what to do about an address to which nothing happened: holds end, suspensions become removals."""
        return standing(state, self, seconds(now))

    def believes(self, event: Event) -> bool:
        """Whether an event is proven well enough to change anything."""
        if event.kind in HOST:
            return True
        if event.kind in OPT_OUT:
            return event.level >= Level.L2
        if self.trust is Trust.ADDRESS:
            return True
        if event.kind in LIFE:
            return event.level >= Level.L1
        return self.trust is not Trust.PROOF or event.level >= Level.L2

    def believing(self) -> Policy:
        """Give the policy that takes an address in a text as proof: what `decide` would do if it were allowed to."""
        return replace(self, trust=Trust.ADDRESS)

    def established(self, state: State, now: datetime | float) -> bool:
        """Whether the address lately had a clean mail or gave a sign of life."""
        moment = seconds(now)
        horizon = moment - self.established_days * DAY
        known = max(state.clean_at or 0.0, state.alive_at or 0.0)
        return known >= horizon or any(is_clean(trace, moment, self) and trace.time >= horizon for trace in state.traces)

    def first_death(self, state: State, event: Event, now: datetime | float) -> bool:
        """Whether an event is the first hard failure of an established address: what the outage guard counts."""
        if not self.deadly(event):
            return False
        return not any(trace.hard and trace.failed is not None for trace in state.traces) and self.established(state, now)

    def deadly(self, event: Event) -> bool:
        """Whether an event says, proven well enough, that its address is dead: what the outage guard rules on."""
        return event.kind is EventKind.FAILURE and not event.forged and weigh(event, self).hard and self.believes(event)

    def ours(self, event: Event) -> bool:
        """Whether a failure is for the sender's or the message's sake: what the sender guard counts."""
        return event.kind is EventKind.FAILURE and weigh(event, self).against is Against.SENDER

    def score(self, state: State, now: datetime | float) -> float:
        """Give the score that stands against an address now."""
        return find(state, self, seconds(now)).score
