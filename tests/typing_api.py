"""The public names as a program uses them: type-checked by mypy in `test_shape`, and never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

import bouncery
from bouncery import Action, BounceryError, Decision, Evidence, Kind, Limits, Reason, Recipient, Report, Stage, Verdict

if TYPE_CHECKING:
    from pathlib import Path


def removed(path: Path) -> list[str]:
    """Give the addresses that a message wants removed."""
    report = bouncery.parse(path.read_bytes(), envelope_to="bounces@example.net", limits=Limits(text_bytes=65_536))
    assert_type(report, Report)
    assert_type(report.kind, Kind)
    assert_type(report.notes, tuple[str, ...])
    assert_type(report.recipients, tuple[Recipient, ...])
    return [recipient.address for recipient in report.recipients if recipient.verdict.decision is Decision.HARD]


def judged(reply: str) -> Verdict:
    """Give the verdict on a reply."""
    try:
        verdict = bouncery.classify(reply, action=Action.FAILED, mta="mx.example.com", stage=Stage.RCPT)
    except BounceryError as error:
        raise SystemExit(str(error)) from error
    assert_type(verdict, Verdict)
    assert_type(verdict.reason, Reason | None)
    assert_type(verdict.evidence, tuple[Evidence, ...])
    assert_type(verdict.confidence, float | None)
    return verdict
