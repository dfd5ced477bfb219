# ruff: noqa: D103 - a test's name says what it holds
"""What is undone never happened: the record concludes what it would have without it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncery import Kind, Reason
from bouncery.deciding import compare, story, undo
from bouncery.deciding.selection import Selected
from bouncery.policy import Policy, PolicyError, Step, Trust
from bouncery.store import Store
from tests.deciding.world import FULL, KEYS, UNKNOWN, bounce, contents, day, dies, run, send, steps, taken, token_header

WORDS = "Recipient table is being rebuilt"
WRONG = (*UNKNOWN[:3], f"550 5.1.1 {WORDS}")
ADDRESSES = tuple(f"{name}@{domain}" for domain in ("example.com", "example.net") for name in ("u", "v", "w"))


def test_whoever_was_given_up_is_cleared(store: Store) -> None:
    dies(store, "u@example.com", "v@example.net")
    run(store, 5)
    taken(store)
    found = undo(store, Selected(domain="example.com"), now=day(6))
    assert found.events == 2
    assert steps(found.lines) == [("u@example.com", "clear")]
    assert len(taken(store)) == 1
    assert run(store, 7).lines == []
    assert "2 events undone" in "\n".join(story(store, "u@example.com", day(7)))
    assert undo(store, Selected(domain="example.com"), now=day(8)).events == 0


def test_a_dry_undo_writes_nothing(store: Store) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    before = contents(store)
    assert steps(undo(store, Selected(text="no such USER"), now=day(6), dry=True).lines) == [("u@example.com", "clear")]
    assert contents(store) == before


@pytest.mark.parametrize(
    ("selected", "count"),
    [
        (Selected(since=day(3)), 2),
        (Selected(until=day(3)), 2),
        (Selected(reason=Reason.USER_UNKNOWN), 4),
        (Selected(reason=Reason.MAILBOX_FULL), 0),
        (Selected(domain="example.net", until=day(3)), 1),
        (Selected(domain="ample.net"), 0),
    ],
)
def test_all_that_is_given_must_match(store: Store, selected: Selected, count: int) -> None:
    dies(store, "u@example.com", "v@example.net")
    run(store, 5)
    assert undo(store, selected, now=day(6)).events == count


def test_nothing_given_is_refused() -> None:
    with pytest.raises(PolicyError, match="give a time, a domain"):
        Selected()


def test_what_is_not_decided_yet_is_undone_as_well(store: Store) -> None:
    dies(store, "u@example.com")
    undo(store, Selected(domain="example.com"), now=day(5))
    found = run(store, 5)
    assert (found.lines, found.heard, found.undone) == ([], 2, 2)
    dies(store, "v@example.com", days=(5, 9))
    assert steps(run(store, 10).lines) == [("v@example.com", "suspend")]


def test_a_complaint_that_is_undone_is_taken_back(store: Store) -> None:
    send(store, "u@example.com", 0)
    store.add([bounce("u@example.com", 0, kind=Kind.COMPLAINT, recipients=(), original=token_header("u@example.com", 0))])
    run(store, 1, keys=KEYS)
    found = undo(store, Selected(until=day(1)), now=day(2))
    assert [(line.address, line.step, line.list) for line in found.lines] == [("u@example.com", "clear", "news")]
    assert undo(store, Selected(until=day(1)), now=day(3)).lines == []


class Life(NamedTuple):
    """Mails of a few weeks: day, address, outcome (0 clean, 1 dead, 2 full, 3 wrongly dead); and the days of decisions."""

    mails: list[tuple[int, str, int]]
    decisions: list[int]


LIVES = st.builds(
    Life,
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(ADDRESSES), st.integers(0, 3)),
        min_size=5,
        max_size=40,
        unique_by=lambda x: x[:2],
    ),
    st.lists(st.integers(1, 41), min_size=1, max_size=3, unique=True).map(sorted),
)
OUTCOMES = {1: UNKNOWN, 2: FULL, 3: WRONG}


def lived(store: Store, life: Life, *, wrong: bool) -> None:
    """Let a life happen up to day 42, with decisions in between; with what went wrong, or without."""
    begin = 0
    for end in [*life.decisions, 42]:
        for number, address, outcome in sorted(life.mails):
            if begin <= number < end:
                send(store, address, number)
                if outcome in OUTCOMES and (wrong or outcome != 3):
                    store.add([bounce(address, number, OUTCOMES[outcome])])
        run(store, end)
        begin = end


def concluded(store: Store) -> tuple[object, ...]:
    """Give what is concluded of addresses and providers."""
    found = contents(store, "states", "guards")
    states = [row for row in found["bouncery_states"] if row[2] != "{}"]
    return states, found["bouncery_guards"]


@settings(max_examples=15)
@given(LIVES)
def test_undone_is_never_happened(life: Life) -> None:
    with TemporaryDirectory() as folder:
        undone, never = (Store.open(str(Path(folder) / name)) for name in ("undone.db", "never.db"))
        with undone, never:
            lived(undone, life, wrong=True)
            undo(undone, Selected(text=WORDS), now=day(43))
            lived(never, life, wrong=False)
            run(never, 43)
            assert concluded(undone) == concluded(never)
            send(undone, ADDRESSES[0], 44)
            send(never, ADDRESSES[0], 44)
            last = bounce(ADDRESSES[0], 44)
            undone.add([last])
            never.add([last])
            assert steps(run(undone, 45).lines) == steps(run(never, 45).lines)
            assert concluded(undone) == concluded(never)


def test_undone_is_never_happened_on_a_server(url: str, tmp_path: Path) -> None:
    mails = [(number, address, 3 if number % 2 else 1) for number in range(0, 40, 5) for address in ADDRESSES[:4]]
    life = Life(mails, [7, 20])
    with Store.open(url) as undone, Store.open(str(tmp_path / "never.db")) as never:
        lived(undone, life, wrong=True)
        undo(undone, Selected(text=WORDS), now=day(43))
        lived(never, life, wrong=False)
        run(never, 43)
        assert concluded(undone) == concluded(never)


def test_what_if_says_who_would_go_and_who_would_stay(store: Store) -> None:
    dies(store, "u@example.com")
    send(store, "v@example.net", 4)
    store.add([bounce("v@example.net", 4)])
    run(store, 5)
    dies(store, "late@example.org", days=(5, 9))
    before = contents(store)
    strict = compare(store, Policy.preset("strict"), Policy(), now=day(10))
    assert (strict.addresses, strict.gone_now, strict.gone_then) == (3, 2, 3)
    assert [(one.address, one.now, one.then, one.change) for one in strict.differences] == [
        ("v@example.net", Step.WATCH, Step.SUSPEND, "goes")
    ]
    cautious = compare(store, Policy.preset("cautious"), Policy(), now=day(10))
    assert {one.change for one in cautious.differences if one.now is Step.SUSPEND} == {"stays"}
    assert contents(store) == before


def test_what_if_an_address_were_proof(store: Store) -> None:
    store.add([bounce("u@example.com", number) for number in (0, 4, 8)])
    found = compare(store, Policy(trust=Trust.ADDRESS), Policy(), now=day(9))
    assert (found.gone_now, found.gone_then) == (0, 1)
