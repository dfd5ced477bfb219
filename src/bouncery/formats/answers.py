"""What was answered about each of several recipients: which stretch of the text is about whom, worked out once for all."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from bouncery.formats.mailboxes import REPLY_BEFORE, is_enumerated
from bouncery.formats.prose import signals
from bouncery.formats.transcript import Answer, Answerer
from bouncery.model import Action

if TYPE_CHECKING:
    from bouncery.formats.mailboxes import Mention

REMARK = re.compile(r"[>\s]{0,20}\((?:ultimately )?(?:generated|expanded) from:?[^()\n]{0,400}\)")
# What Sendmail notes below a recipient of its own, before the transcript that is about them all.
REASON = re.compile(r"[>\s]{0,8}\((?:reason|expanded from): [^\n]{0,400}\b[45]\d\d\b")
HEADING = 400
"""Characters of a heading that are looked at."""


class Answers:
    """The answers about the recipients of one notification."""

    def __init__(self, text: str, chosen: list[Mention], whole: Action) -> None:
        """Divide a text among the recipients that it speaks of; `whole` is what happened to them all as far as is known."""
        self.text = text
        self.chosen = chosen
        self.whole = whole
        self.answer_in = Answerer(text)
        ends = enumerations(text, chosen)
        self.blocks = blocks(text, ends)
        self.labels = [text[start : first.start].strip() for (first, _), (start, _) in zip(ends, self.blocks, strict=True)]
        self.behind = [has_words(text, last.end, end) for (_, last), (_, end) in zip(ends, self.blocks, strict=True)]
        self.first_behind = self.behind.index(True) if True in self.behind else len(chosen)
        self.bottom = max(chosen, key=lambda mention: mention.start) if chosen else None
        self.last = [last is self.bottom for _, last in ends]
        self.headings = headings(text, chosen)
        self.heading_told: list[frozenset[str]] = []

    def about(self, index: int) -> Answer:
        """Give the answer about a recipient: below a heading, in its own lines, or for all of them."""
        heading = self.headings[index]
        if heading:
            return self.answer_in(*heading, self.chosen[index].address)
        return self.in_block(index) or self.shared(index)

    def in_block(self, index: int) -> Answer | None:
        """Give the answer in the lines of a recipient; None if they have no words of their own."""
        text, mention, (start, end) = self.text, self.chosen[index], self.blocks[index]
        stop = end_of(text, "\n\n", mention.end, end)
        if REASON.match(text, mention.end, end) and mention.address.lower() not in text[stop:end].lower():
            return self.answer_in(start, stop, mention.address)
        if REPLY_BEFORE.search(text[start : mention.start]):
            return self.answer_in(start, end_of(text, "\n", mention.end, len(text)), mention.address)
        label = self.labels[index]
        labelled = any(map(str.isalpha, label))
        if not self.behind[index] and not labelled:
            return None
        answer = self.answer_in(start, end, mention.address)
        own = labelled and any(other != label for other in self.labels)
        return answer if own or answer.code or not self.last[index] or index == 0 or self.first_behind < index else None

    def shared(self, index: int) -> Answer:
        """Give the answer for a recipient without words of its own: what follows the list, or stands anywhere."""
        text, mention, bottom = self.text, self.chosen[index], self.bottom
        if bottom is None or (introduces(text, bottom) and not introduces(text, mention)):
            return self.answer_in(*self.blocks[index], mention.address)
        behind = self.answer_in(bottom.start, len(text), mention.address)
        return behind if behind.code else self.answer_in(0, len(text), mention.address)

    def action(self, index: int) -> Action:
        """Tell what happened to one of several recipients: by its own lines, else by the heading above it."""
        start, end = self.blocks[index]
        told = signals(self.text[start:end]) or self.above(index)
        if {"failure", "gave_up"} & told:
            return Action.DELAYED if "still_trying" in told or self.is_for_now(index, told) else Action.FAILED
        if {"delay", "still_trying"} & told:
            return Action.DELAYED
        return Action.DELIVERED if "delivered" in told else self.whole

    def is_for_now(self, index: int, told: frozenset[str]) -> bool:
        """Whether what sounds like a failure is only the last answer in a warning about them all: "450 user unknown"."""
        if self.whole is not Action.DELAYED or "gave_up" in told:
            return False
        heading = self.above(index)
        if "still_trying" in heading or ("delay" in heading and "failure" not in heading):
            return True
        code = self.about(index).code
        return code is not None and code.reply_class == 4

    def above(self, index: int) -> frozenset[str]:
        """Give what the nearest heading above a recipient signals."""
        for place in range(len(self.heading_told), index + 1):
            start = self.blocks[place][0]
            above = self.text[max(0, start - 2 * HEADING) : start].rstrip()
            heading = above[above.rfind("\n\n") + 1 :] if place == 0 or above.endswith(":") else ""
            told = signals(heading[-HEADING:]) if heading else frozenset()
            self.heading_told.append(told or (self.heading_told[-1] if place else frozenset()))
        return self.heading_told[index]


def enumerations(text: str, chosen: list[Mention]) -> list[tuple[Mention, Mention]]:
    """Give the first and the last of the enumeration that each recipient stands in, itself for most."""
    order = sorted(range(len(chosen)), key=lambda index: chosen[index].start)
    groups: list[list[int]] = []
    for index in order:
        if groups and is_enumerated(text, chosen[groups[-1][-1]].end, chosen[index].start):
            groups[-1].append(index)
        else:
            groups.append([index])
    ends = {index: (chosen[group[0]], chosen[group[-1]]) for group in groups for index in group}
    return [ends[index] for index in range(len(chosen))]


def blocks(text: str, ends: list[tuple[Mention, Mention]]) -> list[tuple[int, int]]:
    """Give the stretch of text about each recipient: from its line, or that of its enumeration, to the line of the next."""
    tops = paragraph_tops(text, ends)
    if tops:
        return [(top, min((other for other in tops if other > top), default=len(text))) for top in tops]
    starts = sorted({first.start for first, _ in ends})
    found = []
    for first, last in ends:
        later = bisect_right(starts, last.start)
        end = text.rfind("\n", 0, starts[later]) + 1 if later < len(starts) else len(text)
        found.append((text.rfind("\n", 0, first.start) + 1, max(without_heading(text, end), last.end)))
    return found


def without_heading(text: str, end: int) -> int:
    """Give where a stretch ends if the line that announces what follows it is left out."""
    above = text[max(0, end - HEADING) : end].rstrip()
    at = above.rfind("\n\n") + 2
    announces = above.endswith(":") and at >= 2 and "@" not in above[at:]
    return end - (len(text[max(0, end - HEADING) : end]) - at) if announces and end < len(text) else end


def paragraph_tops(text: str, ends: list[tuple[Mention, Mention]]) -> list[int]:
    """Give where each recipient's paragraph begins, if each has one of its own that tells the cause above the address."""
    tops = []
    for first, last in ends:
        top = text.rfind("\n\n", 0, first.start) + 2
        line = text.rfind("\n", 0, first.start) + 1
        if top < 2 or not has_words(text, top, line) or has_words(text, last.end, end_of(text, "\n\n", last.end, len(text))):
            return []
        tops.append(top)
    return tops if len(set(tops)) == len(tops) > 1 else []


