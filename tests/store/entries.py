"""Entries for the tests of the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from bouncery import Decision, Evidence, Kind, Reason, Recipient, Report, Verdict
from bouncery.model import Action, Original, Source
from bouncery.store import Entry

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
DATE = "2026-11-23T10:00:00Z"
KEY = b"sixteen bytes or more of secret"


def failed(address: str = "u@example.com", **changes: Any) -> Recipient:  # noqa: ANN401 - fields of a Recipient
    """Give a recipient that finally failed."""
    text = f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
    witness = Evidence(Source.DIAGNOSTIC, "User unknown", 1, 216, 228)
    facts = {
        "address": address,
        "action": Action.FAILED,
        "final": True,
        "status": "5.1.1",
        "reply": 550,
        "diagnostic": text,
        "remote_mta": "mx.example.com",
        "fields": (("Final-Recipient", f"rfc822; {address}"), ("Diagnostic-Code", f"smtp; {text}")),
        "verdict": Verdict(
            decision=Decision.HARD,
            reason=Reason.USER_UNKNOWN,
            fault=Reason.USER_UNKNOWN.fault,
            confidence=0.99,
            rule="user_unknown/unknown",
            evidence=(witness,),
        ),
    }
    return Recipient(**{**facts, **changes})


def decided(decision: Decision | None, reason: Reason | None = None, **changes: Any) -> Recipient:  # noqa: ANN401 - as above
    """Give a recipient with another verdict."""
    return failed(verdict=Verdict(decision=decision, reason=reason), **changes)


def report(*recipients: Recipient, **changes: Any) -> Report:  # noqa: ANN401 - fields of a Report
    """Give a report on recipients; on u@example.com if none are given."""
    facts = {
        "kind": Kind.FAILURE,
        "formats": ("dsn",),
        "reporting_mta": "mx.example.org",
        "date": DATE,
        "original": Original(message_id="<1@example.net>", sender="list@example.net", to=("u@example.com",), subject="hello"),
        "recipients": recipients or (failed(),),
    }
    return Report(**{**facts, **changes})


def entry(number: int = 1, made: Report | None = None, **changes: Any) -> Entry:  # noqa: ANN401 - fields of an Entry
    """Give the entry of a message of its own, by number."""
    facts = {
        "source": "mbox:bounces",
        "identity": str(number),
        "report": made or report(message_id=f"<{number}@mx.example.org>"),
        "digest": hashlib.sha256(str(number).encode()).digest(),
        "size": 1000,
        "seen_at": NOW,
    }
    return Entry(**{**facts, **changes})
