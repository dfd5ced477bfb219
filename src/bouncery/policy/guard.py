"""Guards that look at many addresses at once: outages of a provider, refusals that are our own fault, runs that act too much.

All are pure: their states are Structs of bounded size that the caller keeps, one per provider, and one per provider, reason
and template of the diagnostic.
"""

from __future__ import annotations

import math
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from bouncery.policy.event import seconds
from bouncery.policy.numbers import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bouncery.policy.numbers import Numbers

Bucket = tuple[int, int, int]
"""A span of time by its number, and two counts."""
Item = TypeVar("Item")
NEGLIGIBLE = 1e-18


class Provider(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one provider was sent and answered: hours (number, sends, refusals for our sake), days (number, sends, deaths)."""

    hours: tuple[Bucket, ...] = ()
    days: tuple[Bucket, ...] = ()


class Outage(msgspec.Struct, frozen=True, omit_defaults=True):
    """First failures of established addresses for one provider, reason and template, by the hour."""

    hours: tuple[Bucket, ...] = ()
    open_since: float | None = None
    """Begin of the wave; None while the guard is closed."""
    last: float = 0.0
    """When the wave last hit an address."""


class Ruling(NamedTuple):
    """What the outage guard says to one hard failure."""

    held: bool
    """Apply the event with `held=True`: it counts only once the address fails again after the outage."""
    opened: bool = False
    """The guard has just opened: apply the key's events from `since` on once more, with `held=True`, and alert."""
    since: float | None = None
    deaths: int = 0
    expected: float = 0.0

    @property
    def why(self) -> str:
        """Say what was seen."""
        seen = f"{self.deaths} established addresses failed for the first time where {self.expected:.2f} were to be expected"
        return f"{seen}: an outage of the provider, nothing is counted" if self.held else seen


class Blame(StrEnum):
    """How much one provider refuses for our sake."""

    FINE = "fine"
    ALERT = "alert"
    """Our problem: look at blocklists, authentication and content."""
    WARN = "warn"
    HALT = "halt"
    """Pause the campaign."""


def added(buckets: tuple[Bucket, ...], number: int, first: int, second: int, keep: int) -> tuple[Bucket, ...]:
    """Add to the counts of a span, and drop what lies more than `keep` spans back."""
    if buckets and buckets[-1][0] == number:
        last = buckets[-1]
        return (*buckets[:-1], (number, last[1] + first, last[2] + second))
    counts = {bucket[0]: bucket for bucket in buckets}
    _, one, two = counts.get(number, (number, 0, 0))
    counts[number] = (number, one + first, two + second)
    newest = max(counts)
    return tuple(bucket for known, bucket in sorted(counts.items()) if known > newest - keep)


def sent(provider: Provider, count: int, at: datetime | float, numbers: Numbers) -> Provider:
    """Tell that a number of mails went to a provider."""
    return counted(provider, at, numbers, sends=count)


def refused(provider: Provider, at: datetime | float, numbers: Numbers) -> Provider:
    """Tell that a provider refused a mail for the sender's or the message's sake (`Policy.ours`)."""
    return counted(provider, at, numbers, refusals=1)


def counted(
    provider: Provider, at: datetime | float, numbers: Numbers, *, sends: int = 0, refusals: int = 0, deaths: int = 0
) -> Provider:
    """Add to the counts of an hour and of a day."""
    moment = seconds(at)
    hours = added(provider.hours, int(moment // HOUR), sends, refusals, numbers.outage_hours)
    if not sends and not deaths:
        return Provider(hours, provider.days)
    return Provider(hours, added(provider.days, int(moment // DAY), sends, deaths, math.ceil(numbers.established_days)))


def rule(
    provider: Provider,
    outage: Outage,
    at: datetime | float,
    numbers: Numbers,
    *,
    first_death: bool,
    died_before: float | None = None,
) -> tuple[Provider, Outage, Ruling]:
    """Rule on one hard failure, before it is applied.

    `first_death` is `Policy.first_death` of its address; `died_before` is when that address was first held, with no clean mail
    since. One that was held `outage_again_hours` ago and fails again is not held any longer, whatever happens to others.
    """
    moment = seconds(at)
    hour = int(moment // HOUR)
    expected = usual(provider, hour, numbers)
    again = died_before is not None and died_before <= moment - numbers.outage_again_hours * HOUR
    if first_death:
        provider = counted(provider, moment, numbers, deaths=1)
        outage = replace(outage, hours=added(outage.hours, hour, 1, 0, numbers.outage_hours))
    window = [bucket for bucket in outage.hours if bucket[0] > hour - numbers.outage_hours]
    deaths = sum(bucket[1] for bucket in window)
    wave = deaths >= numbers.outage_deaths and tail(deaths, expected) < numbers.outage_chance
    going_on = outage.open_since is not None and moment - outage.last <= numbers.outage_quiet_hours * HOUR
    since = outage.open_since if going_on else window[0][0] * HOUR if wave else None
    hit = wave or (going_on and died_before is not None and not again)
    outage = replace(outage, open_since=since, last=moment if hit else outage.last)
    opened = since is not None and not going_on
    return provider, outage, Ruling(since is not None and not again, opened, since, deaths, expected)


def usual(provider: Provider, hour: int, numbers: Numbers) -> float:
    """Give the first failures to be expected in a window: from the sends in it and the days before.

    The rate of a day is taken as the median, which a few days of outage do not move. Where no sends are told, it is the
    median number of a day.
    """
    sends = sum(bucket[1] for bucket in provider.hours if bucket[0] > hour - numbers.outage_hours)
    today = int(hour * HOUR // DAY)
    past = [bucket for bucket in provider.days if today - numbers.established_days <= bucket[0] < today]
    if not any(bucket[1] for bucket in provider.days):
        return float(median(bucket[2] for bucket in past)) if past else 0.0
    rates = [deaths / count for _, count, deaths in past if count]
    return sends * max(numbers.outage_floor, median(rates) if rates else 0.0)


def tail(least: int, mean: float) -> float:
    """Give the probability of at least so many events where a Poisson distribution has this mean."""
    if least <= mean:
        return 1.0
    if mean <= 0:
        return 0.0
    term = math.exp(least * math.log(mean) - mean - math.lgamma(least + 1))
    total, number = 0.0, least
    while term > total * NEGLIGIBLE:
        total += term
        number += 1
        term *= mean / number
    return min(total, 1.0)


def blame(provider: Provider, at: datetime | float, numbers: Numbers) -> tuple[Blame, float]:
    """Say whether a provider refuses so much for our sake that it is our problem, and give the share of sends."""
    hour = int(seconds(at) // HOUR)
    window = [bucket for bucket in provider.hours if bucket[0] > hour - numbers.outage_hours]
    sends = sum(bucket[1] for bucket in window)
    share = sum(bucket[2] for bucket in window) / sends if sends else 0.0
    if sends < numbers.sender_sends or share <= numbers.sender_alert:
        return Blame.FINE, share
    return Blame.HALT if share >= numbers.sender_halt else Blame.WARN if share >= numbers.sender_warn else Blame.ALERT, share


class Run(NamedTuple):
    """What one run may carry out, and what is left for a person to look at (exit 75 where there is any)."""

    allowed: tuple[object, ...]
    excess: tuple[object, ...]
    limit: int


def guard_run(actions: Sequence[Item], size: int, numbers: Numbers, *, force: bool = False) -> Run:
    """Let one run suspend or remove at most `run_least` addresses or `run_share` of a list of `size`, the first ones given."""
    limit = max(numbers.run_least, int(size * numbers.run_share))
    cut = len(actions) if force else limit
    return Run(tuple(actions[:cut]), tuple(actions[cut:]), limit)
