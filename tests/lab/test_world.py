"""The lab's DNS, its sinks and the sender's server, without a network of their own: on the loopback address."""

from __future__ import annotations

import asyncio
import smtplib
import struct
from typing import TYPE_CHECKING

import pytest

from corpus.lab.capture import Capture, Captured
from corpus.lab.cases import Case, Recipient, Script, read_script
from corpus.lab.injection import commands, message
from corpus.lab.names import MX, NXDOMAIN, OK, PTR, SERVFAIL, A, Zone, respond, wire_name
from corpus.lab.sinks import Book, Sink, case_id

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = Zone(read_script(), {"mx.river.example": 100})


@pytest.mark.parametrize(
    ("name", "kind", "code", "records"),
    [
        ("alder.example", MX, OK, [b"\0\x0a" + wire_name("mx.alder.example")]),
        ("ALDER.example", A, OK, []),
        ("mx.alder.example", A, OK, [bytes([192, 0, 2, 10])]),
        ("mx.alder.example", 28, OK, []),
        ("cherry.example", MX, NXDOMAIN, []),
        ("chestnut.example", MX, OK, []),
        ("chestnut.example", A, OK, []),
        ("clove.example", MX, SERVFAIL, []),
        ("cork.example", MX, OK, [b"\0\0\0"]),
        ("cornel.example", MX, OK, [b"\0\x0a" + wire_name("mx.cornel.example")]),
        ("mx.cornel.example", A, OK, [bytes([192, 0, 2, 100])]),
        ("citron.example", MX, OK, [b"\0\x0a" + wire_name("mx.citron.example")]),
        ("mx.citron.example", A, NXDOMAIN, []),
        ("xn--brcke-lva.example", MX, OK, [b"\0\x0a" + wire_name("mx.brücke.example")]),
        ("sender.example", MX, OK, [b"\0\x0a" + wire_name("mx.sender.example")]),
        ("100.2.0.192.in-addr.arpa", PTR, OK, [wire_name("mx.river.example")]),
        ("2.2.0.192.in-addr.arpa", PTR, NXDOMAIN, []),
        ("nowhere.example", MX, NXDOMAIN, []),
    ],
)
def test_names(name: str, kind: int, code: int, records: list[bytes]) -> None:
    """Each domain is what its case wants, and its own MX stands for whoever asks where that is wanted."""
    answer = ZONE.answer(name, kind, 100)
    assert (answer.code, [record.data for record in answer.records]) == (code, records)


def test_wire_form() -> None:
    """An answer repeats the question and counts its records (RFC 1035, section 4.1)."""
    asked = wire_name("alder.example") + struct.pack("!HH", MX, 1)
    answer = respond(ZONE, struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + asked, 100)
    number, flags, *counts = struct.unpack("!6H", answer[:12])
    assert (number, flags & 0x800F, counts) == (7, 0x8000, [1, 1, 0, 0])
    assert answer[12:].startswith(asked)


@pytest.mark.parametrize(
    ("address", "case"),
    [
        ("list+full-552@sender.example", "full-552"),
        ("list+verp=anna=thyme.example@sender.example", "verp"),
        ("list@sender.example", None),
    ],
)
def test_case_of_an_address(address: str, case: str | None) -> None:
    """What comes back is known by the envelope sender."""
    assert case_id(address) == case


def refused(to: str, answer: str, stage: str = "rcpt", **more: object) -> Recipient:
    """Give a recipient with an answer."""
    return Recipient(to=to, answer=(answer,), stage=stage, reason="undetermined", final="soft", **more)  # type: ignore[arg-type]


TALK = Script(
    cases=(
        Case(
            id="talk", note="n", recipients=(refused("a@b.example", "550 5.1.1 No"), refused('"c d"@b.example', "550 Nor he"))
        ),
        Case(id="late", note="n", recipients=(refused("a@d.example", "554 5.7.1 Spam", "data"),)),
        Case(id="early", note="n", recipients=(refused("a@e.example", "553 5.1.8 Who?", "mail"),)),
        Case(id="greet", note="n", recipients=(refused("a@f.example", "554 No service", "connect", host=12),)),
    ),
)


def dialogue(serve: object, talk: Callable[[smtplib.SMTP], None]) -> None:
    """Hold a session with a server of the lab."""

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]
        port = server.sockets[0].getsockname()[1]

        def client() -> None:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=5) as smtp:
                talk(smtp)

        async with server:
            await asyncio.to_thread(client)

    asyncio.run(run())


def test_sink_answers_as_the_case_says() -> None:
    """A refused recipient, one whose local part is quoted otherwise, one that no case knows, and an end of data."""
    replies: list[int] = []

    def talk(smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        assert smtp.has_extn("smtputf8")
        orders = ["MAIL FROM:<list+talk@sender.example>", "RCPT TO:<A@B.example>", "RCPT TO:<c d@b.example>", "DATA"]
        orders += ["RCPT TO:<other@b.example>", "RSET", "MAIL FROM:<list+early@sender.example>", "VRFY a"]
        replies.extend(smtp.docmd(order)[0] for order in orders)
        smtp.docmd("MAIL FROM:<list+late@sender.example>")
        smtp.docmd("RCPT TO:<a@d.example>")
        replies.append(smtp.data(b"Subject: x\r\n\r\n.\r\n")[0])

    dialogue(Sink(Book(TALK), 10).serve, talk)
    assert replies == [250, 550, 550, 503, 250, 250, 553, 502, 554]


def test_sink_that_greets_with_a_refusal() -> None:
    """The session ends with the greeting."""
    with pytest.raises(smtplib.SMTPConnectError, match="554"):
        dialogue(Sink(Book(TALK), 12).serve, lambda _: None)


def test_capture_keeps_what_came() -> None:
    """A message is kept as it came, dots undone, under its Return-Path."""
    kept: list[Captured] = []

    def talk(smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        smtp.docmd("MAIL FROM:<>")
        smtp.docmd("RCPT TO:<list+talk@sender.example>")
        smtp.data(b"Subject: x\r\n\r\n.dot\r\n")

    dialogue(Capture(kept.append).serve, talk)
    assert [(each.recipient, each.data) for each in kept] == [
        ("list+talk@sender.example", b"Return-Path: <>\nSubject: x\n\n.dot\n")
    ]


def test_injected_message() -> None:
    """A message is as long as its case wants, and its commands carry what the case asks for."""
    case = Case(
        id="x",
        note="n",
        recipients=(Recipient(to="a@b.example"),),
        size=2000,
        notify="NEVER",
        ret="HDRS",
        envid="e",
        smtputf8=True,
    )
    assert 1900 < len(message(case)) <= 2000
    assert commands(case) == (
        "FROM:<list+x@sender.example> RET=HDRS ENVID=e BODY=8BITMIME SMTPUTF8",
        ["TO:<a@b.example> NOTIFY=NEVER"],
    )
