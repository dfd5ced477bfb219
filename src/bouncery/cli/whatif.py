"""What would have changed a decision: the same facts, with one of them different, judged again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from bouncery.codes.grammar import find_codes
from bouncery.model import Action
from bouncery.pipeline import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bouncery.model import Recipient, Verdict
    from bouncery.rules import RuleSet

OTHER_CLASS = {4: 5, 5: 4}
HEDGE = "; please try again later"


class Variant(NamedTuple):
    """One changed fact, in words, and the verdict that it leads to."""

    change: str
    verdict: Verdict


def variants(recipient: Recipient, rules: RuleSet) -> Iterator[Variant]:
    """Judge a recipient with one fact after the other changed."""
    for change, changed in changes(recipient):
        yield Variant(change, judge(changed, rules))


def changes(recipient: Recipient) -> Iterator[tuple[str, Recipient]]:
    """Change one fact after the other."""
    if recipient.action is Action.DELAYED:
        yield "if the server had given up (Action: failed)", replace(recipient, action=Action.FAILED, final=True)
    else:
        yield "if the server were still trying (Action: delayed)", replace(recipient, action=Action.DELAYED, final=False)
    if other := with_other_class(recipient):
        code = " ".join(filter(None, (str(other.reply or ""), other.status)))
        yield f"with a reply of the other class ({code})", other
    if recipient.diagnostic and (recipient.reply or recipient.status):
        yield "with the codes alone, without any text", replace(recipient, diagnostic=None)
        yield (
            "with the text alone, without any code",
            replace(recipient, diagnostic=without_codes(recipient.diagnostic), reply=None, status=None),
        )
    if recipient.diagnostic:
        yield 'if it had added "please try again later"', replace(recipient, diagnostic=recipient.diagnostic + HEDGE)


def with_other_class(recipient: Recipient) -> Recipient | None:
    """Turn class 4 into 5 and 5 into 4, in the codes and in the text; None without a code."""
    number = recipient.reply // 100 if recipient.reply else int((recipient.status or "0")[0])
    other = OTHER_CLASS.get(number)
    if other is None:
        return None
    return replace(
        recipient,
        reply=recipient.reply and other * 100 + recipient.reply % 100,
        status=recipient.status and f"{other}{recipient.status[1:]}",
        diagnostic=recipient.diagnostic and with_class(recipient.diagnostic, number, other),
    )


def with_class(text: str, number: int, other: int) -> str:
    """Rewrite every code of a class in a text."""
    pieces, at = [], 0
    for code in find_codes(text):
        span = text[code.start : code.end]
        for old in (str(code.reply or ""), code.status or ""):
            if old.startswith(str(number)):
                span = span.replace(old, f"{other}{old[1:]}")
        pieces += [text[at : code.start], span]
        at = code.end
    return "".join((*pieces, text[at:]))


def without_codes(text: str) -> str:
    """Cut every code out of a text."""
    pieces, at = [], 0
    for code in find_codes(text):
        pieces.append(text[at : code.start])
        at = code.end
    return " ".join("".join((*pieces, text[at:])).split())
