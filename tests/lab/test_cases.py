"""The cases of the lab and the servers' descriptions are well formed."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from bouncery.model import Decision, Reason
from corpus.lab.cases import read_script
from corpus.lab.servers import names, read_server

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = read_script()
SERVERS = {name: read_server(name) for name in names()}


@pytest.mark.parametrize("case", SCRIPT.cases, ids=lambda case: case.id)
def test_reason_and_decision_are_known(case: object) -> None:
    """Every case states a reason and a decision that exist."""
    for recipient in next(each for each in SCRIPT.cases if each is case).recipients:
        assert recipient.reason is None or recipient.reason in list(Reason)
        assert recipient.final is None or recipient.final in list(Decision)


def test_every_case_is_run_by_some_server() -> None:
    """No case waits for a server that is not there."""
    run = {case.id for server in SERVERS.values() for case in SCRIPT.of(server)}
    assert run == {case.id for case in SCRIPT.cases}


def test_numbers_and_domains_are_the_servers_own() -> None:
    """No two servers share an address or a domain."""
    assert len({server.number for server in SERVERS.values()}) == len(SERVERS)
    assert len({server.host for server in SERVERS.values()}) == len(SERVERS)
    assert all(server.host == f"mx.{server.local}" and 100 <= server.number < 200 for server in SERVERS.values())


@pytest.mark.parametrize("name", SERVERS)
def test_what_a_server_names_is_there(name: str) -> None:
    """Its configuration files are in its folder, the cases that it hides or skips in cases.toml."""
    server = SERVERS[name]
    assert all((server.folder / source).is_file() for source in server.files)
    named = {case for each in server.hides for case in each.cases} | set(server.skips)
    assert named <= {case.id for case in SCRIPT.cases}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('id = "a"\nto = ["a@b.example"]\nspell = 1', "unknown keys"),
        ('id = "a"\nto = ["a@b.example"]', "nothing would come back"),
        ('id = "a"\nto = ["a@b.example"]\nreason = "spam"', "go together"),
        ('id = "a"\nto = ["a@b.example"]\nstage = "quit"\nsilent = true', "unknown stage"),
        ('id = "a"\nto = ["a@b.example"]\nstage = "helo"\nsilent = true', "before MAIL"),
        ('id = "a"\nto = ["a@b.example"]\ndns = "lame"\nsilent = true', "unknown answer of DNS"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, problem: str) -> None:
    """A mistake in a case is told with the case that has it."""
    path = tmp_path / "cases.toml"
    path.write_text(f'[[case]]\nnote = "n"\n{text}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        read_script(path)


def test_a_domain_belongs_to_one_case(tmp_path: Path) -> None:
    """Two cases that share a domain would share its sink."""
    rows = "".join(
        f'[[case]]\nid = "{each}"\nnote = "n"\nto = ["{each}@b.example"]\nsilent = true\n' for each in ("one", "two")
    )
    path = tmp_path / "cases.toml"
    path.write_text(rows, encoding="utf-8")
    assert tomllib.loads(rows)
    with pytest.raises(ValueError, match="belongs to case one"):
        read_script(path)
