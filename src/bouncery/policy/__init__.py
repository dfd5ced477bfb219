"""From verdicts to actions: the classifier says what one message means, the policy decides about the address.

Pure functions over a log of events: no clock, no files, no database; `now` is an argument, and a log can be replayed.
"""

from __future__ import annotations

from bouncery.policy.action import Action, Ground
from bouncery.policy.core import Policy
from bouncery.policy.event import Event, EventKind, Level, PolicyError
from bouncery.policy.guard import Blame, Outage, Provider, Ruling, Run, blame, guard_run
from bouncery.policy.numbers import Trust
from bouncery.policy.reading import events
from bouncery.policy.replay import Ledger, Selection, replay
from bouncery.policy.state import State, Step
from bouncery.policy.template import template
from bouncery.policy.tokens import Bad, Token, Verp
from bouncery.policy.trust import Judge, Proof, SendLog, Sent

__all__ = [
    "Action",
    "Bad",
    "Blame",
    "Event",
    "EventKind",
    "Ground",
    "Judge",
    "Ledger",
    "Level",
    "Outage",
    "Policy",
    "PolicyError",
    "Proof",
    "Provider",
    "Ruling",
    "Run",
    "Selection",
    "SendLog",
    "Sent",
    "State",
    "Step",
    "Token",
    "Trust",
    "Verp",
    "blame",
    "events",
    "guard_run",
    "replay",
    "template",
]
