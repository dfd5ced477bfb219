"""`bouncery codes`: the registries of codes, and what we decide for a code alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from bouncery.cli.meanings import FAULT, MEANING, PERMANENCE
from bouncery.cli.safe import printable
from bouncery.codes.registry import RETIRED, ReplyCode, StatusCode, reply_codes, search, status_codes
from bouncery.model import Action, Reason, Recipient
from bouncery.pipeline import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bouncery.model import Verdict

DETAILED = 3
"""Up to so many entries are told in full."""
_REPLY = re.compile(r"[2-5]\d\d")
_STATUS = re.compile(r"[245X]\.\d+\.\d+")
COLOURS = {"hard": "red", "soft": "yellow", "retry": "cyan"}


@click.command("codes")
@click.argument("query", required=False)
def command(query: str | None) -> None:
    """Look up reply codes, enhanced status codes and reasons.

    QUERY is a code (550, 5.1.1), the beginning of one (55, 5.7), a reason (user_unknown) or words (mailbox full). What
    we decide for a code holds for a final failure about which nothing else is known; while a server still tries, it is retry.
    """
    if query in set(Reason):
        reason(Reason(query))
        return
    found: Sequence[ReplyCode | StatusCode] = search(query) if query else (*reply_codes(), *status_codes())
    if not found:
        click.echo(
            f"Nothing is registered for {printable(query or '')}. A reply code has three digits, 200 to 599; an enhanced "
            "code looks like 5.1.1; reasons are " + ", ".join(Reason) + "."
        )
    for entry in found:
        if len(found) <= DETAILED:
            in_full(entry)
        else:
            in_short(entry)


def alone(entry: ReplyCode | StatusCode) -> Iterator[tuple[str, Verdict]]:
    """Give the codes that an entry stands for, with the verdict on a final failure that states only this code."""
    if _REPLY.fullmatch(entry.code):
        yield entry.code, judge(final(reply=int(entry.code)))
    elif _STATUS.fullmatch(entry.code) and entry.standing not in RETIRED:
        for number in "45" if entry.code[0] == "X" else entry.code[0]:
            status = number + entry.code[1:]
            yield status, judge(final(status=status))


def final(*, reply: int | None = None, status: str | None = None) -> Recipient:
    """Give a recipient that finally failed, or was accepted where the code is no failure."""
    number = reply // 100 if reply else int((status or "5")[0])
    failed = number in (4, 5)
    return Recipient(address="", action=Action.FAILED if failed else Action.DELIVERED, final=failed, reply=reply, status=status)


def said(verdict: Verdict, width: int = 0) -> str:
    """Give decision and reason, coloured."""
    if verdict.decision is None:
        return click.style("no failure".ljust(width), dim=True)
    return click.style(f"{verdict.decision} {verdict.reason}".ljust(width), fg=COLOURS[verdict.decision])


def decided(entry: ReplyCode | StatusCode) -> str:
    """Give what we decide for an entry, in one phrase."""
    verdicts = list(alone(entry))
    if len({(verdict.decision, verdict.reason) for _, verdict in verdicts}) == 1:
        return said(verdicts[0][1])
    return ", ".join(f"{code[0]}: {said(verdict)}" for code, verdict in verdicts)


def reference(entry: ReplyCode | StatusCode) -> str:
    """Name the documents that define a code."""
    if not entry.rfc:
        return f"no RFC ({entry.standing})"
    numbers = entry.rfc if not entry.rfc[0].isdigit() else f"RFC {entry.rfc}"
    return numbers if entry.standing in ("standard", "registered") else f"{numbers} ({entry.standing})"


def in_short(entry: ReplyCode | StatusCode) -> None:
    """Tell an entry in one line."""
    code = click.style(entry.code.ljust(7), bold=True)
    click.echo(f"{code} {fit(entry.title, 44)} {fit(reference(entry), 24)} {decided(entry)}".rstrip())


def fit(text: str, width: int) -> str:
    """Cut or pad a text to a width."""
    return f"{text[: width - 1]}…" if len(text) > width else text.ljust(width)


def in_full(entry: ReplyCode | StatusCode) -> None:
    """Tell all that is known of an entry."""
    click.echo(f"{click.style(entry.code, bold=True)}  {entry.title}")
    click.echo(f"  {entry.gist}.")
    click.echo(f"  defined in: {reference(entry)}")
    partners = entry.replies if isinstance(entry, StatusCode) else tuple(partners_of(entry))
    if partners:
        click.echo(f"  goes with:  {', '.join(partners)}")
    for code, verdict in alone(entry):
        rule = f" (rule {verdict.rule})" if verdict.rule else ""
        click.echo(f"  {code} alone: {said(verdict)}{click.style(rule, dim=True)}")


def partners_of(entry: ReplyCode) -> Iterator[str]:
    """Name the enhanced codes that the registry puts beside a reply code."""
    return (status.code for status in status_codes() if entry.code in status.replies and status.standing not in RETIRED)


def reason(wanted: Reason) -> None:
    """Tell what a reason means, what we decide for it, and which codes lead to it without any text."""
    click.echo(f"{click.style(wanted, bold=True)}  {MEANING[wanted]}")
    click.echo(f"  what we decide: it {PERMANENCE[wanted.permanence]}")
    click.echo(f"  who can cure it: {FAULT[wanted.fault]}")
    codes = ", ".join(leading_to(wanted, (*reply_codes(), *status_codes())))
    click.echo(f"  codes that mean it by themselves: {codes or 'none; only a text does'}")


def leading_to(wanted: Reason, entries: Iterable[ReplyCode | StatusCode]) -> Iterator[str]:
    """Name the codes that give a reason by themselves."""
    return (code for entry in entries for code, verdict in alone(entry) if verdict.reason is wanted)
