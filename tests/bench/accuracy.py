"""Share of messages read right: `python -m tests.bench.accuracy [LABELS:MESSAGES ...] [--no-layouts]`.

Without labels it takes the expectations of corpus/. LABELS (JSON lines) holds one object a message: file, kind, and recipients
with address and final_address. `--no-layouts` empties the table of known layouts, so that the general reader alone decides.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bouncery import parse
from bouncery.formats import layouts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def expected_in_corpus() -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Give each message of corpus/ with what it must say."""
    for path in sorted((ROOT / "corpus").glob("*/*.toml")):
        table = tomllib.loads(path.read_text("utf-8"))
        yield path.with_suffix(".eml").read_bytes(), {**table, "recipients": table.get("recipient", [])}


def expected_by_labels(labels: Path, messages: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Give each labelled message with its label."""
    for line in labels.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield (messages / row["file"]).read_bytes(), row


def judge(data: bytes, label: dict[str, Any]) -> tuple[bool, bool]:
    """Tell whether the kind is right, and whether the recipients are exactly those expected."""
    report = parse(data)
    also = {r["final_address"].casefold(): r["address"].casefold() for r in label["recipients"] if r.get("final_address")}
    found = {recipient.address.casefold() for recipient in report.recipients}
    expected = {recipient["address"].casefold() for recipient in label["recipients"]}
    return report.kind in label.get("kind_any", [label["kind"]]), {also.get(a, a) for a in found} == expected


def main() -> None:
    """Print the shares."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("labels", nargs="*", help="LABELS:MESSAGES")
    ask.add_argument("--no-layouts", action="store_true")
    args = ask.parse_args()
    if args.no_layouts:
        layouts.layouts = lambda: ()  # type: ignore[assignment]
    cases = [case for pair in args.labels for case in expected_by_labels(*map(Path, pair.split(":")))]
    count: Counter[str] = Counter()
    for data, label in cases or expected_in_corpus():
        kind, recipients = judge(data, label)
        count.update(messages=1, kind=kind, recipients=recipients)
    shares = "  ".join(f"{name} {100 * count[name] / count['messages']:.2f} %" for name in ("kind", "recipients"))
    print(f"messages {count['messages']}  {shares}")


if __name__ == "__main__":
    main()
