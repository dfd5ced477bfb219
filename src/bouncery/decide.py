"""From a reason to a decision: one table of permanence, class and action (TAXONOMY 2.1, rules 1, 2, 5 and 6).

A wrong hard removes a subscriber who can read mail, so whatever casts doubt on a dead address makes it a retry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bouncery.model import Action, Decision, Evidence, Permanence, Reason, Verdict
from bouncery.rules import Level

if TYPE_CHECKING:
    from bouncery.model import Recipient
    from bouncery.rules import Match

TEMPORARY_CLASS = 4
HEDGED = "hedge"
"""The reply says itself that it may change: "temporarily", "try again later", "unverified"."""
PERMANENT = "permanent"
"""The reply says itself that trying again is useless."""
GAVE_UP = "gave_up"
"""The sending server's own words at the end of its queue time: they carry no verdict of the remote server."""

DECISIONS: dict[tuple[Permanence, bool], Decision] = {
    (Permanence.ADDRESS, True): Decision.HARD,
    (Permanence.ADDRESS, False): Decision.HARD,
    (Permanence.TEMPORARY, True): Decision.RETRY,
    (Permanence.TEMPORARY, False): Decision.RETRY,
    (Permanence.MESSAGE, True): Decision.SOFT,
    (Permanence.MESSAGE, False): Decision.SOFT,
    (Permanence.CLASS, True): Decision.RETRY,
    (Permanence.CLASS, False): Decision.SOFT,
}
"""Decision on a final failure by permanence of the reason and by whether the effective class is 4."""


def effective_class(recipient: Recipient) -> int:
    """Give the class that counts: of the reply, else of the status, else 5 for a final failure (RFC 5321, section 4.2.1)."""
    if recipient.reply:
        return recipient.reply // 100
    if recipient.status:
        return int(recipient.status[0])
    return 5 if recipient.final else TEMPORARY_CLASS


def decide(reason: Reason, recipient: Recipient, flags: frozenset[str]) -> Decision | None:
    """Give the decision for a recipient; None where no failure of it is reported."""
    if recipient.action is Action.DELAYED:
        return Decision.RETRY
    if recipient.action is not Action.FAILED:
        return None
    temporary = effective_class(recipient) == TEMPORARY_CLASS or GAVE_UP in flags
    if reason.permanence is Permanence.CLASS and PERMANENT in flags:
        temporary = False
    if reason.permanence is Permanence.ADDRESS and HEDGED in flags and PERMANENT not in flags:
        return Decision.RETRY
    return DECISIONS[reason.permanence, temporary]


CONFIDENCE: dict[tuple[Level | None, bool], float] = {
    (Level.TOKEN, True): 0.99,
    (Level.TOKEN, False): 0.98,
    (Level.SCOPED, True): 0.99,
    (Level.SCOPED, False): 0.97,
    (Level.PHRASE, True): 0.99,
    (Level.PHRASE, False): 0.97,
    (Level.STATUS, True): 0.95,
    (Level.STATUS, False): 0.93,
    (Level.GENERIC, True): 0.9,
    (Level.GENERIC, False): 0.88,
    (Level.WEAK_STATUS, True): 0.85,
    (Level.WEAK_STATUS, False): 0.85,
    (Level.REPLY, True): 0.8,
    (Level.REPLY, False): 0.8,
    (None, False): 0.8,
}
"""Share of labelled cases that are right, by kind of evidence and by whether a code agrees with it.

`python -m tests.bench.calibration` measures it. A kind with few cases states less than it reached.
"""
CONTRADICTED = 0.85
"""At most this for a hard that the class of the code speaks against: "450 4.1.1 user unknown", given up on."""


def agrees(match: Match) -> bool:
    """Whether a code, apart from the winner, leads to the same reason."""
    winner = match.winner
    return winner is not None and any(
        candidate.rule.reason is winner.rule.reason and candidate.rule.level in (Level.STATUS, Level.WEAK_STATUS, Level.REPLY)
        for candidate in match.candidates
        if candidate is not winner
    )


def confidence(match: Match, decision: Decision, reply_class: int) -> float:
    """Give the share of cases with evidence of this kind that are right."""
    stated = CONFIDENCE[match.winner.rule.level if match.winner else None, agrees(match)]
    return min(stated, CONTRADICTED) if decision is Decision.HARD and reply_class == TEMPORARY_CLASS else stated


def conclude(recipient: Recipient, match: Match, witness: tuple[Evidence, ...]) -> Verdict:
    """Give the verdict on a recipient from the rule that won and the evidence it stands on."""
    winner = match.winner
    unknown = Reason.RECIPIENT_REFUSED if recipient.reached else Reason.UNDETERMINED
    reason = (winner.rule.reason if winner else None) or unknown
    decision = decide(reason, recipient, match.flags)
    if decision is None:
        return Verdict()
    return Verdict(
        decision=decision,
        reason=reason,
        fault=reason.fault,
        confidence=confidence(match, decision, effective_class(recipient)),
        rule=winner.rule.id if winner else None,
        evidence=witness,
    )
