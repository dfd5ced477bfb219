# ruff: noqa: D103 - a test's name says what it holds
"""What is decided: once, with proof, within bounds, and not at all in a dry run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from bouncery import Kind, Verdict
from bouncery.deciding import Keys, believed, decide, list_id, recipient_id, story
from bouncery.deciding.proofs import token_of
from bouncery.model import Action, Original
from bouncery.policy import Policy, Trust
from bouncery.store import Store
from bouncery.store.book import book
from bouncery.store.sends import Send
from tests.deciding.world import (
    FULL,
    KEYS,
    OTHER_KEYS,
    bounce,
    contents,
    day,
    dies,
    message_id,
    moment,
    run,
    send,
    steps,
    taken,
    token_header,
)
from tests.store.entries import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from bouncery.store import Entry

DECIDED = ("runs", "heard", "states", "guards", "outbox", "undos")


def test_the_first_time_is_dry(store: Store) -> None:
    dies(store, "u@example.com")
    before = contents(store)
    found = decide(store, Policy(), now=day(5))
    assert found.dry
    assert found.first
    assert steps(found.lines) == [("u@example.com", "suspend")]
    assert contents(store) == before
    assert decide(store, Policy(), now=day(5), dry=False).dry is False
    assert decide(store, Policy(), now=day(5)).dry is False


def test_each_action_is_handed_over_once(store: Store) -> None:
    send(store, "u@example.com", 0)
    store.add([bounce("u@example.com", 0)])
    assert steps(run(store, 1).lines) == [("u@example.com", "hold")]
    assert len(taken(store)) == 1
    assert steps(run(store, 2).lines) == []
    assert steps(run(store, 3.5).lines) == [("u@example.com", "clear")]
    send(store, "u@example.com", 4)
    store.add([bounce("u@example.com", 4)])
    assert steps(run(store, 5).lines) == [("u@example.com", "suspend")]
    assert [step for step in map(str, taken(store)) if '"step":"suspend"' in step]
    assert taken(store) == []
    assert steps(run(store, 6).lines) == []
    assert steps(run(store, 100).lines) == [("u@example.com", "remove")]


def test_events_are_heard_in_order_of_time(store: Store) -> None:
    send(store, "u@example.com", 0, 4)
    store.add([bounce("u@example.com", 4), bounce("u@example.com", 0)])
    assert steps(run(store, 5).lines) == [("u@example.com", "suspend")]


def test_a_clean_mail_takes_it_back(store: Store) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    send(store, "u@example.com", 6, 8, 10)
    assert steps(run(store, 20).lines) == [("u@example.com", "clear")]


def test_the_evidence_goes_with_the_action(store: Store) -> None:
    dies(store, "u@example.com")
    (line,) = run(store, 5).lines
    assert [(one.level, one.status, one.text) for one in line.evidence] == [("L2", "5.1.1", "550 5.1.1 No such user here")] * 2
    assert all((one.source or "").startswith("mbox:bounces ") for one in line.evidence)
    assert line.evidence[0].at == moment(day(0) + 3600).isoformat().replace("+00:00", "Z")
    words = story(store, "U@example.com", day(5))
    assert words[1].startswith("none > watch > hold > probe > [suspend] > remove until ")
    assert words[2].startswith("score 2.00 of 2.00: Suspend: 2 strikes in 4 days")
    assert words[-1].endswith("suspend: pending")


def test_a_dry_run_writes_nothing(store: Store) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    dies(store, "v@example.com")
    before = contents(store)
    found = run(store, 6, dry=True)
    assert steps(found.lines) == [("v@example.com", "suspend")]
    assert contents(store) == before
    assert steps(run(store, 6).lines) == steps(found.lines)


def test_the_run_guard_withholds_until_forced(store: Store) -> None:
    addresses = [f"u{number}@d{number}.example.com" for number in range(25)]
    dies(store, *addresses)
    found = run(store, 5)
    assert (len(found.lines), len(found.withheld), found.limit) == (10, 15, 10)
    found = run(store, 6)
    assert (len(found.lines), len(found.withheld)) == (0, 15)
    dies(store, "late@example.net", days=(3, 7))
    found = run(store, 8)
    assert (steps(found.lines), len(found.withheld)) == ([("late@example.net", "suspend")], 15)
    found = run(store, 9, force=True)
    assert (len(found.lines), len(found.withheld)) == (15, 0)
    told = [line.split('"address":"')[1].split('"')[0] for line in taken(store) if '"step":"suspend"' in line]
    assert sorted(told) == sorted([*addresses, "late@example.net"])


def test_the_share_of_a_large_list(store: Store) -> None:
    dies(store, *(f"u{number}@d{number}.example.com" for number in range(25)))
    assert len(run(store, 5, size=2_000).lines) == 20


def test_without_proof_nothing_happens_but_is_told(store: Store) -> None:
    store.add([bounce("u@example.com", number) for number in (0, 4, 8)])
    found = run(store, 9)
    assert found.unproven
    assert found.lines == []
    assert steps(believed(store, Policy(), now=day(9))) == [("u@example.com", "suspend")]
    assert not run(store, 10, policy=Policy(trust=Trust.ADDRESS)).unproven


def test_an_address_in_a_text_may_be_made_enough(store: Store) -> None:
    store.add([bounce("u@example.com", number) for number in (0, 4, 8)])
    assert steps(run(store, 9, policy=Policy(trust=Trust.ADDRESS)).lines) == [("u@example.com", "suspend")]


def test_a_token_is_proof_by_itself(store: Store) -> None:
    for number in (0, 4):
        send(store, "u@example.com", number)
        original = token_header("u@example.com", number)
        store.add([bounce("forwarded@example.net", number, original=original)])
    found = run(store, 5, keys=KEYS)
    assert steps(found.lines) == [("u@example.com", "suspend")]
    assert {one.level for one in found.lines[0].evidence} == {"L3"}
    assert found.lines[0].evidence[0].list == "news"


def test_a_token_finds_a_mail_without_a_message_id(store: Store) -> None:
    token = token_of(recipient_id("u@example.com"), list_id("news"))
    with book(store, write=True) as opened:
        opened.sends.add([Send("u@example.com", int(day(number)), list="news", token=token) for number in (0, 4)])
    store.add([bounce("u@example.com", number, original=token_header("u@example.com", number)) for number in (0, 4)])
    assert steps(run(store, 5, keys=KEYS).lines) == [("u@example.com", "suspend")]


def test_several_mails_of_one_day_are_told_apart(store: Store) -> None:
    for number in (0, 0.2, 4, 4.2):
        send(store, "u@example.com", number)
        original = replace(token_header("u@example.com", number), message_id=message_id("u@example.com", number))
        store.add([bounce("u@example.com", number, original=original)])
    assert steps(run(store, 7, keys=KEYS).lines) == [("u@example.com", "suspend")]


def forged(kind: str, address: str, number: float, chance: random.Random) -> Original:
    """Give a returned header that must not be believed."""
    if kind == "none":
        return Original(message_id="<public@lists.example.org>")
    if kind == "foreign":
        return token_header(address, number, OTHER_KEYS)
    if kind == "old":
        return token_header(address, number - chance.randint(31, 400))
    token = token_header(address, number).headers["x-bouncery-id"]
    place = chance.randrange(37)
    cut, turned = token[:place], f"{token[:place]}{'b' if token[place] == 'a' else 'a'}{token[place + 1 :]}"
    return Original(headers={"x-bouncery-id": cut if kind == "truncated" else turned})


@pytest.mark.parametrize("kind", ["none", "foreign", "old", "truncated", "flipped"])
def test_forged_tokens_change_nothing(store: Store, kind: str) -> None:
    chance = random.Random(kind)  # noqa: S311 - an example, no secret
    addresses = [f"u{number}@example.com" for number in range(20)]
    for address in addresses:
        send(store, address, 0, 4)
    run(store, 5, keys=KEYS)
    before = contents(store, "states", "guards", "outbox")
    bounces = [
        bounce(address, number, original=forged(kind, address, number, chance), kind=about)
        for address in addresses
        for number in (4.1, 5, 9)
        for about in (Kind.FAILURE, Kind.COMPLAINT)
    ]
    store.add(bounces)
    found = run(store, 5, keys=KEYS)
    assert (found.heard, found.forged, found.lines) == (120, 120, [])
    assert contents(store, "states", "guards", "outbox") == before


def test_an_old_date_makes_an_old_token_no_younger(store: Store) -> None:
    late = bounce("u@example.com", 0, original=token_header("u@example.com", 0))
    store.add([replace(late, seen_at=moment(day(40)))])
    assert run(store, 41, keys=KEYS).forged == 1


def test_an_envelope_id_is_matched(store: Store) -> None:
    with book(store, write=True) as opened:
        opened.sends.add([Send("u@example.com", int(day(number)), envelope=f"env-{number}") for number in (0, 4)])
    store.add([bounce("u@example.com", number, original=None, envelope_id=f"env-{number}") for number in (0, 4)])
    assert steps(run(store, 5).lines) == [("u@example.com", "suspend")]


def test_a_message_id_that_went_to_many_proves_little(store: Store) -> None:
    with book(store, write=True) as opened:
        for number in (0, 4):
            opened.sends.add([Send(f"{name}@example.com", int(day(number)), message=f"<{number}@post>") for name in "uvw"])
    store.add([bounce("u@example.com", number, original=Original(message_id=f"<{number}@post>")) for number in (0, 4)])
    assert run(store, 5).lines == []


def logged(address: str, number: float, action: Action) -> Entry:
    """Give the entry of a line in our own server's log."""
    kind = Kind.DELIVERED if action is Action.DELIVERED else Kind.FAILURE
    made = bounce(address, number, kind=kind, formats=("log", "postfix"))
    assert made.report
    (recipient,) = made.report.recipients
    verdict = Verdict() if action is Action.DELIVERED else recipient.verdict
    return replace(made, report=replace(made.report, recipients=(replace(recipient, action=action, verdict=verdict),)))


