"""Which regular expressions a rule may use: those that cost no more than a bounded look at each place of a text."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bouncery.phrases import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The tree that the compiler itself works on; a scan of the pattern's text would have to know all of its syntax.
PARSER: Any = import_module("re._parser")
Node = tuple[object, Any]
REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
WIDEST = 200
"""Repetitions that a quantifier may allow."""


def compiles(pattern: str | None) -> bool:
    """Whether a pattern, if there is one, is a regular expression."""
    try:
        re.compile(pattern or "")
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def pattern_problems(pattern: str) -> list[str]:
    """Give what is wrong with a rule's regular expression."""
    try:
        tree = PARSER.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return [f"match is no regular expression: {error}"]
    return [f"match {problem}" for problem in dict.fromkeys(walk(tree, repeated=False))]


def walk(tree: Iterable[Node], *, repeated: bool) -> Iterator[str]:
    """Find costly constructs in a parsed pattern, and letters that normalised text never holds."""
    for node in tree:
        name, value = str(node[0]), node[1]
        if name in REPEATS:
            _, most, inner = value
            if most > WIDEST:
                yield f"has a quantifier without a bound; write {{0,n}} with n up to {WIDEST}"
            if most > 1 and repeated:
                yield "has a quantifier inside a quantifier, which can take exponential time; write it out"
            yield from walk(inner, repeated=repeated or most > 1)
        elif name.startswith("ASSERT"):
            yield "looks ahead or behind; use none for what must not stand there"
        elif name.startswith("GROUPREF"):
            yield "refers back to a group; write the words out"
        elif name == "LITERAL" and fold(f".{chr(value)}.") != f".{chr(value)}.":
            yield f"holds {chr(value)!r}, which normalised text never does; write lower case without accents"
        else:
            yield from walk_inside(node, repeated=repeated)


def walk_inside(node: Node, *, repeated: bool) -> Iterator[str]:
    """Walk the inside of a group or an alternation."""
    name, value = str(node[0]), node[1]
    if name == "SUBPATTERN":
        yield from walk(value[-1], repeated=repeated)
    elif name == "ATOMIC_GROUP":
        yield from walk(value, repeated=repeated)
    elif name == "BRANCH":
        for branch in value[1]:
            yield from walk(branch, repeated=repeated)
