"""One decision: what is new goes through the policy, and what follows goes into the outbox."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from bouncery.address import comparable
from bouncery.deciding.closing import Closing, Outcome
from bouncery.deciding.engine import Engine, encoded
from bouncery.deciding.hearing import News
from bouncery.deciding.proofs import Mailed, Proofs
from bouncery.policy import Trust
from bouncery.store.book import book
from bouncery.store.heard import Hearing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bouncery.deciding.hearing import Item
    from bouncery.deciding.line import Line
    from bouncery.deciding.proofs import Keys
    from bouncery.policy import Event, Policy
    from bouncery.store import Store
    from bouncery.store.book import Book
    from bouncery.store.states import Standing

PORTION = 500
"""Events whose states are asked for together."""


class Decided(NamedTuple):
    """What a decision came to."""

    lines: list[Line]
    withheld: list[Line]
    """Suspensions beyond what one run may do."""
    limit: int
    alarms: list[str]
    heard: int
    undone: int
    forged: int
    dry: bool
    first: bool
    """Nothing was decided before."""
    unproven: bool
    """There are neither signed return paths nor a send log, and the policy wants proof."""


def decide(
    store: Store,
    policy: Policy,
    *,
    now: float,
    keys: Keys | None = None,
    dry: bool | None = None,
    since: float | None = None,
    force: bool = False,
    size: int | None = None,
) -> Decided:
    """Decide on everything new, and put what follows into the outbox.

    A dry run writes nothing; without `dry` the first one is dry. `since` leaves out messages about what was before. `size` is
    the number of subscribers, where more are known than the record has seen. Times are seconds since 1970.
    """
    with book(store) as snapshot:
        first = snapshot.heard.last_run() is None
    dry = first if dry is None else dry
    with book(store, write=not dry) as opened:
        deciding = Deciding(opened, policy, keys, now=now, since=since)
        outcome = deciding.run(force=force, size=size)
        return deciding.decided(outcome, first=first)


class Deciding:
    """One decision, in one transaction."""

    def __init__(self, book: Book, policy: Policy, keys: Keys | None, *, now: float, since: float | None) -> None:
        """Take the book."""
        self.book = book
        self.policy = policy
        self.now = now
        self.mailed = Mailed(book.sends)
        self.proofs = Proofs(keys.verp() if keys else None, self.mailed)
        self.news = News(book, self.proofs, since, now)
        self.before = self.news.before
        self.engine = Engine(policy, self.load)
        self.engine.remember(book.states.guards())
        self.fresh: dict[str, list[Event]] = {}
        self.heard = self.undone = self.logs = 0
        self.number = 0

    def load(self, keys: list[str]) -> Iterator[tuple[str, Standing]]:
        """Give what is remembered of addresses."""
        names = {self.book.sends.person(key): key for key in keys}
        for standing in self.book.states.many(list(names)):
            yield names[standing.recipient], standing

    def run(self, *, force: bool, size: int | None) -> Outcome:
        """Hear everything new, let time pass, and say what follows."""
        if self.book.write:
            self.number = self.book.heard.begin_run(self.now, encoded(self.policy), self.news.messages, self.news.sends)
        for portion in portions(self.news.items()):
            self.engine.memory.fetch(comparable(item.event.address) for item in portion)
            self.hear(portion)
        if self.book.write:
            self.book.heard.end_run(self.number, self.book.sends.last())
        for standing in self.book.states.open():
            key = comparable(standing.address)
            if key not in self.engine.memory.known:
                self.engine.memory.take(key, standing)
        self.engine.pass_time(self.now)
        closing = Closing(self.book, self.engine, self.engine.memory.standings, self.now, f"{self.number}@{self.now}")
        lists = [(key, action, action.step.value) for (key, _), action in self.engine.left.items()]
        outcome = closing.end(lists, self.fresh, force=force, size=size)
        if self.book.write and self.before and not (self.engine.touched or self.undone or self.is_news()):
            self.book.heard.drop_run(self.number)
        return outcome

    def is_news(self) -> bool:
        """Whether the record has grown since the last decision."""
        before = self.before
        return before is None or (before.messages, before.sends) != (self.news.messages, self.book.sends.last())

    def hear(self, portion: list[Item]) -> None:
        """Take in some events, and write them down."""
        hearings, sends = [], []
        for item in portion:
            if item.undo is None:
                self.engine.hear(item.event)
            if item.send is not None:
                sends.append(item.send)
            elif item.rank:
                hearings.append(self.hearing(item))
        self.heard += len(hearings)
        self.logs += len(sends)
        if self.book.write:
            self.book.heard.add(hearings)
            self.book.sends.add(sends)

    def hearing(self, item: Item) -> Hearing:
        """Give the row of an event."""
        self.undone += item.undo is not None
        if not self.book.write:
            self.fresh.setdefault(comparable(item.event.address), []).append(item.event)
        person = self.book.sends.person(item.event.address)
        return Hearing(0, self.number, item.message, person, item.at, encoded(item.event), item.undo)

    def decided(self, outcome: Outcome, *, first: bool) -> Decided:
        """Tell what it came to."""
        return Decided(
            *outcome,
            list(self.engine.alarms(self.now)),
            self.heard,
            self.undone,
            self.engine.forged,
            not self.book.write,
            first,
            self.policy.trust is not Trust.ADDRESS and not self.proofs.has_keys and self.mailed.is_empty,
        )


def portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Give items in portions."""
    stream = iter(items)
    while portion := list(islice(stream, PORTION)):
        yield portion
