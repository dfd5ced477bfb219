"""bouncery reads bounce messages and says, per recipient, what happened and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:  # noqa: ANN401  any of the names below
    """Give `parse` and `classify`, whose rules and formats are imported when they are first asked for."""
    if name in {"classify", "parse"}:
        from bouncery import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