def headings(text: str, chosen: list[Mention]) -> list[tuple[int, int] | None]:
    """Give the line above each group of recipients that says what is wrong with them all, where none has words of its own."""
    found: list[tuple[int, int] | None] = [None] * len(chosen)
    order = sorted(range(len(chosen)), key=lambda index: chosen[index].start)
    if len(order) < 2 or has_words(text, chosen[order[-1]].end, len(text)):
        return found
    top = text.rfind("\n", 0, chosen[order[0]].start) + 1
    at = text.rfind("\n", 0, len(text[:top].rstrip())) + 1
    heading: tuple[int, int] | None = None
    following = 0
    while following < len(order) and at <= len(text):
        stop = end_of(text, "\n", at, len(text))
        inside = following
        while following < len(order) and chosen[order[following]].start < stop:
            index = order[following]
            following += 1
            if has_words(text, at, chosen[index].start) or has_words(text, chosen[index].end, stop):
                return found
            found[index] = heading
        line = text[at:stop]
        if inside == following and line.strip():
            key, colon, words = line.partition(":")
            if not colon or not words.strip() or len(key) > 30:
                return found
            heading = (at, stop)
        at = stop + 1
    return found


def introduces(text: str, mention: Mention) -> bool:
    """Whether an address is followed by a colon, so that the words behind are about it alone."""
    return text[mention.end : mention.end + 4].lstrip("> \"'").startswith(":")


def end_of(text: str, mark: str, start: int, end: int) -> int:
    """Give where the line or paragraph ends that holds a position."""
    found = text.find(mark, start, end)
    return found if found >= 0 else end


def has_words(text: str, start: int, end: int) -> bool:
    """Whether a stretch of text holds a letter, besides the remark that an address was generated from another."""
    remark = REMARK.match(text, start, end)
    return any(char.isalpha() for char in text[remark.end() if remark else start : end])
