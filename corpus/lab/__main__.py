"""Run the lab: `python -m corpus.lab --help`."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.lab.cases import read_script
from corpus.lab.check import differences
from corpus.lab.lab import Lab
from corpus.lab.network import LabError
from corpus.lab.roots import checked
from corpus.lab.servers import names, read_server
from corpus.lab.truth import expectation, name_of, shape, to_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from corpus.lab.cases import Case, Script
    from corpus.lab.servers import Server
    from corpus.lab.trial import Trial

OK, DIFFERENT, USAGE, UNAVAILABLE, SOFTWARE, NO_PERMISSION, INTERRUPTED = 0, 1, 64, 69, 70, 77, 130
PROGRAMS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
}


class WrongNameError(LabError):
    """A name on the command line that nothing has."""


def report(text: str) -> None:
    """Say something on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m corpus.lab",
        description="Have real mail servers bounce scripted refusals, and check what bouncery reads.",
    )
    parser.add_argument("--server", metavar="NAMES", help=f"servers, separated by commas (all: {','.join(names())})")
    parser.add_argument("--case", metavar="IDS", help="cases, separated by commas (all of cases.toml)")
    parser.add_argument("--into", metavar="DIR", type=Path, help="write messages and expectations to DIR/SERVER")
    parser.add_argument("--check", action="store_true", help="parse every message and print where the truth differs")
    parser.add_argument("--roots", metavar="DIR", type=Path, help="keep Debian and the installed servers in DIR")
    parser.add_argument("--logs", metavar="DIR", type=Path, help="write the servers' logs to DIR")
    return parser.parse_args(argv)


def lacking() -> tuple[int, str] | None:
    """Give the exit code and the text where this machine cannot run the lab."""
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        packages = " ".join(sorted({PROGRAMS[program] for program in missing}))
        return UNAVAILABLE, f"missing: {', '.join(missing)}. On Debian: apt-get install {packages}"
    if os.geteuid() != 0:
        return NO_PERMISSION, "the lab makes namespaces and mounts: run it as root"
    return None


def chosen(options: argparse.Namespace, script: Script) -> tuple[list[Server], set[str]]:
    """Give the servers and the ids of the cases to run. Raises WrongNameError."""
    servers = options.server.split(",") if options.server else names()
    cases = set(options.case.split(",")) if options.case else {case.id for case in script.cases}
    if wrong := sorted({*servers} - {*names()} | cases - {case.id for case in script.cases}):
        raise WrongNameError(f"no such server or case: {', '.join(wrong)}")
    return [read_server(name) for name in servers], cases


def produced(trial: Trial) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Give name, message and truth of what came back, one of each shape."""
    seen, counts = set[tuple[object, ...]](), dict[str, int]()
    for arrival in trial.arrivals():
        expected = expectation(arrival)
        name = name_of(arrival, expected)
        if (name, *shape(expected)) not in seen and not arrival.case.silent:
            seen.add((name, *shape(expected)))
            counts[name] = counts.get(name, 0) + 1
            yield f"{name}-{counts[name]:02}", arrival.data, expected


def keep(folder: Path, mails: dict[str, tuple[bytes, dict[str, Any]]], *, whole: bool) -> None:
    """Write messages with their expectations; those of earlier runs go where a whole server was run."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.toml"):
        if whole and "in the lab" in tomllib.loads(path.read_text(encoding="utf-8")).get("origin", ""):
            path.unlink()
            path.with_suffix(".eml").unlink(missing_ok=True)
    for name, (data, expected) in mails.items():
        (folder / f"{name}.eml").write_bytes(data)
        (folder / f"{name}.toml").write_text(to_toml(expected), encoding="utf-8")


def results(options: argparse.Namespace, trials: Sequence[Trial]) -> int:
    """Write and check what came back; gives the exit code."""
    code = OK
    for trial in trials:
        name = trial.server.name
        mails = {each: (data, expected) for each, data, expected in produced(trial)}
        if options.into:
            keep(options.into / name, mails, whole=not options.case)
        said = [f"{name}: {problem}" for problem in trial.problems]
        if options.check:
            said += [f"{name}/{each}: {text}" for each, (data, want) in mails.items() for text in differences(data, want)]
        said.append(f"{name}: {len(mails)} messages of {len(trial.cases)} cases, {len(said)} differences")
        sys.stdout.write("".join(f"{line}\n" for line in said))
        code = DIFFERENT if len(said) > 1 else code
    return code


async def main(options: argparse.Namespace) -> int:
    """Run the lab until it is done or told to stop."""
    script = read_script()
    servers, wanted = chosen(options, script)
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else str)
    lab = Lab(script, checked(options.roots) if options.roots else None, report)

    def cases(server: Server) -> list[Case]:
        return [case for case in script.of(server) if case.id in wanted]

    try:
        trials = await lab.run(servers, cases)
        if options.logs:
            options.logs.mkdir(parents=True, exist_ok=True)
            for trial in trials:
                (options.logs / f"{trial.server.name}.log").write_text(await trial.log(), encoding="utf-8")
    finally:
        await asyncio.shield(lab.close())
    return results(options, trials)


def run(argv: Sequence[str]) -> int:
    """Run the command; gives the exit code."""
    options = arguments(argv)
    if lack := lacking():
        report(f"corpus.lab: {lack[1]}")
        return lack[0]
    try:
        return asyncio.run(main(options))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except (LabError, ExceptionGroup) as error:
        problems = [*leaves(error)]
        if others := [problem for problem in problems if not isinstance(problem, LabError)]:
            raise others[0] from error
    report("\n".join(f"corpus.lab: {problem}" for problem in problems))
    return USAGE if isinstance(problems[0], WrongNameError) else SOFTWARE


def leaves(group: BaseException) -> Iterator[BaseException]:
    """Give the errors of a group."""
    if isinstance(group, BaseExceptionGroup):
        for each in group.exceptions:
            yield from leaves(each)
    else:
        yield group


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
