"""Truth against parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bouncery import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery import Recipient

FACTS = ("final_address", "action", "final", "status", "reply", "decision", "reason")
OPTIONAL = frozenset({"action", "final", "reason"})
"""Facts that an expectation may leave open; the others must be null where it leaves them out."""


def fact(recipient: Recipient, key: str) -> object:
    """Give what the parser found."""
    value = getattr(recipient.verdict if key in {"decision", "reason"} else recipient, key)
    return str(value) if isinstance(value, str) else value


def differences(data: bytes, expected: dict[str, Any]) -> Iterator[str]:
    """Give each fact in which the parser's report on a message differs from the truth."""
    report = parse(data)
    if report.kind != expected["kind"]:
        yield f"kind: {report.kind}, and the truth is {expected['kind']}"
    rows = {row["address"]: row for row in expected["recipient"]}
    found = {recipient.address: recipient for recipient in report.recipients}
    if missing := rows.keys() - found.keys():
        yield f"recipients missing: {', '.join(sorted(missing))}"
    if invented := found.keys() - rows.keys():
        yield f"recipients that are none: {', '.join(sorted(invented))}"
    for address in sorted(rows.keys() & found.keys()):
        for key in FACTS:
            value, truth = fact(found[address], key), rows[address].get(key)
            if value != truth and not (truth is None and key in OPTIONAL):
                yield f"{address}, {key}: {value}, and the truth is {truth}"
