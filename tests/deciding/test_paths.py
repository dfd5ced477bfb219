# ruff: noqa: D103 - a test's name says what it holds
"""A token that stands in the return path alone is found again, in a record of hashes as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from bouncery.cli import ingest
from bouncery.deciding import list_id, recipient_id
from bouncery.store import Store
from tests.cli.letters import bounce
from tests.deciding.world import KEYS, contents, day, moment, run, send
from tests.store.entries import KEY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("hashed", [False, True])
def test_a_token_in_the_envelope_is_proof(tmp_path: Path, *, hashed: bool) -> None:
    path, key = str(tmp_path / "record.db"), tmp_path / "key"
    key.write_bytes(KEY)
    extra = ("--key-file", str(key)) if hashed else ()
    with Store.open(path, key=KEY if hashed else None) as store:
        send(store, "u@example.com", 0, 4)
    for number in (0, 4):
        back = KEYS.verp().encode(recipient_id("u@example.com"), list_id("news"), day(number))
        at = moment(day(number) + 3600)
        data = bounce("u@example.com").replace(
            b"Mon, 23 Nov 2026 10:00:00 +0000", at.strftime("%d %b %Y %H:%M:%S +0000").encode()
        )
        arguments = ("--db", path, "--to", back, "--now", at.strftime("%Y-%m-%dT%H:%M:%S"), *extra)
        assert CliRunner().invoke(ingest.command, [*arguments], input=data, catch_exceptions=False).exit_code == 0
    with Store.open(path, key=KEY if hashed else None) as store:
        (line,) = run(store, 5, keys=KEYS).lines
        paths = str(contents(store, "paths"))
    assert (line.step, {one.level for one in line.evidence}) == ("suspend", {"L3"})
    assert ("list-bounces@example.net" in paths) is not hashed
