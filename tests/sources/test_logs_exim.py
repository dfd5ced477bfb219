"""Exim's mainlog: outcomes per recipient, as its own file and as syslog writes it."""

from __future__ import annotations

import pytest

from bouncery.model import Action, Stage
from bouncery.sources.logs_exim import Exim
from tests.sources.log_lines import exim, read

ONE, TWO, NEW = "1xW0z9-0003oT-26", "1xW0z9-0003oX-29", "1xW0z9-000000003oT-1aBc"
ARRIVAL = exim(ONE, "<= list@example.org H=(client) [192.0.2.1] P=esmtp S=311 id=one@example.org")
ROUTE = "R=dnslookup T=remote_smtp H=mx.example.com [192.0.2.10]"
AFTER = "SMTP error from remote mail server after"
HOST = "H=mx.example.com [192.0.2.10]"
GREY = f"== u@example.com R=dns T=smtp defer (-44) {HOST}: {AFTER} RCPT TO:<u@example.com>: 451 wait"
TIMED_OUT = (
    f"u@example.com R=dns T=smtp defer (110): Connection timed out {HOST}:25 I=[192.0.2.101]:60446 DT=4.004s: "
    "SMTP timeout after initial connection"
)
REFUSED = f"** u@example.com {ROUTE}: {AFTER} RCPT TO:<u@example.com>: 550 5.1.1 <u@example.com>: no such user"


@pytest.mark.parametrize(
    "lines",
    [
        [ARRIVAL, exim(ONE, REFUSED)],
        [ARRIVAL.replace(ONE, NEW), exim(NEW, REFUSED)],
        [
            exim(
                f"[4711] {ONE}",
                "<= list@example.org H=(client) [192.0.2.1]:55012 I=[192.0.2.101]:25 P=esmtp L.- S=308 M8S=0 RT=0.000s "
                'id=one@example.org T="an id=two@example.org" from <list@example.org> for u@example.com',
                "2026-11-25 11:00:01.484 +0100",
            ),
            exim(
                f"[4711] {ONE}",
                "** u@example.com F=<list@example.org> P=<list@example.org> R=dnslookup T=remote_smtp "
                'H=mx.example.com [192.0.2.10]:25 I=[192.0.2.101]:37008 X=TLS1.3:ECDHE_X25519:256 CV=no DN="C=XX: no, CN=mx": '
                f"{AFTER} pipelined RCPT TO:<u@example.com>: 550 5.1.1 <u@example.com>: no such user DT=0.003s",
                "2026-11-25 11:00:01.484 +0100",
            ),
        ],
        [f"Nov 25 10:00:01 mail exim[4711]: {line}" for line in (ARRIVAL, exim(ONE, REFUSED))],
        [f"2026-11-25T10:00:01.5+00:00 mail exim4[4711]: {line[20:]}" for line in (ARRIVAL, exim(ONE, REFUSED))],
        [
            ARRIVAL,
            exim(
                ONE,
                "** u@example.com R=dnslookup T=remote_smtp: SMTP error from remote mailer after RCPT TO:<u@example.com>: "
                "host mx.example.com [192.0.2.10]: 550 5.1.1 <u@example.com>: no such user",
            ),
        ],
    ],
)
def test_a_refusal_in_every_spelling(lines: list[str]) -> None:
    """Selectors, syslog, older and newer versions write the same thing differently."""
    (event,) = read(Exim, lines)
    assert (event.action, event.recipient, event.stage) == (Action.FAILED, "u@example.com", Stage.RCPT)
    assert (event.sender, event.message_id) == ("list@example.org", "<one@example.org>")
    assert event.text == "550 5.1.1 <u@example.com>: no such user"
    assert event.at.isoformat()[:19] == "2026-11-25T10:00:01"
    assert event.status is None


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("MAIL FROM:<list@example.org> SIZE=1024", Stage.MAIL),
        ("end of data", Stage.DATA),
        ("pipelined end of data", Stage.DATA),
        ("initial connection", Stage.CONNECT),
        ("HELO mail.example.org", Stage.HELO),
    ],
)
def test_the_command_that_was_refused(command: str, stage: Stage) -> None:
    """Exim names it before the reply."""
    (event,) = read(Exim, [exim(ONE, f"** u@example.com {ROUTE}: {AFTER} {command}: 550 5.7.1 no")])
    assert (event.stage, event.text, event.remote_mta) == (stage, "550 5.7.1 no", "mx.example.com")