def test_deliveries_in_our_log_are_sends(store: Store) -> None:
    store.add([logged("u@example.com", number, Action.DELIVERED) for number in (0, 4)])
    store.add(
        [
            bounce("u@example.com", number + 0.1, original=Original(message_id=message_id("u@example.com", number)))
            for number in (0, 4)
        ]
    )
    before = contents(store)
    assert steps(run(store, 5, dry=True).lines) == [("u@example.com", "suspend")]
    assert contents(store) == before
    assert steps(run(store, 5).lines) == [("u@example.com", "suspend")]
    with book(store) as opened:
        assert opened.sends.of("u@example.com") == 2


def test_failures_in_our_log_are_proven(store: Store) -> None:
    store.add([logged("u@example.com", number, Action.FAILED) for number in (0, 4)])
    assert steps(run(store, 5).lines) == [("u@example.com", "suspend")]


def test_a_proven_complaint_unsubscribes_once(store: Store) -> None:
    send(store, "u@example.com", 0)
    complaint: dict[str, Any] = {"kind": Kind.COMPLAINT, "recipients": (), "original": token_header("u@example.com", 0)}
    store.add([bounce("u@example.com", 0, **complaint)])
    (line,) = run(store, 1, keys=KEYS).lines
    assert (line.address, line.step, line.list) == ("u@example.com", "unsubscribe", "news")
    store.add([bounce("u@example.com", 0.5, **complaint)])
    assert run(store, 2, keys=KEYS).lines == []


