"""Made-up subscribers for trying rules out: who lives, who dies, whose provider errs, and what each of their mails meets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bouncery.model import Decision, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Outcome(NamedTuple):
    """What one mail met: the code as systems read it, and the verdict."""

    status: str
    decision: Decision | None
    reason: Reason
    final: bool = True
    genuine: bool = True
    """Not written by a forger."""


UNKNOWN = Outcome("5.1.1", Decision.HARD, Reason.USER_UNKNOWN)
NO_DOMAIN = Outcome("5.1.2", Decision.HARD, Reason.DOMAIN_UNKNOWN)
FULL = Outcome("5.2.2", Decision.SOFT, Reason.MAILBOX_FULL)
EXPIRED = Outcome("4.4.1", Decision.RETRY, Reason.EXPIRED)
DELAYED = Outcome("4.4.7", Decision.RETRY, Reason.GREYLISTED, final=False)
REFUSED = Outcome("5.7.1", Decision.SOFT, Reason.AUTH_FAILURE)
BLOCKED = Outcome("5.7.1", Decision.SOFT, Reason.BLOCKLISTED)
FORGED = UNKNOWN._replace(genuine=False)


class Subscriber(NamedTuple):
    """One address: `dies` is the day from which nobody reads it, None for one that lives through the year."""

    kind: str
    provider: str
    meets: Callable[[int], Outcome | None]
    """Give what a mail of a day meets; None where it arrives."""
    dies: int | None = None
    joins: int = 0


class Spell(NamedTuple):
    """A time in which mail to one address or provider meets the same."""

    first: int
    last: int
    outcome: Outcome
    every: int = 1
    """Only each so many days."""

    def meets(self, day: int) -> Outcome | None:
        """Give the outcome of a day in the spell."""
        inside = self.first <= day <= self.last and (day - self.first) % self.every == 0
        return self.outcome if inside else None


FOREVER = 10_000


def meeting(spells: tuple[Spell, ...]) -> Callable[[int], Outcome | None]:
    """Give what a day meets: the first spell that holds."""

    def meets(day: int) -> Outcome | None:
        return next((outcome for spell in spells if (outcome := spell.meets(day))), None)

    return meets


LARGE = (("large", 0.4), ("medium", 0.2), ("third", 0.1))
"""Providers with their share of subscribers; the others have domains of their own."""
SMALL = 300
SHARES = (
    ("dead from import", 0.03),
    ("dies", 0.10),
    ("abandoned, full", 0.02),
    ("domain expires", 0.01),
    ("host down", 0.01),
    ("full for days", 0.03),
    ("one false unknown", 0.02),
    ("every mail delayed", 0.02),
    ("forged bounces", 0.01),
    ("joins later", 0.05),
    ("typo at sign-up", 0.005),
)
DEAD = ("dead from import", "dies", "domain expires", "typo at sign-up")
"""Kinds whose failure says for good that nobody is there."""
ABANDONED = ("abandoned, full", "host down")
"""Kinds that nobody reads, but whose failure does not say so."""


def populate(size: int, days: int, chance: Random) -> list[Subscriber]:
    """Make the subscribers of one list, with a year of their own and of their provider."""
    weather = providers(days, chance)
    return [subscriber(days, chance, weather) for _ in range(size)]


def providers(days: int, chance: Random) -> dict[str, tuple[tuple[Spell, float], ...]]:
    """Give the spells of each provider, with the share of its subscribers that each one meets.

    Outages answer "user unknown" for live users on one to three days, as the one of a large provider did in December 2020;
    blocks refuse all our mail for a week or five; a policy refuses every fourth post for two months.
    """

    def spell(outcome: Outcome, shortest: int, longest: int, every: int = 1) -> Spell:
        first = chance.randrange(30, max(31, days - 70))
        return Spell(first, first + chance.randint(shortest, longest) - 1, outcome, every)

    weather = {
        "large": ((spell(UNKNOWN, 2, 2), 0.6), (spell(BLOCKED, 7, 7), 1.0), (spell(REFUSED, 60, 60, 4), 1.0)),
        "medium": ((spell(UNKNOWN, 1, 3), 1.0), (spell(BLOCKED, 35, 35), 1.0)),
        "third": ((spell(UNKNOWN, 1, 1), 0.3), (spell(REFUSED, 60, 60, 4), 1.0)),
    }
    for number in range(SMALL):
        if chance.random() < 0.05:
            weather[f"small-{number}"] = ((spell(UNKNOWN, 1, 2), 1.0),)
    return weather


def subscriber(days: int, chance: Random, weather: dict[str, tuple[tuple[Spell, float], ...]]) -> Subscriber:
    """Make one subscriber."""
    provider = pick(chance, LARGE) or f"small-{chance.randrange(SMALL)}"
    kind = pick(chance, SHARES) or "lives"
    day = chance.randrange(20, max(21, days - 120))
    own, dies, joins = spells_of(kind, day, chance)
    shared = tuple(spell for spell, share in weather.get(provider, ()) if chance.random() < share)
    return Subscriber(kind, provider, meeting((*own, *shared)), dies, joins)


def spells_of(kind: str, day: int, chance: Random) -> tuple[tuple[Spell, ...], int | None, int]:
    """Give the spells of a kind, the day of its death, and the day on which it joins."""
    last = day + chance.randint(4, 19)
    kinds: dict[str, tuple[tuple[Spell, ...], int | None, int]] = {
        "dead from import": ((Spell(0, FOREVER, UNKNOWN),), 0, 0),
        "typo at sign-up": ((Spell(0, FOREVER, UNKNOWN),), day, day),
        "dies": ((Spell(day, FOREVER, UNKNOWN),), day, 0),
        "abandoned, full": ((Spell(day, FOREVER, FULL),), day, 0),
        "domain expires": ((Spell(day, FOREVER, NO_DOMAIN),), day, 0),
        "host down": ((Spell(day, FOREVER, EXPIRED),), day, 0),
        "full for days": ((Spell(day, last, FULL),), None, 0),
        "one false unknown": ((Spell(day, day, UNKNOWN),), None, 0),
        "every mail delayed": ((Spell(0, FOREVER, DELAYED),), None, 0),
        "forged bounces": ((Spell(day, day + 13, FORGED),), None, 0),
        "joins later": ((), None, day),
    }
    return kinds.get(kind, ((), None, 0))


def pick(chance: Random, shares: tuple[tuple[str, float], ...]) -> str | None:
    """Pick a name by its share; None for the rest."""
    point = chance.random()
    for name, share in shares:
        if point < share:
            return name
        point -= share
    return None
