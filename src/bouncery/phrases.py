"""Many phrases in one pass over a text: an Aho-Corasick automaton over one key of each, then verification.

A phrase is folded like the text; `…` in it is a gap. Linear in the text whatever the phrases are.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import ahocorasick

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    opens: bool
    """Whether it begins with an ASCII letter or digit, before which no word may go on."""
    closes: bool
    """Whether it ends with one."""
    words: str
    """The phrase as one string."""


def phrase_of(segments: tuple[str, ...], meanings: list[T]) -> Phrase[T]:
    """Make a phrase ready."""
    first, last = segments[0][0], segments[-1][-1]
    key = max(range(len(segments)), key=lambda i: len(segments[i]))
    return Phrase(
        segments, key, meanings, first.isascii() and first.isalnum(), last.isascii() and last.isalnum(), GAP.join(segments)
    )


class PhraseBook(Generic[T]):
    """Phrases compiled once, each with the things it stands for."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        """Compile (phrase, meaning) pairs; their order has no meaning."""
        found: dict[tuple[str, ...], list[T]] = {}
        for words, meaning in entries:
            segments = tuple(filter(None, (fold(piece) for piece in words.split(GAP))))
            if segments:
                found.setdefault(segments, []).append(meaning)
        self.phrases: tuple[Phrase[T], ...] = tuple(phrase_of(segments, meanings) for segments, meanings in found.items())
        keys: dict[str, list[Phrase[T]]] = {}
        for phrase in self.phrases:
            keys.setdefault(phrase.segments[phrase.key], []).append(phrase)
        self._automaton = ahocorasick.Automaton()
        for key, phrases in keys.items():
            self._automaton.add_word(key, (len(key), phrases))
        if keys:
            self._automaton.make_automaton()

    def find(self, text: str) -> list[tuple[Phrase[T], int, int]]:
        """Give each phrase that stands in a folded text, once for each place of its key, with its span."""
        found: list[tuple[Phrase[T], int, int]] = []
        if not text or not self.phrases:
            return found
        size = len(text)
        for last, (length, phrases) in self._automaton.iter(text):
            for phrase in phrases:
                start, end = last + 1 - length, last + 1
                if len(phrase.segments) > 1:
                    start, end = locate(phrase, text, start)
                    if start < 0:
                        continue
                if phrase.opens and start and is_spaced(text[start - 1]):
                    continue
                if phrase.closes and end < size and is_spaced(text[end]):
                    continue
                found.append((phrase, start, end))
        return found


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


LONGEST_GAP = 160
"""Characters that a gap may stand for: what is farther apart belongs to another sentence."""


def locate(phrase: Phrase[T], text: str, at: int) -> tuple[int, int]:
    """Find a phrase's segments in order around its key, each as near as can be; (-1, -1) if one is missing."""
    segments, key = phrase.segments, phrase.key
    start, end = at, at + len(segments[key])
    for segment in segments[key + 1 :]:
        position = text.find(segment, end, end + LONGEST_GAP + len(segment))
        if position < 0:
            return -1, -1
        end = position + len(segment)
    for segment in reversed(segments[:key]):
        start = text.rfind(segment, max(0, start - LONGEST_GAP - len(segment)), start)
        if start < 0:
            return -1, -1
    return start, end


def is_spaced(char: str) -> bool:
    """Whether a character is a letter or digit of a script that puts spaces between words."""
    return char < "\u2e80" and char.isalnum()