def test_lmtp() -> None:
    """A store answers for each recipient after the message (RFC 2033)."""
    (event,) = read(Exim, [exim(ONE, f"** u@example.com {ROUTE}: LMTP error after DATA: 552 5.2.2 full")])
    assert (event.stage, event.text) == (Stage.DATA, "552 5.2.2 full")


@pytest.mark.parametrize(
    ("rest", "recipient", "original"),
    [
        (f'=> u@example.com {ROUTE} C="250 Ok"', "u@example.com", None),
        (f"-> u@example.com {ROUTE}", "u@example.com", None),
        (f">> u@example.com {ROUTE}", "u@example.com", None),
        (f"=> u@example.com <alias@example.org> {ROUTE}", "u@example.com", "alias@example.org"),
        (f"=> u@example.com (team@example.org) <alias@example.org> {ROUTE}", "u@example.com", "alias@example.org"),
        ("=> alice <alice@example.org> R=local T=box", "alice@example.org", None),
        ("=> /var/mail/box <alice@example.org> R=local T=**bypassed** S=0", "alice@example.org", None),
        ("=> |/usr/bin/filter -x y <cmd@example.org> R=aliases T=pipe", "cmd@example.org", None),
        ("=> :blackhole: <hole@example.org> R=bh", "hole@example.org", None),
        (f'=> a b@example.com <"a b"@example.com> {ROUTE}', '"a b"@example.com', None),
    ],
)
def test_deliveries(rest: str, recipient: str, original: str | None) -> None:
    """The address tried and the one mailed; of files and programs only the latter is an address."""
    (event,) = read(Exim, [exim(ONE, rest)])
    assert (event.action, event.recipient, event.original_recipient) == (Action.DELIVERED, recipient, original)


@pytest.mark.parametrize(
    ("rest", "text", "host"),
    [
        ("** u@example.com: Unrouteable address", "Unrouteable address", None),
        ("** u@example.com F=<list@example.org>: Unrouteable address DT=0.000s", "Unrouteable address", None),
        ("** u@example.com R=aliases: has left", "has left", None),
        ("** u@example.com R=err: 550 5.1.6 moved", "550 5.1.6 moved", None),
        ("== u@example.com R=dns defer (-1): host lookup did not complete", "host lookup did not complete", None),
        ("== u@example.com R=dns T=smtp defer (111): Connection refused DT=0.000s", "Connection refused", None),
        (
            f"== {TIMED_OUT}",
            "Connection timed out: SMTP timeout after initial connection",
            "mx.example.com",
        ),
        (
            GREY,
            "451 wait",
            "mx.example.com",
        ),
        ("== u@example.com R=l T=box defer (-22) DT=0.001s: mailbox is full", "mailbox is full", None),
        (f"** u@example.com {ROUTE}: {AFTER} end of data: 550-a\\n550 \\303\\256\\\\n", "550-a\n550 î\\n", "mx.example.com"),
        (f"** u@example.com {ROUTE}: {AFTER} end of data: 550 Bo\\356te", "550 Boîte", "mx.example.com"),
    ],
)
def test_words(rest: str, text: str, host: str | None) -> None:
    """The words behind the fields, without what selectors add and without escapes."""
    (event,) = read(Exim, [exim(ONE, rest)])
    assert (event.text, event.remote_mta) == (text, host)