def test_a_long_full_mailbox_goes_from_its_list(store: Store) -> None:
    days = tuple(range(0, 90, 7))
    send(store, "u@example.com", *days, name="a-list-with-quite-a-long-name")
    store.add([bounce("u@example.com", number, FULL) for number in days])
    (line,) = run(store, 90).lines
    assert (line.step, line.rule, line.list) == ("suspend", "soft", "a-list-with-quite-a-long-name")


def test_a_record_of_hashes_decides_alike(tmp_path: Path) -> None:
    with Store.open(str(tmp_path / "hashed.db"), key=KEY) as store:
        dies(store, "u@example.com")
        (line,) = run(store, 5).lines
        assert line.step == "suspend"
        assert line.address == store.privacy.recipient_key("u@example.com").hex()
        assert steps(run(store, 100).lines) == [(line.address, "remove")]
        assert story(store, "u@example.com", day(100))
        assert "@example.com" not in str(contents(store, *DECIDED, "sends")["bouncery_states"])


def test_since_leaves_out_what_was_before(store: Store) -> None:
    dies(store, "u@example.com")
    found = run(store, 5, since=day(3))
    assert found.heard == 1
    assert steps(found.lines) == [("u@example.com", "hold")]


def test_an_outage_is_held_across_runs(store: Store) -> None:
    addresses = [f"u{number}@example.com" for number in range(40)]
    for address in addresses:
        send(store, address, *range(11))
    store.add([bounce(address, 10) for address in addresses[:3]])
    assert {step for _, step in steps(run(store, 10.1).lines)} == {"hold"}
    late = [(address, Original(message_id=message_id(address, 10))) for address in addresses[3:]]
    store.add([bounce(address, 10.2, original=original) for address, original in late])
    found = run(store, 10.5)
    assert "looks like an outage" in found.alarms[0]
    assert steps(found.lines) == [(address, "clear") for address in addresses[:3]]


def test_nothing_new_leaves_no_trace(store: Store) -> None:
    dies(store, "u@example.com")
    run(store, 5)
    before = contents(store)
    assert run(store, 5).lines == []
    assert contents(store) == before


def test_a_secret_alone_has_the_number_0() -> None:
    assert Keys.read("a-secret-of-enough-bytes", "b@example.org").secrets == {0: b"a-secret-of-enough-bytes"}
