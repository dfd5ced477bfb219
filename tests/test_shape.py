"""The house as DESIGN fixes it: who may import whom, how long a file and a function may be, what an import costs."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bouncery
from bouncery import pipeline
from bouncery.formats import FORMATS
from tests.bench.startup import importing_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(bouncery.__file__).parent
FILES = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

ROOMS = (
    ("model",),
    ("phrases", "_charsets", "dates", "codes", "masking", "_flanker"),
    ("address",),
    ("headers",),
    ("message",),
    ("original", "formats"),
    ("gather", "witness"),
    ("rules",),
    ("decide",),
    ("pipeline",),
    ("policy",),
    ("sources", "store", "batch", "integrations", "report"),
    ("deciding",),
    ("cli",),
)
"""The data flow from left to right; a room imports from its own place and from the left."""
PLACE = {name: place for place, names in enumerate(ROOMS) for name in names}
CORE = [name for name in FILES if PLACE.get(name.partition("/")[0], 0) <= PLACE["pipeline"]]
OUTSIDE = {"click": "cli", "rich": "cli", "flanker": "_flanker", "ply": "_flanker", "sqlalchemy": "store"}
"""Libraries that only one room may use."""
IMPURE = {
    "asyncio",
    "datetime",
    "getpass",
    "glob",
    "http",
    "imaplib",
    "io",
    "locale",
    "logging",
    "mailbox",
    "multiprocessing",
    "poplib",
    "random",
    "requests",
    "select",
    "shutil",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uuid",
}
IMPURE_ON_PURPOSE = {
    ("_flanker", "logging"): "flanker logs on its own logger, which is silenced while it is imported",
    ("_flanker", "threading"): "the first import of flanker is done once, by one thread",
}
LONGEST_FILE, LONGEST_FUNCTION, MEDIAN_FUNCTION = 300, 40, 10
LONG_ON_PURPOSE = {
    "model": "all enums and Structs of the report in one place; a third of it is docstrings",
}
DEAR = {"flanker", "ply", "click", "rich", "sqlalchemy", "lxml", "ahocorasick", "tomllib", "email"}
"""What an import of the library alone must not bring in."""
PUBLIC = {
    "parse",
    "classify",
    "Report",
    "Recipient",
    "Verdict",
    "Evidence",
    "Kind",
    "Reason",
    "Decision",
    "Limits",
    "BounceryError",
}
BUDGET = 0.060
"""Seconds that an import may cost more than a bare interpreter."""


@cache
def tree(name: str) -> ast.Module:
    """Give the syntax tree of a file."""
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[str]:
    """Give the full names that a file imports, for type checking only as well."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def room(full_name: str) -> str:
    """Give the room of the library that a full name stands in; for a name at the top, that name."""
    return full_name.removeprefix("bouncery.").partition(".")[0]


@pytest.mark.parametrize("name", [name for name in FILES if name != "__init__"])
def test_imports_come_from_the_left(name: str) -> None:
    """No room imports from a room on its right."""
    own = PLACE[name.partition("/")[0]]
    for source in imported(name):
        if source.startswith("bouncery.") and room(source) in PLACE:
            assert PLACE[room(source)] <= own, f"{name} imports {source}"


def test_every_room_has_its_place() -> None:
    """A new room is put into the data flow."""
    assert {name.partition("/")[0] for name in FILES} - {"__init__"} <= PLACE.keys()


def test_the_model_imports_nothing_of_ours() -> None:
    """The vocabulary depends on nothing."""
    assert [source for source in imported("model") if source.startswith("bouncery")] == []


def test_no_format_imports_another() -> None:
    """Families of notifications know nothing of each other; what they share is no family."""
    families = {family.name for family in FORMATS}
    for name in sorted(families):
        others = [source for source in imported(f"formats/{name}") if source.split(".")[:2] == ["bouncery", "formats"]]
        assert [source for source in others if source.split(".")[2] in families] == [], name


