"""bouncery reads bounce messages and says, per recipient, what happened and what to do about it."""

from __future__ import annotations

from bouncery.model import (
    Action,
    BounceryError,
    Decision,
    Evidence,
    Kind,
    Limits,
    Reason,
    Recipient,
    Report,
    Stage,
    Verdict,
)
from bouncery.pipeline import classify, parse

__all__ = [
    "Action",
    "BounceryError",
    "Decision",
    "Evidence",
    "Kind",
    "Limits",
    "Reason",
    "Recipient",
    "Report",
    "Stage",
    "Verdict",
    "classify",
    "parse",
]
