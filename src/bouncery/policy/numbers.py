"""Every number of the policy, by name, with its unit; three presets; reading from a TOML table."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from bouncery.policy.event import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400.0
HOUR = 3_600.0


class Trust(StrEnum):
    """What an outcome must prove before it counts."""

    WEIGHED = "weighed"
    """The better proven, the more it counts; what nothing binds to a mail of ours can never act alone."""
    PROOF = "proof"
    """Only L2 and L3 change anything: for hosts that sign every return path."""
    ADDRESS = "address"
    """An address in a text is enough.

    Anyone who knows an address can then have it removed by a few mails that look like bounces.
    A report whose author guessed the recipient wrong hits the wrong subscriber, and nothing notices.
    """


class Numbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The numbers of a policy. A weight of 1.0 is one hard strike."""

    trust: Trust = Trust.WEIGHED
    threshold: float = 2.0
    """Score at which an address is given up."""
    weight_hard: float = 1.0
    """A dead address, said by code and text or by a specific code."""
    weight_hard_doubtful: float = 0.5
    """A dead address by text alone, or where code and text contradict each other."""
    weight_full: float = 0.2
    weight_full_inactive: float = 0.5
    weight_expired: float = 0.2
    """The sending server gave up after days of trying."""
    weight_soft: float = 0.25
    """An unknown 5.x.x, a loop, a recipient who refuses this sender."""
    sure: float = 0.98
    """Confidence from which code and text are taken to agree, where the event does not say so itself."""
    factor_l1: float = 0.5
    factor_l0: float = 0.25
    cap_l1: float = 1.75
    """Most that L1 and L0 together add to a score: below the threshold."""
    cap_l0: float = 1.0
    """Most that L0 adds to a score."""
    strike_gap_hours: float = 24.0
    """At most one strike per address in this time."""
    grace_hours: float = 48.0
    """A mail that did not bounce within this time after it was sent is clean."""
    grace_delayed_hours: float = 144.0
    """The same for a mail that was reported as delayed: queues give up after five days."""
    half_life_days: float = 60.0
    """Without a send log, evidence halves in this time."""
    evidence_days: float = 365.0
    """Older evidence is void."""
    hard_strikes: int = 2
    """Strikes on different mails, with neither a clean mail since the first nor one refused for our sake, that it takes."""
    hard_span_hours: float = 72.0
    """From the first of them to the last."""
    never_clean_score: float = 1.0
    """Score at which an address is given up that was added newly and never had a clean mail."""
    soft_messages: int = 5
    """Different mails, with no clean mail between them, that a soft removal needs."""
    soft_span_days: float = 30.0
    """From the first of them to the last."""
    hold_hours: float = 72.0
    """Mail is held for this time after a proven hard strike."""
    probe: bool = False
    """Send a probe with a token of its own before suspending; needs signed return paths."""
    probe_days: float = 10.0
    """Life of a probe: silence for this time clears the address."""
    warnings: int = 3
    """Warnings after which a suspended address is removed; 0 leaves it to the days."""
    remove_days: float = 90.0
    """Days of suspension after which the address is removed."""
    memory: int = 64
    """Mails that one address remembers."""
    late_days: float = 14.0
    """A mail is remembered for this time for the sake of late reports."""
    established_days: float = 90.0
    """An address with a clean mail in this time is established; also the length of a provider's baseline."""
    outage_deaths: int = 5
    """Established addresses that fail for the first time before the outage guard opens."""
    outage_chance: float = 1e-6
    """The guard opens where chance alone explains their number with less than this probability."""
    outage_floor: float = 0.0005
    """Least share of sends that is taken for a provider's usual deaths."""
    outage_hours: int = 24
    """Window of the outage guard."""
    outage_quiet_hours: float = 36.0
    """The guard closes after this time without a wave; longer than a day, so that a daily list does not reopen it."""
    outage_again_hours: float = 72.0
    """What failed during an outage counts once the address fails again at least this time later, outage or not."""
    sender_sends: int = 20
    """Sends to one provider below which no rate of refusals is taken."""
    sender_alert: float = 0.20
    """Share of sends refused for the sender's or the message's sake: our problem."""
    sender_warn: float = 0.30
    """Share at which a warning is due."""
    sender_halt: float = 0.50
    """Share at which the campaign had better stop."""
    run_least: int = 10
    """Suspensions that one run may always carry out."""
    run_share: float = 0.01
    """Share of a list that one run may suspend."""

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other."""
        for name in self.__struct_fields__:
            number = getattr(self, name)
            if not isinstance(number, (bool, Trust)) and not number >= 0:
                raise ValueError(f"{name} must not be negative")
        for name in ("threshold", "hard_strikes", "soft_messages", "outage_hours", "memory"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0")
        if self.cap_l1 >= self.threshold or self.cap_l0 >= self.threshold:
            raise ValueError("cap_l1 and cap_l0 must stay below threshold, or a forged bounce can remove an address")


PRESETS: dict[str, dict[str, Any]] = {
    "cautious": {"hard_strikes": 3, "hard_span_hours": 168.0, "hold_hours": 84.0, "soft_messages": 8, "soft_span_days": 60.0},
    "default": {},
    "strict": {
        "threshold": 1.0,
        "hard_strikes": 1,
        "hard_span_hours": 0.0,
        "soft_messages": 3,
        "soft_span_days": 14.0,
        "cap_l1": 0.75,
        "cap_l0": 0.5,
    },
}
"""Cautious: three strikes in a week. Strict, for contracts with providers that count: one strike."""


def read(kind: type[Numbers], table: Mapping[str, object], path: str) -> Numbers:
    """Read numbers from a TOML table with an optional `preset`; all problems at once, as one PolicyError."""
    given = dict(table)
    preset = given.pop("preset", "default")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise PolicyError(path, "preset", f"{preset!r} is none of {', '.join(PRESETS)}")
    problems = [(key, problem) for key, value in given.items() if (problem := wrong(kind, key, value))]
    if problems:
        key, problem = problems[0]
        more = "".join(f"; {other}: {what}" for other, what in problems[1:])
        raise PolicyError(path, key, problem + more)
    try:
        return msgspec.convert(PRESETS[preset] | given, kind)
    except msgspec.ValidationError as error:
        raise PolicyError(path, None, str(error)) from None


def wrong(kind: type[Numbers], key: str, value: object) -> str | None:
    """Say what is wrong with one key; None if nothing is."""
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if key not in types:
        return f"no such number; there are {', '.join(sorted(types))}"
    try:
        msgspec.convert(value, types[key])
    except msgspec.ValidationError as error:
        return str(error)
    return None
