"""What holds for every log of one address: replay, duplicates, order, undo, bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bouncery.model import Decision, Reason
from bouncery.policy import Event, EventKind, Level, Policy, Selection, State
from bouncery.policy.core import HOST
from bouncery.policy.event import LIFE, OPT_OUT, seconds
from bouncery.policy.numbers import DAY, HOUR
from bouncery.policy.replay import replay

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = settings(max_examples=250)
"""What the suite has time for; `--hypothesis-profile` has no say here."""
POLICIES = st.sampled_from([*map(Policy.preset, ("cautious", "default", "strict")), Policy(probe=True), Policy().believing()])
FAILURES = st.sampled_from(
    [
        (Decision.HARD, Reason.USER_UNKNOWN),
        (Decision.HARD, Reason.DOMAIN_UNKNOWN),
        (Decision.SOFT, Reason.MAILBOX_FULL),
        (Decision.RETRY, Reason.EXPIRED),
        (Decision.SOFT, Reason.POLICY),
        (Decision.SOFT, Reason.UNDETERMINED),
    ]
)
KINDS = st.sampled_from([EventKind.FAILURE] * 6 + [EventKind.SENT] * 4 + sorted(EventKind))


@st.composite
def outcomes(draw: st.DrawFn, message: int | None = None) -> Event:
    """Make an event about a mail: each mail is sent on its day, and heard of in the next days."""
    number = draw(st.integers(0, 60)) if message is None else message
    kind = draw(KINDS)
    decision, reason = draw(FAILURES) if kind is EventKind.FAILURE else (None, None)
    late = 0 if kind is EventKind.SENT else draw(st.integers(1, 6 * 24))
    return Event(
        address="u@example.com",
        at=20_000 * DAY + number * 2 * DAY + late * HOUR,
        kind=kind,
        message=f"m{number}",
        decision=decision,
        reason=reason,
        status=draw(st.sampled_from([None, "5.1.1", "5.0.0"])),
        level=draw(st.sampled_from(Level)),
        list=draw(st.sampled_from([None, "news", "talk"])),
        held=kind is EventKind.FAILURE and draw(st.booleans()),
        feedback=draw(st.sampled_from([None, "abuse", "other"])) if kind in OPT_OUT else None,
        text="550 5.1.1 no such user",
    )


LOGS = st.lists(outcomes(), max_size=40).map(lambda log: sorted(log, key=lambda event: seconds(event.at)))


def through(policy: Policy, log: Sequence[Event], end: float | None = None) -> State:
    """Apply a log, each event when the clock has reached it, and look at the end."""
    state, now = State(), 0.0
    for event in log:
        now = max(now, seconds(event.at))
        state, _ = policy.apply(state, event, now)
    return policy.tick(state, max(now, end or now))[0]


END = 20_200 * DAY


@EXAMPLES
@given(POLICIES, LOGS)
def test_replay_gives_the_same_state(policy: Policy, log: list[Event]) -> None:
    """The same log, the same state; also when it was stored as JSON on the way."""
    state, stored = State(), State()
    for event in log:
        state, action = policy.apply(state, event, event.at)
        again, other = policy.apply(stored, msgspec.json.decode(msgspec.json.encode(event), type=Event), event.at)
        stored = msgspec.json.decode(msgspec.json.encode(again), type=State)
        assert action == other
    assert state == stored


@EXAMPLES
@given(POLICIES, LOGS, st.data())
def test_duplicates_change_nothing(policy: Policy, log: list[Event], data: st.DataObject) -> None:
    """An event that is told twice, at once or later, counts once."""
    if not log:
        return
    doubled = list(log)
    for _ in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.integers(0, len(doubled) - 1))
        doubled.insert(data.draw(st.integers(first + 1, len(doubled))), doubled[first])
    assert through(policy, doubled, END) == through(policy, log, END)


@EXAMPLES
@given(POLICIES, LOGS, st.integers(0, 60), st.data())
def test_order_of_two_events_of_one_mail(policy: Policy, log: list[Event], number: int, data: st.DataObject) -> None:
    """Whichever report on a mail arrives first, the same is known in the end."""
    one, other = data.draw(outcomes(number)), data.draw(outcomes(number))
    place = sum(seconds(event.at) <= seconds(one.at) for event in log)
    begin, rest = log[:place], log[place:]
    assert through(policy, [*begin, one, other, *rest], END) == through(policy, [*begin, other, one, *rest], END)


@EXAMPLES
@given(POLICIES, LOGS, st.integers(0, 120))
def test_undo_is_as_if_it_never_happened(policy: Policy, log: list[Event], day: int) -> None:
    """A replay without some events gives what would stand had they never come."""
    selection = Selection(since=(20_000 + day) * DAY, until=(20_010 + day) * DAY, domain="example.com", text="No such user")
    kept = [event for event in log if not selection.matches(event)]
    assert replay(policy, log, selection).states == replay(policy, kept).states


@EXAMPLES
@given(st.lists(outcomes(), min_size=1, max_size=40))
def test_what_is_forged_changes_nothing(log: list[Event]) -> None:
    """Nor does it make an action."""
    policy, state = Policy(), through(Policy(), log)
    for event in log:
        after, action = policy.apply(state, replace(event, forged=True), END)
        assert after == state
        assert (action.step, action.forged) == ("none", True)


@EXAMPLES
@given(POLICIES.filter(lambda policy: policy.trust != "address"), LOGS)
def test_unproven_events_never_act_alone(policy: Policy, log: list[Event]) -> None:
    """No mail without a token or a mail of ours behind it gives an address up, nor unsubscribes or holds it."""
    state = State()
    for event in log:
        if event.kind in HOST:
            continue
        state, action = policy.apply(state, replace(event, level=min(event.level, Level.L1)), event.at)
        assert action.step in {"none", "watch", "clear", "probe"}


@settings(max_examples=30)
@given(POLICIES, st.lists(outcomes(), min_size=1, max_size=6), st.integers(100, 400))
def test_a_state_is_bounded(policy: Policy, some: list[Event], times: int) -> None:
    """However much happens, a state stays small, and what is forgotten is not heard again."""
    state = State()
    for turn in range(times):
        for event in some:
            at = seconds(event.at) + turn * 5 * HOUR
            state, _ = policy.apply(
                state, replace(event, at=at, message=f"{turn}-{event.message}" * 9, list=f"list {turn}"), at
            )
    assert len(msgspec.json.encode(state)) < 16_384
    now = 20_600 * DAY
    state, _ = policy.tick(state, now)
    for event in some:
        early = replace(event, at=seconds(event.at), message=f"0-{event.message}" * 9, list="list 0")
        if event.kind in LIFE | OPT_OUT or event.kind in HOST - {EventKind.SENT, EventKind.CLEAN}:
            continue
        assert policy.tick(policy.apply(state, early, now)[0], now)[0] == state