def test_formats_are_the_modules_that_read() -> None:
    """FORMATS names each module with a public `read(message)`, and no other."""
    reading = {
        name.removeprefix("formats/")
        for name in FILES
        if name.startswith("formats/")
        for node in tree(name).body
        if isinstance(node, ast.FunctionDef) and node.name == "read" and [arg.arg for arg in node.args.args] == ["message"]
    }
    assert [family.name for family in FORMATS if family.name not in reading] == []
    assert reading == {family.name for family in FORMATS}


@pytest.mark.parametrize("name", FILES)
def test_libraries_stay_in_their_room(name: str) -> None:
    """Flanker is used by its guard alone, click and rich by the commands, SQLAlchemy by the store."""
    for source in imported(name):
        library = source.partition(".")[0]
        if library in OUTSIDE:
            assert name.partition("/")[0] == OUTSIDE[library], source


@pytest.mark.parametrize("name", CORE)
def test_the_core_is_pure(name: str) -> None:
    """From bytes to verdict there is no clock, no network, no locale, no logging and no file."""
    used = {source.partition(".")[0] for source in imported(name)} & IMPURE
    assert {library for library in used if (name, library) not in IMPURE_ON_PURPOSE} == set()
    calls = {node.func.id for node in ast.walk(tree(name)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls.isdisjoint({"open", "print", "input", "exec", "eval"})


@pytest.mark.parametrize("name", FILES)
def test_files_are_short(name: str) -> None:
    """A file can be read in one go."""
    length = len(FILES[name].read_text(encoding="utf-8").splitlines())
    assert length <= LONGEST_FILE or name in LONG_ON_PURPOSE, length


def functions() -> dict[str, int]:
    """Give the length of each function."""
    return {
        f"{name}:{node.name}:{node.lineno}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name in FILES
        for node in ast.walk(tree(name))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_functions_are_short() -> None:
    """A function fits on a screen, half of them in a glance."""
    lengths = functions()
    assert {place: length for place, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_FUNCTION


def literal_all(name: str) -> list[str] | None:
    """Give the `__all__` that a file writes out; None if it has none."""
    for node in tree(name).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def test_public_names() -> None:
    """`__all__` is written out, sorted as ruff sorts it, and every documented name is there."""
    names = literal_all("__init__")
    assert names is not None
    assert set(names) >= PUBLIC
    assert all(getattr(bouncery, name) is not None for name in names)
    assert bouncery.parse is pipeline.parse
    assert bouncery.classify is pipeline.classify
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        bouncery.unheard_of  # noqa: B018


@pytest.mark.parametrize("name", [name for name in FILES if literal_all(name) is not None])
def test_all_is_honest(name: str) -> None:
    """Whatever `__all__` of a file names is there."""
    module = ".".join(["bouncery", *name.split("/")]).removesuffix(".__init__")
    __import__(module)
    assert [public for public in literal_all(name) or () if not hasattr(sys.modules[module], public)] == []


def test_public_names_are_documented() -> None:
    """Every public name has a docstring of its own."""
    assert [name for name in bouncery.__all__ if not (getattr(bouncery, name).__doc__ or "").strip()] == []


def test_import_brings_in_little() -> None:
    """The model alone is imported; rules, formats and their libraries come with the first message."""
    program = "import sys, bouncery; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert loaded.isdisjoint(DEAR)


def test_plain_messages_need_no_flanker() -> None:
    """A message in plain text is read without flanker, without the commands' libraries and without a store."""
    program = (
        "import sys, bouncery; bouncery.parse(b'From: MAILER-DAEMON\\n\\n<u@example.com>: 550 5.1.1 User unknown');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())
    assert loaded.isdisjoint({"flanker", "ply", "click", "rich", "sqlalchemy", "lxml"})


def test_import_is_cheap() -> None:
    """An import costs little more than a bare interpreter: the best of several starts, tried again on a busy machine."""
    costs = []
    for _ in range(4):
        costs.append(importing_costs(starts=7))
        if costs[-1] < BUDGET:
            break
    assert min(costs) < BUDGET, costs


def test_public_api_is_typed(tmp_path: Path) -> None:
    """A program that uses the public names passes mypy --strict, as its author would see it."""
    check = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(Path(__file__).parent / "typing_api.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert check.returncode == 0, check.stdout + check.stderr
