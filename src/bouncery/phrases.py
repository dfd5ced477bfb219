"""Many phrases in one pass over a text: an Aho-Corasick automaton over one key of each, then verification.

A phrase is folded like the text; `…` in it is a gap. Linear in the text whatever the phrases are.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import ahocorasick

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GAP = "…"
T = TypeVar("T")


class Folding(dict[int, int | None]):
    """What becomes of a decomposed character: combining marks (category Mn) go, typographic quotes become plain ones."""

    def __missing__(self, point: int) -> int | None:
        """Work out a character when it is first met."""
        self[point] = None if unicodedata.category(chr(point)) == "Mn" else ord(QUOTES.get(chr(point), chr(point)))
        return self[point]


QUOTES = {"’": "'", "‘": "'", "“": '"', "”": '"'}
FOLDING = Folding()


def fold(text: str) -> str:
    """Fold case, accents and spaces, in texts and phrases alike."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKD", text).translate(FOLDING).casefold().split())


class Phrase(NamedTuple, Generic[T]):
    """A folded phrase cut at its gaps, the index of its longest segment, and what it stands for."""

    segments: tuple[str, ...]
    key: int
    meanings: list[T]

    @property
    def words(self) -> str:
        """The phrase as one string."""
        return GAP.join(self.segments)


class PhraseBook(Generic[T]):
    """Phrases compiled once, each with the things it stands for."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        """Compile (phrase, meaning) pairs; their order has no meaning."""
        found: dict[tuple[str, ...], list[T]] = {}
        for phrase, meaning in entries:
            segments = tuple(filter(None, (fold(piece) for piece in phrase.split(GAP))))
            if segments:
                found.setdefault(segments, []).append(meaning)
        self.phrases: tuple[Phrase[T], ...] = tuple(
            Phrase(segments, max(range(len(segments)), key=lambda i: len(segments[i])), meanings)
            for segments, meanings in found.items()
        )
        keys: dict[str, list[Phrase[T]]] = {}
        for phrase in self.phrases:
            keys.setdefault(phrase.segments[phrase.key], []).append(phrase)
        self._automaton = ahocorasick.Automaton()
        for key, phrases in keys.items():
            self._automaton.add_word(key, (len(key), phrases))
        if keys:
            self._automaton.make_automaton()

    def find(self, text: str) -> Iterator[tuple[Phrase[T], int, int]]:
        """Give each phrase that stands in a folded text, once for each place of its key, with its span."""
        if not text or not self.phrases:
            return
        # A gapped phrase whose other segments are far away would cost a scan for each hit of its key.
        done: set[tuple[str, ...]] = set()
        tried: Counter[tuple[str, ...]] = Counter()
        earliest: dict[tuple[str, ...], int] = {}
        for last, (length, phrases) in self._automaton.iter(text):
            at = last + 1 - length
            for phrase in phrases:
                segments = phrase.segments
                if len(segments) == 1:
                    if on_boundaries(text, at, last + 1):
                        yield phrase, at, last + 1
                    continue
                if segments not in earliest:
                    earliest[segments] = chain_end(segments[: phrase.key], text)
                if segments in done or at < earliest[segments]:
                    continue
                span = locate(phrase, text, at)
                tried[segments] += 1
                if span is None or tried[segments] == TRIES:
                    done.add(segments)
                if span and on_boundaries(text, *span):
                    done.add(segments)
                    yield phrase, *span


class WordSet:
    """Which of many strings stand in a text, and where, in one pass."""

    def __init__(self, words: Iterable[str]) -> None:
        """Compile the strings."""
        self._automaton = ahocorasick.Automaton()
        for word in filter(None, words):
            self._automaton.add_word(word, word)
        if len(self._automaton):
            self._automaton.make_automaton()

    def present(self, text: str) -> frozenset[str]:
        """Give the strings that stand in a text."""
        return frozenset(word for _, word in self._automaton.iter(text)) if len(self._automaton) else frozenset()

    def ends(self, text: str) -> list[int]:
        """Give the index of the last character of each occurrence of a string."""
        return [last for last, _ in self._automaton.iter(text)]


TRIES = 8
"""Places at which a gapped phrase is looked for that stands there, but inside longer words."""


def chain_end(segments: tuple[str, ...], text: str) -> int:
    """Give the place from which on all segments have stood in order; beyond the text if they do not."""
    end = 0
    for segment in segments:
        start = text.find(segment, end)
        if start < 0:
            return len(text) + 1
        end = start + len(segment)
    return end


def locate(phrase: Phrase[T], text: str, at: int) -> tuple[int, int] | None:
    """Find a phrase's segments in order around its key, those before it being there; None if those behind it are not."""
    segments, key = phrase.segments, phrase.key
    start, end = at, at + len(segments[key])
    for segment in segments[key + 1 :]:
        position = text.find(segment, end)
        if position < 0:
            return None
        end = position + len(segment)
    for segment in reversed(segments[:key]):
        start = text.rfind(segment, 0, start)
    return start, end


def on_boundaries(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit of a spaced script continues the span on either side."""
    if start and text[start].isascii() and text[start].isalnum() and is_spaced(text[start - 1]):
        return False
    return not (end < len(text) and text[end - 1].isascii() and text[end - 1].isalnum() and is_spaced(text[end]))


def is_spaced(char: str) -> bool:
    """Whether a character is a letter or digit of a script that puts spaces between words."""
    return char < "\u2e80" and char.isalnum()
