"""Guards that look at many addresses at once."""

from __future__ import annotations

import math

import pytest

from bouncery.model import Decision, Reason
from bouncery.policy import (
    Blame,
    Event,
    EventKind,
    Ledger,
    Level,
    Outage,
    Policy,
    Provider,
    Selection,
    Step,
    blame,
    guard,
    guard_run,
)
from bouncery.policy.numbers import DAY, HOUR
from bouncery.policy.replay import replay

BEGIN = 20_000 * DAY
DEFAULT = Policy()


def event(address: int, day: float, kind: EventKind = EventKind.FAILURE, provider: str = "large", **fields: object) -> Event:
    """Make an event of one of many addresses at a provider."""
    failed = kind is EventKind.FAILURE
    return Event(
        address=f"u{address}@example.com",
        at=BEGIN + day * DAY,
        kind=kind,
        message=f"post-{int(day)}",
        decision=Decision.HARD if failed else None,
        reason=Reason.USER_UNKNOWN if failed else None,
        status="5.1.1" if failed else None,
        provider=provider,
        level=Level.L3,
        template="550 5.1.1 no such user",
        text="550 5.1.1 No such user",
        **fields,  # type: ignore[arg-type]
    )


def posts(count: int, days: range) -> list[Event]:
    """Make the sends of some days to some addresses."""
    return [event(address, day, EventKind.SENT) for day in days for address in range(count)]


def wave(day: float, addresses: range) -> list[Event]:
    """Make failures of many, a minute apart."""
    return [event(address, day + 0.01 + number * 60 / DAY) for number, address in enumerate(addresses)]


@pytest.mark.parametrize(("least", "mean"), [(0, 1.0), (1, 1.0), (5, 0.2), (20, 5.0), (40, 30.0), (2_000, 1_500.0)])
def test_tail(least: int, mean: float) -> None:
    """The tail of the Poisson distribution, as it is summed up from the other end."""
    body = sum(math.exp(count * math.log(mean) - mean - math.lgamma(count + 1)) for count in range(least))
    assert guard.tail(least, mean) == pytest.approx(1.0 if least <= mean else 1 - body, abs=1e-12)


def test_tail_without_a_mean() -> None:
    """Where nothing is expected, anything is a surprise."""
    assert (guard.tail(5, 0.0), guard.tail(0, 0.0)) == (0.0, 1.0)


def test_outage_is_held() -> None:
    """Live addresses that fail all at once are not touched; those before the guard opened are taken back."""
    ledger = replay(DEFAULT, [*posts(100, range(10)), *posts(100, range(10, 11))])
    actions = [pair for failure in wave(10, range(100)) for pair in ledger.feed(failure)]
    holds = [address for address, action in actions if action.step is Step.HOLD]
    assert len(holds) == 4
    assert {address for address, action in actions if action.step is Step.CLEAR} == set(holds)
    assert {state.standing for state in ledger.states.values()} == {Step.NONE}
    ruled = ledger.outages["large", "user_unknown", "550 5.1.1 no such user"]
    assert ruled.open_since is not None


def test_dead_ones_go_after_an_outage() -> None:
    """Who fails again 72 hours later goes at once; whoever does not is untouched."""
    ledger = replay(DEFAULT, [*posts(100, range(11)), *wave(10, range(100))])
    for failure in (*posts(100, range(14, 15)), *wave(14, range(3))):
        ledger.feed(failure)
    assert {name for name, state in ledger.states.items() if state.standing is Step.SUSPEND} == {
        "u0@example.com",
        "u1@example.com",
        "u2@example.com",
    }


def test_outage_of_two_days_stays_open() -> None:
    """A daily list meets it once a day."""
    ledger = replay(DEFAULT, [*posts(50, range(11)), *wave(10, range(50)), *posts(50, range(11, 12)), *wave(11, range(50))])
    assert {state.standing for state in ledger.states.values()} == {Step.NONE}


def test_a_false_report_before_an_outage() -> None:
    """The outage does not confirm it."""
    ledger = replay(DEFAULT, [*posts(50, range(10)), event(7, 9.5), *posts(50, range(13, 14)), *wave(13, range(50))])
    assert ledger.states["u7@example.com"].standing is not Step.SUSPEND
    assert Step.SUSPEND not in {state.standing for state in ledger.states.values()}


def test_dead_imports_are_no_outage() -> None:
    """Addresses that never had a clean mail do not open the guard."""
    new = [event(address, 0, EventKind.ADDED) for address in range(50)]
    ledger = replay(DEFAULT, [*new, *posts(50, range(1)), *wave(0, range(50))])
    assert {state.standing for state in ledger.states.values()} == {Step.SUSPEND}
    assert all(outage.open_since is None for outage in ledger.outages.values())


def test_new_ones_are_held_with_the_others() -> None:
    """A new subscriber is not taken off for an outage, whether before the guard opened or after."""
    log = posts(50, range(11))
    new = [event(address, 10, EventKind.ADDED) for address in (900, 901)]
    sent = [event(address, 10, EventKind.SENT) for address in (900, 901)]
    ledger = replay(DEFAULT, [*log, *new, *sent, event(900, 10.005), *wave(10, range(50)), event(901, 10.1)])
    assert {state.standing for state in ledger.states.values()} == {Step.NONE}


