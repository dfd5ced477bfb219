"""The table of known layouts: each row has a message of ours that shows it, and none is needed to read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bouncery import parse
from bouncery.formats import layouts
from bouncery.formats.segment import own_words
from bouncery.message import read

if TYPE_CHECKING:
    from bouncery.formats.layouts import Layout

CORPUS = Path(__file__).parents[2] / "corpus"
ROWS = [(row, name) for row in layouts.layouts() for name in row.corpus]


@pytest.mark.parametrize(("row", "name"), ROWS, ids=[f"{row.name}-{name}" for row, name in ROWS])
def test_each_row_has_a_message_that_shows_it(row: Layout, name: str) -> None:
    """The named message has the words and the header of the row."""
    message = read((CORPUS / f"{name}.eml").read_bytes())
    assert layouts.layout_of(message, own_words(message)) == row


def test_every_row_has_a_message() -> None:
    """A row without a message of ours would be a guess."""
    assert [row.name for row in layouts.layouts() if not row.corpus] == []


def test_the_general_reader_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an empty table a common program's notification is read all the same."""
    data = (CORPUS / "text/qmail-01.eml").read_bytes()
    known = parse(data)
    monkeypatch.setattr(layouts, "layouts", lambda: ())
    assert parse(data).recipients == known.recipients
