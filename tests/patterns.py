"""Every regular expression of the library with the ways in which it is used, and texts that are hostile to it."""

from __future__ import annotations

import ast
import pkgutil
import re
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bouncery
from bouncery.rules import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(bouncery.__file__).parent
METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split")
PARSER: Any = import_module("re._parser")
REPEATED = (
    "a",
    " ",
    "\n",
    "<",
    ">",
    "(",
    ")",
    "@",
    '"',
    "'",
    "-",
    ".",
    ":",
    "=",
    "1",
    "5",
    "&",
    "\t",
    "\\",
    "/",
    "550-",
    "a@",
    "@a.",
    "user ",
    "--x\n",
    "To: ",
    "\n ",
    "\n\t\n",
    "=?",
    "=?a?q?",
    "1.1.1",
    "5.1.1 ",
    "a.",
    "a-",
    "a: ",
    "<a@b",
    "é",
    "((",
    '"\\',
)


class Use(NamedTuple):
    """A pattern, where it stands, and a method of it that the library calls."""

    place: str
    pattern: re.Pattern[Any]
    method: str

    def on(self, text: str) -> object:
        """Use the pattern on a text, to the end."""
        given: Any = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        call = getattr(self.pattern, self.method)
        if self.method in {"sub", "subn"}:
            return call(given[:0], given)
        return sum(1 for _ in call(given)) if self.method == "finditer" else call(given)


def modules() -> list[str]:
    """Give the names of all modules of the library."""
    return ["bouncery", *sorted(found.name for found in pkgutil.walk_packages(bouncery.__path__, "bouncery."))]


def tree(module: str) -> ast.Module:
    """Give the syntax tree of a module."""
    file = import_module(module).__file__
    assert file is not None
    return ast.parse(Path(file).read_text(encoding="utf-8"))


def called(module: str) -> dict[tuple[str, str], set[str]]:
    """Give the methods that a module uses of each name, by the module that the name comes from."""
    nodes = list(ast.walk(tree(module)))
    origin = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            found[origin.get(node.value.id, (module, node.value.id))].add(node.attr)
    return found


def named() -> Iterator[Use]:
    """Give each pattern that a module holds by name, alone or in a collection, with the methods that are used of it."""
    methods: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module in modules():
        for key, used in called(module).items():
            methods[key] |= used
    for module in modules():
        for name, value in vars(import_module(module)).items():
            for number, pattern in enumerate(patterns_in(value)):
                known = without_covered(methods[module, name]) or {"finditer"}
                place = f"{module}.{name}" + (f"[{number}]" if number else "")
                if isinstance(value, re.Pattern) and not defines(module, name):
                    continue
                yield from (Use(place, pattern, method) for method in sorted(known))


def without_covered(methods: set[str]) -> set[str]:
    """Leave out the search for one place where a search for all places is made too."""
    return methods - {"search"} if methods & {"finditer", "findall", "sub", "subn", "split"} else methods


def defines(module: str, name: str) -> bool:
    """Whether a module gives a name its value, and does not import it."""
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name for node in ast.walk(tree(module))
    )


def patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    """Give the patterns in a value."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list, set, frozenset)):
        for piece in value:
            yield from patterns_in(piece)
    elif isinstance(value, dict):
        yield from patterns_in([*value.keys(), *value.values()])


def inline() -> Iterator[Use]:
    """Give each pattern that stands right in a call of `re`."""
    for module in modules():
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            function, first = node.func, node.args[0]
            if ast.unparse(function.value) == "re" and function.attr in METHODS and isinstance(first, ast.Constant):
                yield Use(f"{module}:{first.value!r:.40}", re.compile(first.value), function.attr)


def of_rules() -> Iterator[Use]:
    """Give the regular expressions of the rules that come with the library."""
    for rule in shipped().rules:
        if rule.match:
            yield Use(rule.id, re.compile(rule.match), "search")


def literals(pattern: re.Pattern[Any]) -> list[str]:
    """Give the runs of literal characters in a pattern, the longest first."""
    runs: set[str] = set()
    collect(
        PARSER.parse(pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags),
        runs,
    )
    return sorted(runs, key=lambda run: (-len(run), run))


def collect(nodes: Iterable[Any], runs: set[str]) -> None:
    """Collect the runs of a parsed pattern."""
    run = ""
    for operation, value in nodes:
        if str(operation) == "LITERAL":
            run += chr(value)
            continue
        runs.add(run)
        run = ""
        for inner in inside(value):
            collect(inner, runs)
    runs.add(run)
    runs.discard("")


def inside(value: object) -> Iterator[Any]:
    """Give the patterns inside a node of a parsed pattern."""
    if isinstance(value, PARSER.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for piece in value:
            yield from inside(piece)


def hostile(pattern: re.Pattern[Any]) -> list[str]:
    """Give the pieces whose repetition may make a pattern slow: common ones, and its own literals in several orders."""
    runs = literals(pattern)
    shortest = runs[::-1]
    own = [
        *runs[:6],
        *shortest[:6],
        *(f"{run} " for run in runs[:4]),
        "".join(runs[:40]),
        " ".join(runs[:40]),
        "".join(shortest[:20]),
    ]
    return list(dict.fromkeys(filter(None, (*REPEATED, *own))))


def repeated(piece: str, size: int) -> str:
    """Give a text of that many characters."""
    return (piece * (size // len(piece) + 1))[:size]
