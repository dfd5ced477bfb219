"""Kind of evidence -> share of right decisions: `python -m tests.bench.calibration [LABELS:MESSAGES ...] [--replies TSV]`.

Without labels it takes the expectations of corpus/. LABELS (JSON lines) holds one object a message: file, and recipients with
address, decision and sure. A kind is the level of the rule that won, and whether a code agrees with it; decide.CONFIDENCE
states each.
"""

from __future__ import annotations

import argparse
import csv
import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from bouncery import Action, Recipient, classify, parse
from bouncery.decide import CONFIDENCE, agrees
from bouncery.pipeline import heard, question
from bouncery.rules import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.rules import Level

Kind = tuple["Level | None", bool]
ROOT = Path(__file__).parents[2]
FEW = 30


def kind_of(recipient: Recipient) -> Kind:
    """Give the kind of evidence that a verdict stands on."""
    match = shipped().match(question(recipient))
    return (match.winner.rule.level if match.winner else None), agrees(match)


def from_corpus() -> Iterator[tuple[Kind, bool]]:
    """Give kind and rightness for every recipient of corpus/ that has a decision."""
    for path in sorted((ROOT / "corpus").glob("*/*.toml")):
        expected = {row["address"]: row.get("decision") for row in tomllib.loads(path.read_text("utf-8")).get("recipient", ())}
        yield from judged(path.with_suffix(".eml").read_bytes(), expected)


def from_labels(labels: Path, messages: Path) -> Iterator[tuple[Kind, bool]]:
    """Give kind and rightness for every recipient of labelled messages whose label is sure."""
    for line in labels.read_text("utf-8").splitlines():
        row = json.loads(line)
        expected = {r["address"]: r["decision"] for r in row["recipients"] if r.get("sure", True)}
        yield from judged((messages / row["file"]).read_bytes(), expected)


def judged(data: bytes, expected: dict[str, str | None]) -> Iterator[tuple[Kind, bool]]:
    """Give kind and rightness for the recipients of one message."""
    for recipient in parse(data).recipients:
        if expected.get(recipient.address) and recipient.verdict.decision:
            yield kind_of(recipient), recipient.verdict.decision == expected[recipient.address]


def from_replies(table: Path) -> Iterator[tuple[Kind, bool]]:
    """Give kind and rightness for the rows of a table of replies that were seen in the wild."""
    for row in csv.DictReader(table.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["source"] == "knowledge" or row["decision"] not in {"HARD", "SOFT", "RETRY"}:
            continue
        reply = " ".join(filter(None, (row["reply_code"], row["enhanced"], row["text_example"])))
        verdict = classify(reply, action=Action.FAILED)
        if verdict.decision:
            yield kind_of(heard(reply, Action.FAILED)), verdict.decision.value.upper() == row["decision"]


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("labels", nargs="*", help="LABELS.jsonl:MESSAGES")
    ask.add_argument("--replies", type=Path)
    args = ask.parse_args()
    cases = [case for pair in args.labels for case in from_labels(*map(Path, pair.split(":")))] or list(from_corpus())
    if args.replies:
        cases.extend(from_replies(args.replies))
    right: defaultdict[Kind, list[bool]] = defaultdict(list)
    for kind, is_right in cases:
        right[kind].append(is_right)
    print(f"{'evidence':<14} {'agrees':<7} {'cases':>6} {'right':>7} {'stated':>7}")
    for (level, agreed), results in sorted(right.items(), key=lambda item: (-(item[0][0] or 0), item[0][1])):
        share, stated = sum(results) / len(results), CONFIDENCE[level, agreed]
        off = "  off by more than 5 points" if len(results) >= FEW and abs(share - stated) > 0.05 else ""
        name = level.name.lower() if level else "nothing"
        print(f"{name:<14} {agreed!s:<7} {len(results):>6} {share:>7.3f} {stated:>7.2f}{off}")


if __name__ == "__main__":
    main()
