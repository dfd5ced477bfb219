"""Accuracy on a table of replies with a known reason: `python -m tests.bench.replies TABLE.tsv [--show N] [--reason R]`.

The table's columns: provider, reply_code, enhanced, text_example, reason, decision (for a final report), source.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from bouncery import Action, classify


def main() -> None:
    """Print the share of rows that are right, and those that are not."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("table", type=Path)
    ask.add_argument("--show", type=int, default=0)
    ask.add_argument("--reason")
    ask.add_argument("--provider")
    ask.add_argument("--knowledge", action="store_true", help="the rows whose source is knowledge, not the others")
    args = ask.parse_args()
    count: Counter[str] = Counter()
    shown = 0
    for row in csv.DictReader(args.table.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if (row["source"] == "knowledge") != args.knowledge or row["decision"] not in {"HARD", "SOFT", "RETRY"}:
            continue
        if (args.reason and row["reason"] != args.reason) or (args.provider and row["provider"] != args.provider):
            continue
        reply = " ".join(filter(None, (row["reply_code"], row["enhanced"], row["text_example"])))
        verdict = classify(reply, action=Action.FAILED)
        got = (verdict.decision.upper() if verdict.decision else None, verdict.reason)
        count["rows"] += 1
        count["decision"] += got[0] == row["decision"]
        count["reason"] += got[1] == row["reason"]
        count["wrong hard"] += got[0] == "HARD" != row["decision"]
        count["missed hard"] += got[0] != "HARD" == row["decision"]
        count["undetermined"] += got[1] == "undetermined"
        if got != (row["decision"], row["reason"]) and shown < args.show:
            shown += 1
            print(
                f"{row['provider']} | {reply[:150]} | want {row['decision']} {row['reason']}"
                f" | got {got[0]} {got[1]} by {verdict.rule}"
            )
    rows = count["rows"] or 1
    shares = {name: f"{100 * count[name] / rows:.1f} %" for name in ("decision", "reason", "undetermined")}
    print(f"rows {rows}", *(f"{name} {share}" for name, share in shares.items()), sep="  ", end="  ")
    print(f"wrong hard {count['wrong hard']}  missed hard {count['missed hard']}")


if __name__ == "__main__":
    main()
