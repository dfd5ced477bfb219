"""What the lab holds to be true of a message comes from the script and the queue, as far as the message can tell it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from corpus.lab.cases import Case, Recipient
from corpus.lab.check import differences
from corpus.lab.servers import Hidden, Server
from corpus.lab.truth import Arrival, expectation, name_of, to_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

BOUNCE = """\
From: MAILER-DAEMON@mx.example
To: list+x@sender.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

{text}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}

--b
Content-Type: message/rfc822

To: anna@b.example, sales@mx.example

--b--
"""
FULL = "552 5.2.2 <anna@b.example>: Mailbox full"


def server(*hides: Hidden) -> Server:
    """Give a server."""
    return Server(
        name="x",
        product="X",
        packages=(),
        version="",
        host="mx.example",
        number=100,
        start=(),
        queue="",
        logs="",
        seconds=1,
        hides=hides,
    )


def facts(recipient: Recipient, *, queued: bool = False, hides: Sequence[Hidden] = (), **said: str) -> dict[str, Any]:
    """Give the expectation for the one recipient of a bounce."""
    words = {"text": FULL, "address": "anna@b.example", "action": "failed", "status": "5.0.0"} | said
    case = Case(id="x", note="n", recipients=(recipient,))
    arrival = Arrival(server=server(*hides), version="1.0", case=case, data=BOUNCE.format(**words).encode(), queued=queued)
    rows: list[dict[str, Any]] = expectation(arrival)["recipient"]
    return rows[0]


def refused(answer: str = FULL) -> Recipient:
    """Give a recipient that is refused."""
    return Recipient(to="anna@b.example", answer=(answer,), reason="mailbox_full", final="soft")


def test_quoted_reply() -> None:
    """A reply that is quoted is expected, with its enhanced code instead of the Status field's."""
    row = facts(refused())
    assert (row["status"], row["reply"], row["decision"], row["reason"]) == ("5.2.2", 552, "soft", "mailbox_full")


def test_hidden_reply() -> None:
    """Where the reply is hidden, only the Status field can be known; the reason stays what was scripted."""
    row = facts(refused(), text="It did not work.", status="5.2.0")
    assert (row["status"], row["reply"], row["reason"]) == ("5.2.0", None, "mailbox_full")


def test_reply_in_part() -> None:
    """Of a reply quoted in part nobody knows what it said."""
    row = facts(refused(), text="552 5.2.2 <anna@b.example>: Mai")
    assert (row["status"], row["reply"], row["reason"]) == ("5.2.2", 552, None)


@pytest.mark.parametrize(
    ("answer", "queued", "action", "decision"),
    [
        ("452 4.2.2 Mailbox full", True, "delayed", "retry"),
        ("452 4.2.2 Mailbox full", False, "failed", "soft"),
        (FULL, True, "failed", "soft"),
    ],
)
def test_queue_tells_whether_a_failure_is_final(answer: str, queued: bool, action: str, decision: str) -> None:  # noqa: FBT001
    """What the message calls it does not matter; a recipient refused for good is so while others wait."""
    row = facts(refused(answer), queued=queued, action="delivered")
    assert (row["action"], row["final"], row["decision"]) == (action, action == "failed", decision)


def test_alias_that_is_named_and_one_that_is_not() -> None:
    """The mailed address counts where the message names it before the returned one."""
    alias = Recipient(to="sales@mx.example", target="anna@b.example", answer=(FULL,), reason="mailbox_full", final="soft")
    row = facts(alias, text=f"{FULL} (expanded from <sales@mx.example>)")
    assert (row["address"], row["final_address"]) == ("sales@mx.example", "anna@b.example")
    row = facts(alias)
    assert (row["address"], row["final_address"]) == ("anna@b.example", None)


def test_what_a_server_hides() -> None:
    """A description of a server overrides what it never tells, unless the message does tell it."""
    hidden = Hidden(cases=("x",), action="failed", says={"reason": "expired", "decision": "retry"}, because="b", unless="quota")
    row = facts(refused("452 4.2.2 Mailbox full"), hides=[hidden])
    assert (row["reason"], row["decision"]) == ("expired", "retry")
    row = facts(refused("452 4.2.2 Mailbox full"), hides=[hidden], text="over quota")
    assert (row["reason"], row["decision"]) == ("mailbox_full", "soft")


def test_several_recipients() -> None:
    """Only those that the message names are expected in it."""
    case = Case(id="x", note="n", recipients=(refused(), Recipient(to="ben@b.example", success="relayed")))
    data = BOUNCE.format(text=FULL, address="anna@b.example", action="failed", status="5.2.2").encode()
    arrival = Arrival(server=server(), version="1.0", case=case, data=data, queued=False)
    expected = expectation(arrival)
    assert [row["address"] for row in expected["recipient"]] == ["anna@b.example"]
    assert (expected["kind"], name_of(arrival, expected)) == ("failure", "x")
    assert list(differences(data, expected)) == []
    assert tomllib.loads(to_toml(expected))["recipient"][0] == {
        "address": "anna@b.example",
        "action": "failed",
        "final": True,
        "status": "5.2.2",
        "reply": 552,
        "decision": "soft",
        "reason": "mailbox_full",
    }


def test_differences_are_named() -> None:
    """Whatever differs is told with what was found and what is true."""
    data = BOUNCE.format(text=FULL, address="anna@b.example", action="failed", status="5.2.2").encode()
    expected = {
        "kind": "delay",
        "recipient": [{"address": "anna@b.example", "status": "4.2.2", "reply": 552, "decision": "soft"}],
    }
    assert list(differences(data, expected)) == [
        "kind: failure, and the truth is delay",
        "anna@b.example, status: 5.2.2, and the truth is 4.2.2",
    ]
    assert list(differences(data, {"kind": "failure", "recipient": [{"address": "ben@b.example"}]})) == [
        "recipients missing: ben@b.example",
        "recipients that are none: anna@b.example",
    ]
