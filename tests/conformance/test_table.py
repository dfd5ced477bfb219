"""The table in docs/standards.md: every item has its test, every RFC its row, every row its tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
TABLE = HERE.parent.parent / "docs" / "standards.md"
ITEMS = {
    "REP": [*range(1, 20)],
    "DSN": [*range(1, 17), *range(20, 29), *range(30, 59)],
    "ESC": [*range(1, 13)],
    "SMTP": [*range(1, 25)],
    "HDR": [*range(1, 16)],
    "EAI": [*range(1, 12)],
    "MDN": [*range(1, 10)],
    "ARF": [*range(1, 11)],
    "TRK": [*range(1, 4)],
    "DBY": [*range(1, 3)],
    "LMTP": [*range(1, 6)],
    "DNS": [*range(1, 5)],
    "GW": [*range(1, 7)],
    "LIST": [*range(1, 7)],
    "SEC": [*range(1, 6)],
    "DEC": [*range(1, 8)],
}
ALL = [f"{kind}-{number}" for kind, numbers in ITEMS.items() for number in numbers]
FOUNDING = (
    *(821, 822, 974, 976, 1123, 1344, 1413, 1428, 1652, 1869, 1870, 1891, 1892, 1893, 1894, 1985, 2033, 2034, 2045, 2476),
    *(2487, 2554),
)
"""The RFCs that the project began with."""
ROW = re.compile(r"(?m)^\| \[(\d+)\]\(https://www\.rfc-editor\.org/rfc/rfc\1\) \| [^|]+ \| [^|]+ \| ([^|]+) \| ([^|]+) \|$")
OTHER = re.compile(r"(?m)^\| ((?:[A-Z]+-\d+(?:…\d+)?(?:, )?)+) \| [^|]+ \| ([^|]+) \|$")
SPAN = re.compile(r"([A-Z]+)-(\d+)(?:…(\d+))?")
NAME = re.compile(r"test_([a-z]+)_(\d+)_\w")


def named_tests() -> Iterator[tuple[str, str]]:
    """Give each item with the module that holds a test of its name."""
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (found := NAME.match(node.name)):
                yield f"{found[1].upper()}-{found[2]}", path.stem.removeprefix("test_")


def items(cell: str) -> set[str]:
    """Give the items that a cell names, each span written out."""
    return {
        f"{found[1]}-{number}"
        for found in SPAN.finditer(cell)
        for number in range(int(found[2]), int(found[3] or found[2]) + 1)
        if number in ITEMS[found[1]]
    }


TESTED = list(named_tests())
TEXT = TABLE.read_text(encoding="utf-8")
ROWS = {int(rfc): (items(cell), set(re.findall(r"`(\w+)`", modules))) for rfc, cell, modules in ROW.findall(TEXT)}


@pytest.mark.parametrize("item", ALL)
def test_item_has_a_test(item: str) -> None:
    """Each item is the name of a test."""
    assert any(name == item for name, _ in TESTED)


def test_no_test_of_an_unknown_item() -> None:
    """A test that bears the name of an item bears that of a known one."""
    assert {name for name, _ in TESTED if name.partition("-")[0] in ITEMS} == set(ALL)


def test_every_item_is_in_the_table() -> None:
    """By its RFC, or among those that no RFC asks for."""
    named = {item for cell, _ in ROWS.values() for item in cell}
    assert named | {item for cell, _ in OTHER.findall(TEXT) for item in items(cell)} == set(ALL)


@pytest.mark.parametrize("rfc", ROWS)
def test_row_names_its_tests(rfc: int) -> None:
    """The modules of a row are those that hold the tests of its items."""
    asked, modules = ROWS[rfc]
    assert asked
    assert modules == {module for name, module in TESTED if name in asked}


@pytest.mark.parametrize(("cell", "modules"), OTHER.findall(TEXT))
def test_other_row_names_its_tests(cell: str, modules: str) -> None:
    """The same for what no RFC asks for."""
    assert set(re.findall(r"`(\w+)`", modules)) == {module for name, module in TESTED if name in items(cell)}


def test_every_rfc_has_its_row() -> None:
    """Those of the founding list, and those that the tests here speak of."""
    spoken_of = {
        int(number)
        for path in HERE.glob("test_*.py")
        for number in re.findall(r"RFC (\d{3,4})", path.read_text(encoding="utf-8"))
    }
    assert spoken_of | set(FOUNDING) <= set(ROWS)