def test_usual_deaths_are_no_outage() -> None:
    """Where a provider loses many every week, a week like the others opens nothing."""
    provider, outage = Provider(), Outage()
    opened = []
    for week in range(12):
        at = BEGIN + week * 7 * DAY
        provider = guard.sent(provider, 3_000, at, DEFAULT)
        for number in range(30):
            provider, outage, ruling = guard.rule(provider, outage, at + number, DEFAULT, first_death=True)
            opened.append((week, ruling.held, ruling.why))
    assert any(held for week, held, _ in opened if week == 0)
    assert not any(held for week, held, _ in opened if week > 1)
    assert "an outage of the provider" in next(why for _, held, why in opened if held)


def test_states_are_bounded() -> None:
    """However long it goes on."""
    provider, outage = Provider(), Outage()
    for hour in range(24 * 400):
        provider = guard.sent(provider, 10, BEGIN + hour * HOUR, DEFAULT)
        provider, outage, _ = guard.rule(provider, outage, BEGIN + hour * HOUR, DEFAULT, first_death=True)
    assert (len(provider.hours), len(provider.days), len(outage.hours)) == (24, 90, 24)


def test_late_counts_find_their_hour() -> None:
    """What is told late stands in its own hour."""
    buckets = guard.added(guard.added(((1, 1, 0),), 3, 1, 0, 10), 1, 1, 2, 10)
    assert buckets == ((1, 2, 2), (3, 1, 0))


@pytest.mark.parametrize(
    ("sends", "refusals", "expected"),
    [(19, 19, Blame.FINE), (100, 20, Blame.FINE), (100, 21, Blame.ALERT), (100, 30, Blame.WARN), (100, 50, Blame.HALT)],
)
def test_sender(sends: int, refusals: int, expected: Blame) -> None:
    """More than a fifth of at least twenty is our problem."""
    provider = guard.sent(Provider(), sends, BEGIN, DEFAULT)
    for _ in range(refusals):
        provider = guard.refused(provider, BEGIN, DEFAULT)
    assert blame(provider, BEGIN, DEFAULT)[0] is expected
    assert blame(provider, BEGIN + 2 * DAY, DEFAULT)[0] is Blame.FINE


def test_ledger_blames_us() -> None:
    """Refusals for our sake are counted for their provider, and hurt nobody."""
    ledger = Ledger(DEFAULT)
    for sent in posts(30, range(1)):
        ledger.feed(sent)
    for address in range(20):
        refusal = event(address, 0.1)
        ledger.feed(
            Event(
                address=refusal.address,
                at=refusal.at,
                kind=refusal.kind,
                decision=Decision.SOFT,
                reason=Reason.BLOCKLISTED,
                provider="large",
            )
        )
    assert blame(ledger.providers["large"], BEGIN + DAY / 2, DEFAULT)[0] is Blame.HALT
    assert {state.standing for state in ledger.states.values()} == {Step.NONE}


def test_run() -> None:
    """One run takes ten addresses or a hundredth of the list, unless it is forced."""
    actions = [f"u{number}" for number in range(50)]
    assert guard_run(actions, 100, DEFAULT)[1:] == (tuple(actions[10:]), 10)
    assert len(guard_run(actions, 2_000, DEFAULT).allowed) == 20
    assert guard_run(actions, 100, DEFAULT, force=True).excess == ()
    assert guard_run(actions[:10], 100, DEFAULT).excess == ()


def test_undo() -> None:
    """Leaving events out by time, domain, code or text; nothing given leaves nothing out."""
    log = [event(0, 0, EventKind.SENT), *(event(0, day) for day in (5, 9))]
    assert replay(DEFAULT, log).states["u0@example.com"].standing is Step.SUSPEND
    assert replay(DEFAULT, log, Selection()).states["u0@example.com"].standing is Step.SUSPEND
    for selection in (
        Selection(since=BEGIN + 8 * DAY),
        Selection(until=BEGIN + 8 * DAY),
        Selection(domain="Example.com"),
        Selection(status="5.1.1"),
        Selection(text="NO SUCH"),
        Selection(domain="example.com", text="no such"),
    ):
        assert replay(DEFAULT, log, selection).states["u0@example.com"].standing is not Step.SUSPEND
    for selection in (
        Selection(domain="example.net"),
        Selection(status="5.1.1", text="full"),
        Selection(since=BEGIN + 10 * DAY),
    ):
        assert replay(DEFAULT, log, selection).states["u0@example.com"].standing is Step.SUSPEND


def test_ticking_and_forgeries() -> None:
    """Time alone changes what stands; a forged event is counted."""
    ledger = replay(DEFAULT, [event(0, 0, EventKind.SENT), event(1, 0, EventKind.SENT), *(event(0, day) for day in (5, 9))])
    assert [(name, action.step) for name, action in ledger.tick(BEGIN + 120 * DAY)] == [("u0@example.com", Step.REMOVE)]
    ledger.feed(event(1, 121, forged=True))
    assert ledger.forged == 1
    assert ledger.states["u1@example.com"].failures == 0
