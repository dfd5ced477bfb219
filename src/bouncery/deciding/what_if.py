"""What if: the recorded history under another policy, beside the one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bouncery.address import comparable
from bouncery.deciding.engine import GONE, Engine
from bouncery.deciding.hearing import EVENT, News, recorded
from bouncery.deciding.line import Line, line
from bouncery.deciding.proofs import Mailed, Proofs
from bouncery.deciding.undo import POLICY
from bouncery.policy import State, Step
from bouncery.store.book import book

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bouncery.deciding.hearing import Item
    from bouncery.deciding.proofs import Keys
    from bouncery.policy import Action, Event, Policy
    from bouncery.store import Store
    from bouncery.store.book import Book


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One address that stands otherwise under the other policy, and what would be done with it then."""

    address: str
    now: Step
    then: Step
    change: str
    """goes, stays, or otherwise."""
    why: str


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """How many are gone under each policy, and who stands otherwise."""

    addresses: int
    gone_now: int
    gone_then: int
    differences: list[Difference]


def compare(store: Store, other: Policy, present: Policy, *, now: float, keys: Keys | None = None) -> Compared:
    """Decide on the whole record under another policy, and as it was decided: by `present` where it was not yet."""
    with book(store) as opened:
        mine, others = Engine(present), Engine(other)
        rehearse(opened, [mine, others], now, keys, follows=True)
    gone_now = gone_then = 0
    differences = []
    for key in sorted({**mine.touched, **others.touched}):
        before, after = standing(mine, key, now), standing(others, key, now)
        gone_now += before.step in GONE
        gone_then += after.step in GONE
        if before.step is not after.step:
            change = change_of(before.step, after.step)
            found = Difference(address=others.address(key), now=before.step, then=after.step, change=change, why=after.why)
            differences.append(found)
    return Compared(addresses=len(others.touched), gone_now=gone_now, gone_then=gone_then, differences=differences)


def change_of(before: Step, after: Step) -> str:
    """Say what a change comes to."""
    if (before in GONE) is (after in GONE):
        return "otherwise"
    return "goes" if after in GONE else "stays"


def believed(store: Store, policy: Policy, *, now: float, keys: Keys | None = None) -> list[Line]:
    """Give what would be done if an address in a text were proof enough."""
    fresh: dict[str, list[Event]] = {}
    with book(store) as opened:
        engine = Engine(policy.believing())
        rehearse(opened, [engine], now, keys, fresh=fresh)
        lines = []
        for one in engine.news(now, {}):
            kept = (EVENT.decode(heard.event) for heard in opened.heard.of_person(opened.sends.person(one.key)))
            lines.append(line("", engine.address(one.key), one.action, [*kept, *fresh.get(one.key, ())]))
        return lines


def rehearse(
    book: Book,
    engines: Sequence[Engine],
    now: float,
    keys: Keys | None,
    *,
    follows: bool = False,
    fresh: dict[str, list[Event]] | None = None,
) -> None:
    """Let engines hear the whole record; the first may follow the policies of the runs. `fresh` takes what no run has heard."""
    before, present = None, engines[0].policy
    for run in book.heard.runs():
        if follows:
            engines[0].policy = POLICY.decode(run.policy)
        heard(engines, recorded(book, run, before), run.at)
        before = run
    if follows:
        engines[0].policy = present
    proofs = Proofs(keys.verp() if keys else None, Mailed(book.sends))
    news = list(News(book, proofs, None, now).items())
    heard(engines, news, now)
    if fresh is not None:
        for item in news:
            fresh.setdefault(comparable(item.event.address), []).append(item.event)


def heard(engines: Sequence[Engine], items: Iterable[Item], now: float) -> None:
    """Let engines hear some events, and let time pass."""
    for item in items:
        if item.undo is None:
            for engine in engines:
                engine.hear(item.event)
    for engine in engines:
        engine.pass_time(now)


def standing(engine: Engine, key: str, now: float) -> Action:
    """Give where an address stands under a policy."""
    return engine.policy.tick(engine.memory.get(key) or State(), now)[1]
