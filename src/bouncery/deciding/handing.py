"""Out of the house: each action is handed over, and only then acknowledged.

A crash between the two hands it over once more, under the same id: whoever carries out an id once carries out each action
once. Of two actions about one address the earlier one goes first.
"""

from __future__ import annotations

import shlex
import subprocess
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bouncery.deciding.line import COLUMNS, OFF, READ, Line, in_csv
from bouncery.model import BounceryError
from bouncery.store.book import book
from bouncery.store.outbox import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bouncery.store import Store
    from bouncery.store.outbox import Parcel

TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h."""
COMMAND_SECONDS = 60.0
WORDS = 500
"""Characters of a command's complaint that are kept."""


class Verdict(StrEnum):
    """What the receiver made of an action."""

    DONE = "done"
    LATER = "later"
    REFUSED = "refused"


class Answer(NamedTuple):
    """What the receiver said to an action."""

    verdict: Verdict
    why: str = ""


class Receiver(Protocol):
    """Whom actions are handed over to; portions are acknowledged together."""

    portion: int

    def take(self, lines: Sequence[Line]) -> list[Answer]:
        """Take some actions; give an answer to each."""


class Handed(NamedTuple):
    """What became of the actions in the outbox."""

    done: int
    later: list[str]
    refused: list[str]


def hand_over(store: Store, receiver: Receiver, now: Callable[[], float]) -> Handed:
    """Hand over all that is in the outbox."""
    with book(store) as opened:
        parcels = opened.outbox.pending()
    done, later, refused = 0, [], []
    waiting: set[bytes] = set()
    for start in range(0, len(parcels), receiver.portion):
        portion = [parcel for parcel in parcels[start : start + receiver.portion] if parcel.recipient not in waiting]
        lines = [READ.decode(parcel.body) for parcel in portion]
        answers = receiver.take(lines) if lines else []
        acknowledge(store, portion, answers, now())
        for parcel, line, answer in zip(portion, lines, answers, strict=True):
            words = f"{line.address}: {line.step}: {answer.why}"
            done += answer.verdict is Verdict.DONE
            if answer.verdict is Verdict.LATER:
                later.append(words)
                waiting.add(parcel.recipient)
            elif answer.verdict is Verdict.REFUSED:
                refused.append(words)
    return Handed(done, later, refused)


def pending(store: Store) -> list[Line]:
    """Give what is in the outbox from earlier runs."""
    with book(store) as opened:
        return [READ.decode(parcel.body) for parcel in opened.outbox.pending()]


def acknowledge(store: Store, parcels: Sequence[Parcel], answers: Sequence[Answer], now: float) -> None:
    """Write down what became of actions; one that is to be tried later stays where it is."""
    with book(store, write=True) as opened:
        done = [parcel.id for parcel, answer in zip(parcels, answers, strict=True) if answer.verdict is Verdict.DONE]
        opened.outbox.mark(done, Status.DONE, now)
        for parcel, answer in zip(parcels, answers, strict=True):
            if answer.verdict is not Verdict.DONE:
                status = Status.ASIDE if answer.verdict is Verdict.REFUSED else Status.PENDING
                opened.outbox.mark([parcel.id], status, now, answer.why)


class Command:
    """Runs a command for each action, which is on its standard input in JSON.

    Exit code 0 says that it is done, 75 that it is to be tried again later; with any other one it is kept aside.
    """

    portion = 1

    def __init__(self, command: str, seconds: float = COMMAND_SECONDS) -> None:
        """Take the command, as a shell would split it."""
        try:
            self.words = shlex.split(command)
        except ValueError as error:
            raise BounceryError(f"--exec: {error}; see to the quotes") from error
        if not self.words:
            raise BounceryError("--exec: names no command")
        self.seconds = seconds

    def take(self, lines: Sequence[Line]) -> list[Answer]:
        """Run it."""
        return [self.one(line) for line in lines]

    def one(self, line: Line) -> Answer:
        """Run it for one action."""
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command
                self.words, input=f"{line.json()}\n".encode(), capture_output=True, check=False, timeout=self.seconds
            )
        except subprocess.TimeoutExpired:
            return Answer(Verdict.LATER, f"no answer within {self.seconds:.0f} seconds")
        except BrokenPipeError:
            return Answer(Verdict.LATER, "the command did not read")
        except OSError as error:
            return Answer(Verdict.LATER, f"the command does not run ({error.strerror})")
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:WORDS]
        why = f"exit code {done.returncode}{f': {said}' if said else ''}"
        if done.returncode == 0:
            return Answer(Verdict.DONE)
        return Answer(Verdict.LATER if done.returncode == TRY_LATER or done.returncode < 0 else Verdict.REFUSED, why)


class Printer:
    """Prints actions. They count as handed over once they are written and flushed."""

    portion = 1_000

    def __init__(self, form: str, write: Callable[[str], object]) -> None:
        """Take the form, jsonl, csv or addresses, and what writes and flushes a text."""
        self.form = form
        self.write = write
        self.begun = False

    def take(self, lines: Sequence[Line]) -> list[Answer]:
        """Print them."""
        self.write(self.text(lines))
        return [Answer(Verdict.DONE)] * len(lines)

    def text(self, lines: Sequence[Line]) -> str:
        """Give actions in the form; as addresses only those that are mailed no more."""
        if self.form == "addresses":
            return "".join(f"{line.address}\n" for line in lines if line.step in OFF)
        if self.form == "csv":
            head = [] if self.begun else [COLUMNS]
            self.begun = True
            return in_csv([*head, *(line.row() for line in lines)])
        return "".join(f"{line.json()}\n" for line in lines)
