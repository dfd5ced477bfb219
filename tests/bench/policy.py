"""The policy on trial: `python -m tests.bench.policy [--only NAME] [--list NAME] [--size N] [--seeds N] [--events N]`.

A simulated year under our presets and under what other systems do by default; forged bounces; events a second.
"""

from __future__ import annotations

import argparse
import random
import time
from statistics import mean

from bouncery.policy import Policy
from bouncery.policy.population import populate
from bouncery.policy.simulate import Ours, Rule, Trial, run
from tests.policy import forgeries, load
from tests.policy.rivals import rivals

DAYS = 365
LISTS = {"daily": 1, "weekly": 7, "monthly": 30}
PRESETS = ("cautious", "default", "strict")


def rules() -> dict[str, Rule]:
    """Give each rule anew."""
    return {**{f"bouncery {name}": Ours(Policy.preset(name)) for name in PRESETS}, **rivals()}


def year(size: int, seeds: int, lists: list[str]) -> None:
    """Print, for each rule, who was wrongly taken off and how long dead addresses stayed: sums and means over the seeds."""
    print(f"{size} addresses, {DAYS} days, {seeds} seeds; wrong, kept and mails are sums, days are means")
    for name in lists:
        every = LISTS[name]
        print(
            f"\n{name:<18} {'wrong':>12} {'dead kept':>12} {'days':>7} {'abandoned kept':>15} {'days':>7} {'mails wasted':>13}"
        )
        trials: dict[str, list[Trial]] = {}
        for seed in range(seeds):
            subscribers = populate(size, DAYS, random.Random(seed))  # noqa: S311
            for rule, trial in rules().items():
                trials.setdefault(rule, []).append(run(trial, subscribers, DAYS, every))
        for rule, made in trials.items():
            print(line(rule, made), flush=True)


def line(rule: str, trials: list[Trial]) -> str:
    """Give one row."""
    wrong = f"{sum(one.wrong for one in trials)}/{sum(one.healthy for one in trials)}"
    kept = f"{sum(one.dead_kept for one in trials)}/{sum(one.dead for one in trials)}"
    left = f"{sum(one.abandoned_kept for one in trials)}/{sum(one.abandoned for one in trials)}"
    days, abandoned = mean(one.dead_days for one in trials), mean(one.abandoned_days for one in trials)
    wasted = sum(one.wasted for one in trials)
    return f"{rule:<18} {wrong:>12} {kept:>12} {days:>7.1f} {left:>15} {abandoned:>7.1f} {wasted:>13}"


def forged(count: int) -> None:
    """Print how many forged bounces changed a state."""
    changed = forgeries.attack(count, random.Random(1))  # noqa: S311
    print("\n".join(f"forged: {kind:<12} {tried:>7} tried, {hit} changed a state" for kind, (tried, hit) in changed.items()))


def speed(count: int) -> None:
    """Print events a second, and whether an event costs more after a long history."""
    policy = Policy()
    for name, log in load.logs(count).items():
        begin = time.process_time()
        states = load.through(policy, log)
        took = time.process_time() - begin
        print(
            f"{name:<34} {len(log):>9} events, {len(states):>7} addresses, {len(log) / took:>9,.0f} a second of processor time"
        )
    short, long = load.growth()
    print(f"an event after 100 others {short * 1e6:.1f} us, after 10,000 others {long * 1e6:.1f} us")


def main() -> None:
    """Print the measurements."""
    ask = argparse.ArgumentParser(prog="python -m tests.bench.policy", description=__doc__)
    ask.add_argument("--only", choices=("year", "forged", "speed"))
    ask.add_argument("--list", choices=tuple(LISTS), action="append")
    ask.add_argument("--size", type=int, default=10_000)
    ask.add_argument("--seeds", type=int, default=5)
    ask.add_argument("--events", type=int, default=1_000_000)
    args = ask.parse_args()
    if args.only in {None, "speed"}:
        speed(args.events)
    if args.only in {None, "forged"}:
        forged(100_000)
    if args.only in {None, "year"}:
        year(args.size, args.seeds, args.list or list(LISTS))


if __name__ == "__main__":
    main()
