"""The words of `bouncery explain`. Everything that comes out of a mail passes through `printable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from bouncery.cli.meanings import FAULT, MEANING, PERMANENCE
from bouncery.cli.safe import printable
from bouncery.cli.whatif import variants
from bouncery.codes.registry import reply_code, status_code
from bouncery.decide import effective_class
from bouncery.model import Action, Decision, Evidence, Permanence, Reason, Source
from bouncery.pipeline import heard, judge, question
from bouncery.rules import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bouncery.model import Recipient, Report, Verdict
    from bouncery.rules import Candidate, Match, RuleSet

LEVELS = {
    Level.TOKEN: "an error name of the provider's own",
    Level.SCOPED: "a phrase for just this code, stage or server",
    Level.PHRASE: "a specific phrase",
    Level.STATUS: "a specific enhanced code",
    Level.GENERIC: "a phrase that servers use for many things",
    Level.WEAK_STATUS: "an enhanced code that says little",
    Level.REPLY: "a bare reply code",
}
FLAGS = {
    "hedge": "The reply says itself that it may change.",
    "permanent": "The reply says itself that trying again is useless.",
    "gave_up": "The words are the sending server's own, at the end of its queue time: the remote server has not spoken.",
}
COLOURS = {Decision.HARD: "red", Decision.SOFT: "yellow", Decision.RETRY: "cyan"}
CANDIDATES = 6
QUOTED = 300


def quoted(text: str) -> str:
    """Give words of the mail in quotation marks, on one line."""
    line = printable(text)
    return f'"{line[:QUOTED]}{"…" if len(line) > QUOTED else ""}"'


def heading(text: str) -> str:
    """Give a heading."""
    return click.style(text, bold=True)


def named(verdict: Verdict) -> str:
    """Give decision and reason of a verdict."""
    if verdict.decision is None:
        return "no failure"
    return f"{click.style(verdict.decision, fg=COLOURS[verdict.decision], bold=True)} ({verdict.reason})"


def on_report(report: Report) -> Iterator[str]:
    """Tell what kind of message it is and what it is about."""
    place = printable(report.source or "message")
    number = f", message {report.index}" if report.index else ""
    formats = f", recognised as {', '.join(report.formats)}" if report.formats else ""
    yield heading(f"{place}{number}: {report.kind.replace('_', ' ')}{formats}")
    if report.reporting_mta:
        yield f"  reported by {printable(report.reporting_mta)}"
    if report.original:
        original = report.original
        parts = [
            f"{name} {quoted(value)}"
            for name, value in (("subject", original.subject), ("from", original.sender), ("id", original.message_id))
            if value
        ]
        yield f"  about your message: {', '.join(parts) or 'its header names nothing'}"
    for note in report.notes:
        yield f"  note: {printable(note)}"
    if not report.recipients:
        yield "  It names no recipient, so there is nothing to decide."


def on_reply(text: str, rules: RuleSet) -> Iterator[str]:
    """Tell how a reply without a message is judged."""
    recipient = heard(text)
    recipient = msgspec.structs.replace(recipient, verdict=judge(recipient, rules, (Evidence(Source.DIAGNOSTIC, text),)))
    yield heading(f"the reply {quoted(text)}")
    if recipient.verdict.decision is None:
        yield "  It refuses nothing, so there is nothing to decide."
        yield from on_new_address(recipient.verdict)
        return
    if recipient.action is Action.DELAYED:
        yield "  heard in session: while a server answers with class 4, nothing is final"
    yield from on_verdict(recipient, rules)


def on_new_address(verdict: Verdict) -> Iterator[str]:
    """Tell where a mailbox has moved to."""
    if verdict.new_address:
        yield f"  the server names a new address: {printable(verdict.new_address)}"


def on_recipient(recipient: Recipient, rules: RuleSet) -> Iterator[str]:
    """Tell how the verdict on one recipient came about."""
    refused = f", which became {printable(recipient.final_address)}" if recipient.final_address else ""
    yield heading(f"{printable(recipient.address)}{refused}")
    facts = [
        f"action {recipient.action}" if recipient.action else "",
        f"refused by {printable(recipient.remote_mta)}" if recipient.remote_mta else "",
        f"at {recipient.stage.upper()}" if recipient.stage else "",
        f"will be tried until {printable(recipient.retry_until)}" if recipient.retry_until else "",
    ]
    if told := ", ".join(filter(None, facts)):
        yield f"  {told}"
    if recipient.verdict.decision is None:
        yield "  No failure of this recipient is reported, so there is nothing to decide."
        return
    yield from on_verdict(recipient, rules)


def on_verdict(recipient: Recipient, rules: RuleSet) -> Iterator[str]:
    """Tell verdict, codes, evidence, rules and what would have changed it."""
    verdict = recipient.verdict
    reason = verdict.reason or Reason.UNDETERMINED
    sure = f", confidence {verdict.confidence:.2f}" if verdict.confidence is not None else ""
    yield f"  {named(verdict)}: {MEANING[reason]}{sure}"
    yield (
        f"  {FAULT[reason.fault]} can cure it"
        if reason.fault != "none"
        else "  there is nobody in particular who could cure it"
    )
    if verdict.retry_after:
        yield f"  the server asks for {verdict.retry_after} seconds of patience"
    if verdict.blocklist:
        listed = verdict.blocklist.listed or "what is listed, it does not say"
        yield f"  listed on {printable(verdict.blocklist.name)}: {printable(listed)}"
    yield from on_new_address(verdict)
    match = rules.match(question(recipient))
    yield from on_codes(recipient)
    yield from on_evidence(verdict.evidence)
    yield from on_rules(match)
    yield from on_decision(recipient, reason, match)
    yield from on_changes(recipient, rules)


def on_codes(recipient: Recipient) -> Iterator[str]:
    """Tell what the codes mean by the book."""
    if not recipient.reply and not recipient.status:
        yield "\n  No code was given; only the words count."
        return
    yield "\n  The codes, by the book"
    reply = reply_code(recipient.reply) if recipient.reply else None
    status = status_code(recipient.status) if recipient.status else None
    for said, entry in ((recipient.reply, reply), (recipient.status, status)):
        if said:
            yield f"    {said!s:7} {f'{entry.title}. {entry.gist}' if entry else 'is no code of any registry'}"


def on_evidence(evidence: Sequence[Evidence]) -> Iterator[str]:
    """Tell each piece of evidence with its place."""
    if not evidence:
        return
    yield "\n  It stands on"
    for piece in evidence:
        place = "" if piece.part is None else f", part {piece.part}"
        if piece.start is not None:
            place += f", characters {piece.start} to {piece.end}"
        yield f"    {quoted(piece.text)} ({piece.source}{place})"


def on_rules(match: Match) -> Iterator[str]:
    """Tell the rules that matched, and why the first of them won."""
    if match.winner is None:
        yield "\n  No rule matched."
    else:
        yield "\n  Rules that matched, the strongest first"
        for candidate in match.candidates[:CANDIDATES]:
            yield f"    {candidate.rule.id}  {basis(candidate)}"
        if len(match.candidates) > CANDIDATES:
            yield f"    and {len(match.candidates) - CANDIDATES} weaker ones"
        yield f"  {won(match)}"
    for flag in sorted(match.flags):
        yield f"  {FLAGS.get(flag, f'The text is marked {flag}.')}"


def basis(candidate: Candidate) -> str:
    """Tell what a rule recognised, and how specific that is."""
    rule = candidate.rule
    codes = " or ".join((*map(str, rule.reply), *rule.status))
    scope = [codes, f"stage {rule.stage}" if rule.stage else "", f"provider {rule.provider}" if rule.provider else ""]
    seen = [quoted(candidate.phrase) if candidate.phrase else "", *scope]
    own = ", your own rule" if rule.user else ""
    return f"{', '.join(filter(None, seen))}: {LEVELS[rule.level]}{own}"


def won(match: Match) -> str:
    """Tell why the winner stands before the best rule with another reason."""
    winner, *others = match.candidates
    rival = next((other for other in others if other.rule.reason is not winner.rule.reason), None)
    if rival is None:
        return "Nothing speaks for another reason." if others else "It is the only one."
    mine, theirs = winner.rule, rival.rule
    against = f"It won over {theirs.id} ({theirs.reason}):"
    if mine.user != theirs.user:
        return f"{against} your own rules outrank the shipped ones."
    if mine.level != theirs.level:
        return f"{against} {LEVELS[mine.level]} outranks {LEVELS[theirs.level]}."
    if mine.scopes != theirs.scopes:
        return f"{against} both are {LEVELS[mine.level]}, and it sets {mine.scopes} conditions against {theirs.scopes}."
    return f"{against} both are {LEVELS[mine.level]}, and {mine.reason} is judged before {theirs.reason}."


def on_decision(recipient: Recipient, reason: Reason, match: Match) -> Iterator[str]:
    """Tell how the decision follows from the reason."""
    if recipient.action is Action.DELAYED:
        yield "\n  Why retry: the server is still trying, and a delay is never more than that."
        return
    decision = recipient.verdict.decision
    why = f"{reason} {PERMANENCE[reason.permanence]}"
    if recipient.reached:
        why += "; a mailbox behind the address had the message, so nothing can say that it does not exist"
    if reason.permanence is Permanence.ADDRESS and decision is Decision.RETRY:
        why += "; but the reply leaves a doubt, and a doubt never removes a subscriber"
    elif reason.permanence is Permanence.CLASS:
        own = ", and the words are not the remote server's" if "gave_up" in match.flags else ""
        why += f"; here it is class {effective_class(recipient)}{own}"
    yield f"\n  Why {decision}: {why}."


def on_changes(recipient: Recipient, rules: RuleSet) -> Iterator[str]:
    """Tell what would have changed the decision, and what would not."""
    verdict = recipient.verdict
    judged = list(variants(recipient, rules))
    changed = [variant for variant in judged if variant.verdict.decision != verdict.decision]
    same = [variant for variant in judged if variant.verdict.decision == verdict.decision]
    if changed:
        yield "\n  What would have changed the decision"
        for variant in changed:
            yield f"    {variant.change}: {named(variant.verdict)}"
    if same:
        yield f"\n  It would still be {verdict.decision}"
        for variant in same:
            other = "" if variant.verdict.reason is verdict.reason else f" ({variant.verdict.reason})"
            yield f"    {variant.change}{other}"
