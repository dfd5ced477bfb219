"""`bouncery run`: from mailboxes and logs into the record, everything once."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bouncery.cli import exits
from bouncery.cli.db import key_of
from bouncery.cli.run_options import run_options
from bouncery.cli.safe import printable_json
from bouncery.model import BounceryError, StoreError
from bouncery.sources.inbox import After, Inbox, InboxOptions, MissingError, open_inbox
from bouncery.sources.patience import AwayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.cli.judging import Judge
    from bouncery.cli.running import Stop
    from bouncery.cli.tally import Tally
    from bouncery.store import Store

JOIN_SLICE = 0.2
ENDLESS = "lmtp:"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say."""

    sources: tuple[str, ...]
    url: str | None
    key_file: str | None
    keep_raw: int
    rule_files: tuple[str, ...]
    jobs: int
    batch: int
    after: str | None
    watch: bool
    poll: float
    dry_run: bool
    as_json: bool
    quiet: bool
    timeout: float
    retries: int
    password_env: str
    password_file: str | None
    password_command: str | None
    token_command: str | None
    plaintext: bool
    now: datetime | None

    def inbox_options(self, stop: Stop, tally: Tally) -> InboxOptions:
        """Give how sources are read."""
        return InboxOptions(
            batch_messages=self.batch,
            timeout=self.timeout,
            retries=self.retries,
            watch=self.watch,
            poll=self.poll,
            after=After(self.after) if self.after else None,
            readonly=self.dry_run,
            password_env=self.password_env,
            password_file=self.password_file,
            password_command=self.password_command,
            token_command=self.token_command,
            plaintext=self.plaintext,
            stopped=stop,
            skipped=tally.skipped,
            notice=tally.trouble,
        )

    def opening(self) -> Callable[[], Store] | None:
        """Give what opens the record; None for a dry run."""
        if self.dry_run or self.url is None:
            return None
        from bouncery.store import Store

        return partial(Store.open, self.url, key=key_of(self.key_file), keep_raw_days=self.keep_raw)

    def clock(self) -> datetime:
        """Give the time."""
        return self.now.replace(tzinfo=UTC) if self.now else datetime.now(UTC)


@click.command("run")
@run_options
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - what `run_options` names
    """Read bounces, judge them, store what they say, and only then acknowledge them.

    A SOURCE is imaps://USER@HOST/FOLDER, pop3s://USER@HOST, lmtp://HOST:PORT (or lmtp:///SOCKET), maildir:PATH, mbox:PATH,
    postfix-log:PATH, exim-log:PATH, sendmail-log:PATH, the PATH of a message, an mbox, a Maildir or a directory, or - for
    standard input. What is stored already is not read again, so a run that was interrupted is simply started again.

    SIGINT and SIGTERM end it when the batch under way is finished. Exit code 75: the database or a server is away, and
    nothing was acknowledged that is not stored.
    """
    settings = msgspec.convert({**options, "sources": tuple(options["sources"])}, Settings)
    if not settings.sources:
        raise click.UsageError("no SOURCE; name one, or give `source` in the configuration file")
    if settings.url is None and not settings.dry_run:
        raise click.UsageError("no record; give --db URL, or --dry-run to store nothing")
    ctx.exit(work(settings))


def work(settings: Settings) -> int:
    """Run over all sources, print the summary and give the exit code."""
    from bouncery.cli.judging import Judge
    from bouncery.cli.meter import Meter
    from bouncery.cli.running import Stop
    from bouncery.cli.tally import Tally

    stop, tally = Stop(), Tally()
    with ExitStack() as stack:
        judge = Judge(settings.rule_files, settings.jobs)
        stack.callback(judge.close)
        inboxes = opened(settings, stop, tally)
        stack.enter_context(stop.listening())
        stack.enter_context(Meter(tally, inboxes))
        Runs(settings, judge, stop, tally).all(inboxes)
    if settings.as_json:
        sys.stdout.buffer.write(printable_json(msgspec.json.encode(tally.data())) + b"\n")
    elif not settings.quiet:
        for line in tally.lines(dry=settings.dry_run):
            click.echo(line)
    return max(tally.code, exits.INTERRUPTED if stop.signal == signal.SIGINT else exits.OK)


def opened(settings: Settings, stop: Stop, tally: Tally) -> list[Inbox]:
    """Give the sources; one that cannot be does not keep the others from being read."""
    inboxes = []
    options = settings.inbox_options(stop, tally)
    for source in settings.sources:
        try:
            inboxes.append(open_inbox(source, options))
        except BounceryError as error:
            tally.complain(str(error), code_of(error))
    return inboxes


def code_of(error: BounceryError) -> int:
    """Give the exit code for what ended the run over a source."""
    if isinstance(error, (StoreError, AwayError)):
        return exits.TEMPORARY
    return exits.NO_INPUT if isinstance(error, MissingError) else exits.USAGE


class Runs:
    """The runs over several sources."""

    def __init__(self, settings: Settings, judge: Judge, stop: Stop, tally: Tally) -> None:
        """Take what they share."""
        self.settings = settings
        self.judge = judge
        self.stop = stop
        self.tally = tally
        self.crashed: list[BaseException] = []

    def all(self, inboxes: list[Inbox]) -> None:
        """Run over one source after the other; side by side where one of them has no end."""
        endless = self.settings.watch or any(source.startswith(ENDLESS) for source in self.settings.sources)
        if not endless or len(inboxes) == 1:
            for inbox in inboxes:
                self.one(inbox)
            return
        threads = [threading.Thread(target=self.guarded, args=(inbox,), name=inbox.name) for inbox in inboxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(JOIN_SLICE)
        if self.crashed:
            raise self.crashed[0]

    def guarded(self, inbox: Inbox) -> None:
        """Run in a thread: what nobody foresaw ends all runs and is told by the main thread."""
        try:
            self.one(inbox)
        except BaseException as error:  # noqa: BLE001 - raised again by `all`
            self.crashed.append(error)
            self.stop.signal = self.stop.signal or signal.SIGTERM

    def one(self, inbox: Inbox) -> None:
        """Run over one source; after the store has failed, over none any more."""
        from bouncery.cli.running import Runner

        if self.stop():
            return
        runner = Runner(
            inbox,
            judge=self.judge,
            opening=self.settings.opening(),
            tally=self.tally,
            stopped=self.stop,
            now=self.settings.clock,
        )
        try:
            runner.run()
        except BounceryError as error:
            self.tally.complain(str(error), code_of(error))
            if isinstance(error, StoreError):
                self.stop.signal = signal.SIGTERM
