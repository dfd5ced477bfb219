"""The step from a state and an event to the next state and an action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bouncery.model import BounceryError, Decision, Reason
from bouncery.policy import Action, Event, EventKind, Level, Policy, PolicyError, State, Step, Trust
from bouncery.policy.numbers import DAY, HOUR

BEGIN = 20_000 * DAY
DEFAULT = Policy()
LOGGED = State(logged=True)
"""An address of a host that tells its sends."""


def event(day: float, kind: EventKind = EventKind.FAILURE, **fields: Any) -> Event:  # noqa: ANN401  any field
    """Make an event on a day; a failure is a dead address, proven by a token."""
    usual: dict[str, Any] = {"level": Level.L3, "message": f"m{day}"}
    if kind is EventKind.FAILURE:
        usual |= {"decision": Decision.HARD, "reason": Reason.USER_UNKNOWN, "status": "5.1.1"}
    return Event(address="u@example.com", at=BEGIN + day * DAY, kind=kind, **(usual | fields))


def told(*events: Event, policy: Policy = DEFAULT, after: float | None = None) -> tuple[State, Action]:
    """Apply events, each at its own time, and then let time pass."""
    state, action = LOGGED, Action()
    for one in events:
        state, action = policy.apply(state, one, one.at)
    return (state, action) if after is None else policy.tick(state, BEGIN + after * DAY)


def full(day: float, **fields: Any) -> Event:  # noqa: ANN401  any field
    """Make the failure of a full mailbox."""
    return event(day, decision=Decision.SOFT, reason=Reason.MAILBOX_FULL, status="5.2.2", **fields)


def test_ladder_of_a_dead_address() -> None:
    """Hold, then suspend, then remove; each is news once, and says why, since when and until when."""
    state, action = told(event(0))
    assert (action.step, action.changed, action.until) == (Step.HOLD, True, BEGIN + 3 * DAY)
    assert action.why.startswith("Hold mail: user unknown")
    state, action = DEFAULT.tick(state, BEGIN + 3 * DAY)
    assert action.step is Step.WATCH
    state, action = DEFAULT.apply(state, event(3), BEGIN + 3 * DAY)
    assert (action.step, action.changed, action.rule, action.list) == (Step.SUSPEND, True, "hard", None)
    assert [ground.message for ground in action.grounds] == ["m0", "m3"]
    assert action.why == "Suspend: 2 strikes in 3 days (user unknown) make 2.00 of 2.00, no clean mail between."
    state, action = DEFAULT.tick(state, BEGIN + 50 * DAY)
    assert (action.step, action.changed) == (Step.SUSPEND, False)
    state, action = DEFAULT.tick(state, BEGIN + 93 * DAY)
    assert (action.step, action.changed) == (Step.REMOVE, True)
    state, action = DEFAULT.apply(state, event(200, EventKind.REPLY), BEGIN + 200 * DAY)
    assert action.step is Step.REMOVE
    state, action = DEFAULT.apply(state, event(201, EventKind.OWNER), BEGIN + 201 * DAY)
    assert state.removed_at is None
    assert DEFAULT.tick(state, BEGIN + 201 * DAY)[1].step is Step.NONE


def test_warnings_shorten_a_suspension() -> None:
    """After three warnings it is removed."""
    warnings = [event(day, EventKind.WARNING) for day in (10, 17, 24)]
    assert told(event(0), event(4), *warnings[:2])[1].step is Step.SUSPEND
    state, action = told(event(0), event(4), *warnings)
    assert (action.step, state.removed_at) == (Step.REMOVE, BEGIN + 24 * DAY)


def test_two_strikes_too_near_are_one_outage() -> None:
    """Strikes within 72 hours do not confirm each other, and those within a day count once."""
    assert told(event(0), event(2))[1].step is Step.HOLD
    assert told(*(event(hour / 24) for hour in range(0, 24, 2)))[1].score == 1.0


def test_cautious_waits_for_the_third() -> None:
    """However far apart the first two are."""
    cautious = Policy.preset("cautious")
    assert told(event(0), event(8), policy=cautious)[1].step is Step.HOLD
    assert told(event(0), event(4), event(8), policy=cautious)[1].step is Step.SUSPEND
    assert told(event(0), event(2), event(4), policy=cautious)[1].step is Step.HOLD


def test_what_was_forgotten_is_not_heard_again() -> None:
    """A strike that clean mails outweighed does not come back with a late copy of its report."""
    mails = [event(day, EventKind.SENT) for day in (*range(1, 20), 40, 60, 80)]
    state, _ = told(event(0), *mails)
    assert "m0" not in {trace.key for trace in state.traces}
    after, action = DEFAULT.apply(state, event(0), BEGIN + 80 * DAY)
    assert (after, action.step) == (state, Step.NONE)


def test_refusals_for_our_sake_part_strikes() -> None:
    """Two false reports weeks apart, and between them a provider that took none of our mail."""
    blocked = [event(day, decision=Decision.SOFT, reason=Reason.BLOCKLISTED, status="5.7.1") for day in (4, 5, 6)]
    assert told(event(0), event(7))[1].step is Step.SUSPEND
    assert told(event(0), *blocked, event(7))[1].step is Step.HOLD
    assert told(event(0), *blocked, event(7), event(10))[1].step is Step.SUSPEND
    assert told(event(-3), event(0), *blocked)[1].step is Step.SUSPEND


def test_a_mail_that_has_not_failed_parts_strikes() -> None:
    """Until it fails as well; one that went out after the last strike does not."""
    between, after = event(6, EventKind.SENT), event(7.1, EventKind.SENT)
    assert told(event(0), between, event(7))[1].step is Step.HOLD
    assert told(event(0), between, event(7), event(7.2, message="m6"))[1].step is Step.SUSPEND
    assert told(event(0), event(7), after)[1].step is Step.SUSPEND


def test_one_mail_counts_once() -> None:
    """However often and by whatever way its failure is told."""
    assert told(*(event(day, message="the same") for day in (0, 5, 9, 30)))[1].score == 1.0


def test_clean_mail_halves() -> None:
    """A mail that did not bounce in two days halves what was before it; one that was delayed has six days."""
    log = [event(0), event(4, EventKind.SENT)]
    assert DEFAULT.score(told(*log)[0], BEGIN + 5 * DAY) == 1.0
    assert DEFAULT.score(told(*log)[0], BEGIN + 6 * DAY) == 0.5
    delayed = event(4.1, EventKind.DELAY, message="m4")
    assert DEFAULT.score(told(*log, delayed)[0], BEGIN + 9 * DAY) == 1.0
    assert DEFAULT.score(told(*log, delayed)[0], BEGIN + 10 * DAY) == 0.5
    assert told(*log, event(9), after=9)[1].step is not Step.SUSPEND


def test_without_a_send_log_time_halves() -> None:
    """In sixty days, as seen from the last failure: two strikes are not enough, three are."""
    state = State()
    for day, score, step in ((0, 1.0, Step.HOLD), (30, 1.707107, Step.HOLD), (60, 2.207107, Step.SUSPEND)):
        state, action = DEFAULT.apply(state, event(day), BEGIN + day * DAY)
        assert (action.score, action.step) == (score, step)
    assert DEFAULT.tick(state, BEGIN + 100 * DAY)[1].score == 2.207107


def test_late_failure_takes_the_clean_mail_back() -> None:
    """A queue gives up after five days: the mail was never clean."""
    mails = [event(0), event(4, EventKind.SENT), event(6.5, EventKind.SENT), event(9, message="m4")]
    assert DEFAULT.score(told(*mails)[0], BEGIN + 7 * DAY) == 2.0


@pytest.mark.parametrize(
    "kind", [EventKind.DELIVERED, EventKind.AUTO_REPLY, EventKind.RECEIPT, EventKind.CLICK, EventKind.OPEN, EventKind.REPLY]
)
def test_signs_of_life_clear(kind: EventKind) -> None:
    """Whoever answers is there; a suspension is lifted."""
    state, action = told(event(0), event(4), event(5, kind))
    assert (action.step, action.changed) == (Step.CLEAR, True)
    assert DEFAULT.tick(state, BEGIN + 6 * DAY)[1].step is Step.NONE


@pytest.mark.parametrize("kind", [EventKind.CHALLENGE, EventKind.RELAYED, EventKind.EXPANDED, EventKind.OTHER, EventKind.DELAY])
def test_what_says_nothing_changes_nothing(kind: EventKind) -> None:
    """Neither evidence nor life."""
    assert told(event(0), event(5, kind), after=5)[1].score == 1.0


def test_new_addresses_need_one_strike() -> None:
    """Only where it is known that they are new and that no mail may have arrived."""
    new, sent, failed = event(0, EventKind.ADDED), event(0, EventKind.SENT, message="m"), event(0.01, message="m")
    assert told(new, sent, failed)[1].rule == "never_clean"
    assert told(sent, failed)[1].step is Step.HOLD
    assert told(new, failed)[1].step is Step.HOLD
    earlier = event(0, EventKind.SENT)
    assert told(new, earlier, event(1, EventKind.SENT), event(1.01, message="m1"))[1].step is Step.HOLD
    assert told(new, event(0, EventKind.CLICK), event(1, EventKind.SENT), event(1.01, message="m1"))[1].step is Step.HOLD


def test_soft_failures_count_on_their_list() -> None:
    """A full mailbox goes after ten different mails in more than thirty days, from that list alone."""
    posts = [full(day * 4, list="news") for day in range(12)]
    assert told(*posts[:9])[1].step is Step.WATCH
    action = told(*posts[:10])[1]
    assert (action.step, action.rule, action.list) == (Step.SUSPEND, "soft", "news")
    other = [full(day * 4, list="news" if day % 2 else "talk") for day in range(12)]
    assert told(*other)[1].step is Step.WATCH
    assert told(*(full(day, list="news") for day in range(20)))[1].step is Step.WATCH
    clean = event(17, EventKind.SENT)
    assert told(*sorted([*posts, clean], key=lambda one: float(str(one.at))))[1].step is Step.WATCH


@pytest.mark.parametrize(
    ("fields", "weight"),
    [
        ({}, 1.0),
        ({"status": "5.0.0", "confidence": 0.99}, 1.0),
        ({"status": "5.7.1", "confidence": 0.97}, 0.5),
        ({"status": "5.1.1", "agreement": False}, 0.5),
        ({"decision": Decision.SOFT, "reason": Reason.MAILBOX_FULL}, 0.2),
        ({"decision": Decision.RETRY, "reason": Reason.MAILBOX_FULL}, 0.2),
        ({"decision": Decision.SOFT, "reason": Reason.MAILBOX_FULL, "inactive": True}, 0.5),
        ({"decision": Decision.RETRY, "reason": Reason.EXPIRED}, 0.2),
        ({"decision": Decision.RETRY, "reason": Reason.CONNECTION_FAILED}, 0.2),
        ({"decision": Decision.SOFT, "reason": Reason.UNDETERMINED}, 0.25),
        ({"decision": Decision.SOFT, "reason": Reason.ROUTING_LOOP}, 0.25),
        ({"decision": Decision.SOFT, "reason": Reason.RECIPIENT_REFUSED}, 0.25),
        ({"decision": Decision.HARD, "reason": Reason.UNDETERMINED}, 0.25),
        ({"decision": Decision.HARD, "reason": Reason.SUPPRESSED}, 0.0),
        *(
            ({"decision": Decision.SOFT, "reason": reason}, 0.0)
            for reason in (Reason.MESSAGE_TOO_LARGE, Reason.SPAM, Reason.VIRUS, Reason.POLICY, Reason.AUTH_FAILURE)
        ),
        *(
            ({"decision": Decision.SOFT, "reason": reason}, 0.0)
            for reason in (Reason.BLOCKLISTED, Reason.BAD_REPUTATION, Reason.RELAY_DENIED, Reason.SENDER_REJECTED)
        ),
        *(
            ({"decision": Decision.RETRY, "reason": reason}, 0.0)
            for reason in (Reason.GREYLISTED, Reason.RATE_LIMITED, Reason.TOO_MANY_CONNECTIONS)
        ),
    ],
)
def test_weights(fields: dict[str, Any], weight: float) -> None:
    """The table of evidence."""
    assert DEFAULT.score(told(event(0, **fields))[0], BEGIN) == weight


def test_trust() -> None:
    """What is not proven never acts alone, unless an address is to be enough."""
    bare = [event(day * 4, level=Level.L0) for day in range(40)]
    recent = [event(day * 4, level=Level.L1) for day in range(40)]
    assert told(*bare)[1].score == 1.0
    assert told(*bare)[1].step is Step.WATCH
    assert told(*recent)[1].score == 1.75
    assert told(*recent)[1].step is Step.WATCH
    proof = Policy(trust=Trust.PROOF)
    state, action = told(*bare, *recent, policy=proof)
    assert state == LOGGED
    assert 'trust = "address"' in action.why
    assert told(*bare, policy=Policy().believing())[1].step is Step.REMOVE
    assert told(event(0, level=Level.L1), event(4), policy=Policy())[1].step is Step.HOLD


def test_complaints() -> None:
    """They unsubscribe at once, from their list, with a token or a matched mail only; an import does not bring it back."""
    complaint = event(0, EventKind.COMPLAINT, list="news", feedback="abuse")
    state, action = told(complaint)
    assert (action.step, action.changed, action.list, action.rule) == (Step.UNSUBSCRIBE, True, "news", "complaint")
    assert told(complaint, complaint)[1].changed is False
    assert told(event(0, EventKind.UNSUBSCRIBE, list="news", feedback="opt-out"))[1].rule == "opt_out"
    assert state.left == (("news", BEGIN),)
    for kind, name, left in (
        (EventKind.ADDED, "news", True),
        (EventKind.OWNER, "news", False),
        (EventKind.OWNER, None, False),
        (EventKind.OWNER, "talk", True),
    ):
        assert DEFAULT.apply(state, event(1, kind, list=name), BEGIN + DAY)[0].has_left("news") is left
    assert (state.has_left("talk"), State().has_left("news")) == (False, False)
    everywhere = told(event(0, EventKind.COMPLAINT))[0]
    assert everywhere.has_left("talk")
    back = DEFAULT.apply(everywhere, event(1, EventKind.OWNER, list="news"), BEGIN + DAY)[0]
    assert (back.has_left("news"), back.has_left("talk")) == (False, True)
    for policy in (DEFAULT, DEFAULT.believing()):
        for level in (Level.L0, Level.L1):
            forged = event(0, EventKind.COMPLAINT, level=level)
            assert policy.apply(None, forged, BEGIN)[0] == State()
    for feedback in ("auth-failure", "virus", "other", "fraud"):
        assert told(event(0, EventKind.COMPLAINT, feedback=feedback))[1].step is Step.NONE
    assert told(event(0), event(4), event(5, EventKind.NOT_SPAM))[1].step is Step.CLEAR


def test_probe() -> None:
    """A policy with probes asks once more: silence clears, a dead address confirms, a soft one says nothing."""
    policy = Policy(probe=True)
    dead = [event(0), event(4)]
    assert told(*dead, policy=policy)[1].step is Step.PROBE
    probe = event(4.1, EventKind.PROBE, message="probe")
    assert told(*dead, probe, policy=policy)[1].step is Step.HOLD
    answer = event(4.2, message="probe")
    assert told(*dead, probe, answer, policy=policy)[1].rule == "probe"
    assert told(*dead, probe, full(4.2, message="probe"), policy=policy)[1].step is Step.HOLD
    assert told(*dead, probe, policy=policy, after=14.2)[1].step is Step.CLEAR
    fulls = [full(day * 4) for day in range(12)]
    assert told(*fulls, policy=policy)[1].step is Step.SUSPEND
    recent = [event(day, level=Level.L1) for day in (0, 4)]
    assert told(*recent, policy=policy)[1].step is Step.PROBE


def test_held_events_count_once_the_address_fails_again() -> None:
    """A failure in an outage counts for nothing, until a later one confirms it."""
    held = event(0, held=True)
    assert told(held)[1].step is Step.NONE
    assert told(held, event(2))[1].score == 1.0
    assert told(held, event(4))[1].step is Step.SUSPEND
    assert told(held, event(4, held=True))[1].step is Step.NONE
    assert told(event(0), held, event(1), after=1)[1].score == 1.0


def test_old_evidence_is_void() -> None:
    """After a year, and where the owner edited the address."""
    assert told(event(0), after=366)[1].step is Step.CLEAR
    assert told(event(0), event(1, EventKind.OWNER), after=1)[1].score == 0.0


def test_times() -> None:
    """Aware datetimes and seconds are equal; a naive one is refused; what lies in the future is now."""
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    at = moment.timestamp()
    one = msgspec.structs.replace(event(0), at=moment)
    assert DEFAULT.apply(None, one, moment) == DEFAULT.apply(None, msgspec.structs.replace(one, at=at), at)
    future = msgspec.structs.replace(one, at=moment + timedelta(days=3))
    assert DEFAULT.apply(None, future, moment) == DEFAULT.apply(None, one, moment)
    with pytest.raises(PolicyError, match="no time zone"):
        DEFAULT.apply(None, one, moment.replace(tzinfo=None))


def test_states_actions_and_events_are_json() -> None:
    """They come back equal."""
    state, action = told(event(0), event(1, EventKind.SENT), event(4))
    for thing in (state, action, event(0), msgspec.structs.replace(event(0), at=datetime(2026, 1, 1, tzinfo=UTC))):
        assert msgspec.json.decode(msgspec.json.encode(thing), type=type(thing)) == thing


def test_tables() -> None:
    """A TOML table gives a policy; what is wrong with it is told by name, all at once."""
    assert Policy.load({}) == Policy() == Policy.preset("default")
    assert Policy.load({"preset": "strict", "remove_days": 30}).remove_days == 30
    assert Policy.load({"trust": "address"}) == Policy().believing()
    with pytest.raises(
        PolicyError, match=r"bouncery.toml: threshhold: no such number; there are .*threshold.*; memory: "
    ) as error:
        Policy.load({"threshhold": 1, "memory": "much"}, "bouncery.toml")
    assert (error.value.path, error.value.key) == ("bouncery.toml", "threshhold")
    assert isinstance(error.value, BounceryError)
    for table, problem in (
        ({"preset": "brave"}, "'brave' is none of cautious, default, strict"),
        ({"threshold": -1}, "threshold must not be negative"),
        ({"memory": 0}, "memory must be above 0"),
        ({"cap_l1": 2.0}, "must stay below threshold"),
    ):
        with pytest.raises(PolicyError, match=problem):
            Policy.load(table)


def test_every_number_is_documented() -> None:
    """Each has a name that says its unit or a docstring, and a test of its type."""
    assert all(field.name.islower() for field in msgspec.structs.fields(Policy))
    assert HOUR * 24 == DAY