@pytest.mark.parametrize(
    "line",
    [
        exim(ONE, "== u@example.com routing defer (-52): retry time not reached"),
        exim(ONE, "== u@example.com R=l T=box defer (-53): Retry time not yet reached"),
        exim(ONE, "== u@example.com R=dns T=smtp defer (-54) DT=0.000s: retry time not reached for any host"),
        exim(ONE, f"*> u@example.com {ROUTE}"),
        exim(ONE, "=> discarded <u@example.com> R=userforward"),
        exim(ONE, "=> >u@example.com <alias@example.org> R=vacation T=reply"),
        exim(ONE, f"H=mx.example.com [192.0.2.10]: {AFTER} end of data: 451 later"),
        exim(ONE, "Frozen (delivery error message)"),
        exim(ONE, "** victim R=aliases: no domain"),
        exim(ONE, "** "),
        exim(ONE, "<="),
        "2026-11-25 10:00:01 H=(client) [192.0.2.1] F=<list@example.org> rejected RCPT <u@example.com>: no such user",
        "2026-11-25 10:00:01 exim 4.96 daemon started: pid=1",
        " Suggested action: use keep_environment.",
        exim(ONE, REFUSED, "2026-13-25 10:00:01"),
    ],
)
def test_what_is_no_outcome(line: str) -> None:
    """Attempts that were none, suppressed and generated mail, rejects in session."""
    assert read(Exim, [line]) == []


def test_giving_up_has_the_reason_that_was_waited_for() -> None:
    """The last line tells only that time is up."""
    grey = exim(
        ONE,
        f"== u@example.com R=dns T=smtp defer (-44) H=mx.example.com [192.0.2.10]: {AFTER} RCPT TO:<u@example.com>: 451 wait",
    )
    up = exim(ONE, "** u@example.com: retry timeout exceeded")
    events = read(Exim, [ARRIVAL, grey, grey, up])
    assert [(event.action, event.text, event.stage) for event in events] == [
        (Action.DELAYED, "451 wait", Stage.RCPT),
        (Action.FAILED, "451 wait", Stage.RCPT),
    ]
    assert [event.text for event in read(Exim, [ARRIVAL, grey, exim(ONE, "Completed"), up])] == [
        "451 wait",
        "retry timeout exceeded",
    ]


def test_notifications_of_its_own_are_no_mail() -> None:
    """A message with the null sender and a reference to another one was written by Exim itself."""
    own = exim(TWO, f"<= <> R={ONE} U=Debian-exim P=local S=1876")
    sent = exim(TWO, f"=> list@example.org {ROUTE}")
    assert read(Exim, [own, sent]) == []
    foreign = exim(TWO, "<= <> H=mx.example.net [192.0.2.20] P=esmtp S=1876")
    assert [event.sender for event in read(Exim, [foreign, sent])] == [""]


def test_a_message_through_a_filter_stays_one() -> None:
    """The hop to a filter that gives the message back is no delivery."""
    back = exim(TWO, "<= list@example.org H=localhost [127.0.0.1] P=esmtp S=500 id=one@example.org")
    hop = exim(ONE, f'=> u@example.com <alias@example.org> R=filter T=smtp H=localhost [127.0.0.1] C="250 OK id={TWO}"')
    (event,) = read(Exim, [ARRIVAL, back, hop, exim(ONE, "Completed"), exim(TWO, REFUSED)])
    assert (event.action, event.queue_id, event.original_recipient) == (Action.FAILED, TWO, "alias@example.org")


def test_a_local_part_cannot_name_somebody_else() -> None:
    """Exim prints local parts without quotes: what follows in brackets tells that it was one."""
    forged = f"** victim@example.com {ROUTE}: 550 5.1.1 no@example.org"
    quoted = f'"victim@example.com {ROUTE}: 550 5.1.1 no"@example.org'
    (event,) = read(Exim, [exim(ONE, f"{forged} <{quoted}> R=local T=box: words")])
    assert event.recipient == quoted
