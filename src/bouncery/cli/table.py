"""Reports on a terminal: a line per recipient, printed as it comes, and totals at the end."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from bouncery.cli.safe import printable
from bouncery.model import Decision

if TYPE_CHECKING:
    from rich.console import Console

    from bouncery.model import Recipient, Report

STYLES = {Decision.HARD: "bold red", Decision.SOFT: "yellow", Decision.RETRY: "cyan", None: "dim"}
NOBODY = "-"
NO_DECISION = "no decision"
NARROW = 120
EXCERPT_CHARS = 400
LEADING_CODES = re.compile(r"\A\s*(?:[245]\d\d[\s:,-]\s*)?(?:#?[245]\.\d{1,3}\.\d{1,3}[\s:,-]\s*)?")


class Column(NamedTuple):
    """A column and its width in cells."""

    title: str
    width: int


def columns(width: int) -> tuple[Column, ...]:
    """Share a terminal's width: the excerpt has what the others leave."""
    recipient = 34 if width >= NARROW else 22
    fixed = (
        Column("recipient", recipient),
        Column("decision", 8),
        Column("reason", 20),
        Column("status", 7),
        Column("reply", 5),
    )
    rest = width - sum(column.width + 1 for column in fixed) - 1
    return (*fixed, Column("excerpt", max(rest, 1)))


def excerpt(recipient: Recipient) -> str:
    """Give the words that the verdict stands on, without codes and address before them, which have their own columns."""
    evidence = recipient.verdict.evidence
    text = recipient.diagnostic or (evidence[0].text if evidence else "")
    words = LEADING_CODES.sub("", text[:EXCERPT_CHARS])
    words = words.removeprefix(f"<{recipient.address}>").lstrip(":, ") or text
    # RFC 3464, section 4.2: where a subscriber's mail goes on to is theirs to tell.
    return words.replace(recipient.final_address, "...") if recipient.final_address else words


def place(report: Report) -> str:
    """Name the source of a message, and its number in a mailbox."""
    return f"{report.source}:{report.index}" if report.index else report.source or ""


class Table:
    """Prints reports; keeps nothing but counts."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self.console = console
        self.columns = columns(console.width)
        self.messages: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()

    def add(self, report: Report) -> None:
        """Print the recipients of a report; the source of a message that names nobody."""
        if not self.messages:
            self.line([column.title for column in self.columns], "bold", "bold")
        self.messages[report.kind] += 1
        for recipient in report.recipients:
            verdict = recipient.verdict
            self.decisions[verdict.decision or NO_DECISION] += 1
            cells = [
                recipient.address,
                verdict.decision or "-",
                verdict.reason or report.kind,
                recipient.status or "",
                str(recipient.reply or ""),
                excerpt(recipient) or place(report),
            ]
            self.line(cells, STYLES[verdict.decision], "dim" if verdict.decision is None else "")
        if not report.recipients:
            self.line([NOBODY, "-", report.kind, "", "", ". ".join([place(report), *report.notes])], "dim", "dim")

    def line(self, cells: list[str], decision: str, style: str) -> None:
        """Print one line, each cell cut to its column."""
        text = Text(no_wrap=True, style=style)
        for number, (cell, column) in enumerate(zip(cells, self.columns, strict=True)):
            piece = Text(printable(cell[:EXCERPT_CHARS]), style=decision if column.title == "decision" else "")
            last = number == len(self.columns) - 1
            piece.truncate(column.width, overflow="ellipsis", pad=not last)
            text.append_text(piece)
            text.append("" if last else " ")
        self.console.print(text, highlight=False, soft_wrap=True)

    def totals(self) -> None:
        """Print how many messages of each kind and recipients of each decision there were."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.messages.most_common())
        order = (*Decision, NO_DECISION)
        decided = ", ".join(f"{self.decisions[decision]} {decision}" for decision in order if decision in self.decisions)
        text = Text.assemble(
            (f"\n{amount(self.messages.total(), 'message')}", "bold"),
            f": {kinds}" if kinds else "",
            (f"\n{amount(self.decisions.total(), 'recipient')}", "bold"),
            f": {decided}" if decided else "",
        )
        self.console.print(text, highlight=False, soft_wrap=True)


def amount(count: int, noun: str) -> str:
    """Give a count with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
