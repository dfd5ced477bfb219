"""Bounces that nobody's mail server wrote: no token, another host's, an old one, a cut one, one with a bit turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery import Decision, Kind, Reason, Recipient, Report, Verdict
from bouncery.model import Action, Original
from bouncery.policy import Judge, Policy, Sent, State, Verp, events
from bouncery.policy.numbers import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

NOW = 20_000 * DAY
VERP = Verp({1: b"the first secret of ours", 2: b"the second secret of ours"}, "bounces", "lists.example.org")
OTHER = Verp({1: b"a secret of another host", 2: b"one more of that other host"}, "bounces", "lists.example.org")
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Log:
    """A send log in which every address was mailed today, and the list's Message-IDs are known to all."""

    def by_token(self, recipient: int, list_id: int, day: int) -> Sent | None:
        """Give the address by its number."""
        return Sent(f"u{recipient}@example.com", str(list_id), f"{list_id}/{day}")

    def by_message(self, message_id: str) -> Iterable[Sent]:
        """Give two recipients of each post of the list."""
        return [Sent("u1@example.com", "7", message_id), Sent("u2@example.com", "7", message_id)]

    def sent_since(self, address: str, since: float) -> bool:
        """Everyone was mailed."""
        del address, since
        return True


def report(address: str, *, kind: Kind = Kind.FAILURE, envelope_id: str | None = None) -> Report:
    """Make the report of a dead address, with the Message-ID of a public post."""
    verdict = Verdict(decision=Decision.HARD, reason=Reason.USER_UNKNOWN, confidence=0.99)
    recipient = Recipient(address=address, action=Action.FAILED, final=True, status="5.1.1", verdict=verdict)
    original = Original(message_id="<post@lists.example.org>")
    return Report(kind=kind, recipients=(recipient,), original=original, envelope_id=envelope_id)


def forged(kind: str, number: int, chance: Random) -> str:
    """Give a return path that must not be believed."""
    good = VERP.encode(number, 7, NOW)
    local, _, domain = good.partition("@")
    if kind == "none":
        return "bounces@lists.example.org"
    if kind == "foreign":
        return OTHER.encode(number, 7, NOW)
    if kind == "old":
        return VERP.encode(number, 7, NOW - chance.randint(31, 400) * DAY)
    if kind == "truncated":
        return f"{local[: -chance.randint(1, 36)]}@{domain}"
    place = len("bounces+") + chance.randrange(37)
    turned = ALPHABET[ALPHABET.index(local[place]) ^ (1 << chance.randrange(5))]
    return f"{local[:place]}{turned}{local[place + 1 :]}@{domain}"


KINDS = ("none", "foreign", "old", "truncated", "bit-flipped")


def attack(count: int, chance: Random, policy: Policy | None = None) -> dict[str, tuple[int, int]]:
    """Forge so many bounces, in equal parts; give for each kind how many were tried and how many changed a state."""
    policy, judge = policy or Policy(), Judge(VERP, Log())
    states: dict[str, State] = {}
    tally = dict.fromkeys(KINDS, (0, 0))
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        path = forged(kind, number % 97, chance)
        for event in events(report(f"u{number % 97}@example.com"), judge, NOW + number, returned_to=[path]):
            before = states.get(event.address, State())
            states[event.address], _ = policy.apply(before, event, NOW + number)
            tried, hit = tally[kind]
            tally[kind] = (tried + 1, hit + (states[event.address] != before))
    return tally
