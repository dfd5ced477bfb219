"""Sendmail's log: outcomes per recipient."""

from __future__ import annotations

import pytest

from bouncery.model import Action
from bouncery.sources.log_report import to_report
from bouncery.sources.logs_sendmail import Sendmail
from tests.sources.log_lines import read, sendmail, sendmail_attempt

ONE, TWO = "6AP0e0Cx016333", "6AP0e0Cx016335"
ARRIVAL = sendmail(
    ONE, "from=<list@example.org>, size=98, class=0, nrcpts=1, msgid=<one@example.org>, proto=ESMTP, relay=[192.0.2.1]"
)
REFUSED = sendmail_attempt("<u@example.com>", "5.1.1", "reply=550 5.1.1 <u@example.com>: no such user, stat=User unknown")
LINES = (ARRIVAL, sendmail(ONE, REFUSED))
GREY = sendmail_attempt("<u@example.com>", "4.7.1", "reply=451 4.7.1 wait, stat=Deferred: 451 4.7.1 wait")


@pytest.mark.parametrize(
    ("mark", "when"),
    [
        ("sendmail[4711]: ", "Nov 25 10:00:01"),
        ("sm-mta[4711]: ", "2026-11-25T10:00:01.123456+00:00"),
        ("sendmail[4711]: [ID 801593 mail.info] ", "Nov 25 10:00:01"),
    ],
)
def test_a_refusal(mark: str, when: str) -> None:
    """Sender and Message-ID come from the sender's line."""
    lines = [
        line.replace("sendmail[4711]: ", mark).replace("Nov 25 10:00:01", when) for line in (ARRIVAL, sendmail(ONE, REFUSED))
    ]
    (event,) = read(Sendmail, lines)
    assert (event.action, event.recipient, event.status) == (Action.FAILED, "u@example.com", "5.1.1")
    assert (event.sender, event.message_id, event.remote_mta) == ("list@example.org", "<one@example.org>", "mx.example.com")
    assert event.text == "550 5.1.1 <u@example.com>: no such user"


@pytest.mark.parametrize(
    ("rest", "action", "text"),
    [
        (
            sendmail_attempt("<u@example.com>", "2.0.0", "stat=Sent (Ok: queued as 4F00BA)"),
            Action.DELIVERED,
            "Ok: queued as 4F00BA",
        ),
        (sendmail_attempt("<u@example.com>", "4.4.2", "stat=Deferred"), Action.DELAYED, ""),
        (
            sendmail_attempt("<u@example.com>", "4.4.1", "stat=Deferred: Connection refused by mx.example.com."),
            Action.DELAYED,
            "Connection refused by mx.example.com.",
        ),
        (
            (
                "to=<u@example.com>, delay=1+00:00:00, mailer=esmtp, pri=30100, relay=example.com, dsn=5.1.2, "
                "stat=Host unknown (Name server: example.com: host not found)"
            ),
            Action.FAILED,
            "Host unknown (Name server: example.com: host not found)",
        ),
        ("to=<u@example.com>, delay=00:00:00, mailer=esmtp, pri=30100, dsn=4.4.3, stat=queued", Action.DELAYED, "queued"),
        ("to=u@example.com, delay=00:00:00, mailer=local, pri=9, stat=Sent", Action.DELIVERED, ""),
        ("to=u@example.com, delay=00:00:00, mailer=esmtp, pri=9, stat=Deferred: later", Action.DELAYED, "later"),
        (
            sendmail_attempt("<u@example.com>", "5.7.1", "reply=550 a, stat=Sent (b), stat=Service unavailable"),
            Action.FAILED,
            "550 a",
        ),
        (
            sendmail_attempt("<u@example.com>", "5.0.0", "reply=550 Bo\\303\\256te, stat=Service unavailable"),
            Action.FAILED,
            "550 Boîte",
        ),
    ],
)
def test_outcomes(rest: str, action: Action, text: str) -> None:
    """The class of dsn tells the action; the reply goes before Sendmail's own words."""
    (event,) = read(Sendmail, [sendmail(ONE, rest)])
    assert (event.action, event.text) == (action, text)


def test_several_recipients_in_a_line() -> None:
    """Each one has an event of its own and a name of its own."""
    rest = sendmail_attempt('<a@example.com>,b@example.com,<"c, d"@example.com>', "2.0.0", "stat=Sent (Ok)")
    events = read(Sendmail, [sendmail(ONE, rest)])
    assert [event.recipient for event in events] == ["a@example.com", "b@example.com", '"c, d"@example.com']
    assert len({event.identity for event in events}) == 3


@pytest.mark.parametrize(
    ("to", "control", "recipient"),
    [
        ('"|/usr/bin/filter -x"', "<cmd@example.org> (8/0)", "cmd@example.org"),
        ("/dev/null", "<null@example.org> (8/0)", "null@example.org"),
        ("<u@example.com>", "list (1000/1000)", "u@example.com"),
        ("<u@example.com>", "<list@example.org> (1000/1000)", "u@example.com"),
    ],
)
def test_the_controlling_address(to: str, control: str, recipient: str) -> None:
    """It is the recipient where the mail went to a program or a file."""
    (event,) = read(Sendmail, [sendmail(ONE, sendmail_attempt(to, "2.0.0", "stat=Sent", f"ctladdr={control}, "))])
    assert event.recipient == recipient


def test_giving_up() -> None:
    """The notice names no recipient: those that still waited have failed."""
    warning = sendmail(ONE, f"{TWO}: sender notify: Warning: could not send message for past 4 hours")
    over = sendmail(ONE, f"{TWO}: sender notify: Cannot send message for 5 days", "Nov 26 10:00:01")
    events = read(Sendmail, [ARRIVAL, sendmail(ONE, GREY), sendmail(ONE, GREY), warning, over])
    assert [(event.action, event.text, event.at.day) for event in events] == [
        (Action.DELAYED, "451 4.7.1 wait", 25),
        (Action.FAILED, "451 4.7.1 wait", 26),
    ]


def test_notifications_of_its_own_are_no_mail() -> None:
    """The id of a notification stands behind that of the message it is about."""
    told = sendmail(ONE, f"{TWO}: DSN: User unknown")
    arrival = sendmail(TWO, "from=<>, size=1024, class=0, nrcpts=1, msgid=<n@mail.example.org>, relay=root@localhost")
    sent = sendmail(TWO, sendmail_attempt("<list@example.org>", "2.0.0", "stat=Sent (Ok)"))
    assert read(Sendmail, [told, arrival, sent]) == []


def test_the_hop_from_the_submission_queue_is_no_delivery() -> None:
    """Mail from a local program goes from one queue of the host into another one."""
    arrival = ARRIVAL.replace(ONE, TWO)
    hop = sendmail(
        ONE,
        "to=<u@example.com>, ctladdr=list (1000/1000), delay=00:00:00, mailer=relay, pri=30108, relay=[127.0.0.1] [127.0.0.1], "
        f"dsn=2.0.0, stat=Sent ({TWO} Message accepted for delivery)",
    )
    (event,) = read(Sendmail, [ARRIVAL, arrival, hop, sendmail(TWO, REFUSED)])
    assert (event.queue_id, event.action) == (TWO, Action.FAILED)


@pytest.mark.parametrize(
    "line",
    [
        sendmail(ONE, "<nobody@example.org>... User unknown"),
        sendmail(ONE, "ruleset=check_rcpt, arg1=<u@example.com>, relay=[192.0.2.1], reject=550 5.7.1 no"),
        sendmail(ONE, "to=alice, delay=00:00:00, mailer=local, pri=90327, dsn=2.0.0, stat=Sent"),
        sendmail(ONE, "to=<u@example.com>, delay=00:00:00, mailer=esmtp, pri=9, dsn=2.0.0, stat=queued"),
        sendmail(ONE, "to=<u@example.com>, delay=00:00:00, mailer=esmtp"),
        sendmail(ONE, "to=<u@example.com>, stat=Sent"),
        sendmail(ONE, "from=nothing"),
        "Nov 25 10:00:01 mail sendmail[4711]: starting daemon (8.17.1): SMTP+queueing@00:10:00",
        "",
    ],
)
def test_what_is_no_outcome(line: str) -> None:
    """Rejects in session, local parts alone, and what only waits its turn."""
    assert read(Sendmail, [line]) == []


def test_a_status_that_sendmail_made_up_is_not_believed() -> None:
    """It writes 5.1.1 for each 550 without a code: the words decide, and none of them is no dead address."""
    rest = sendmail_attempt("<u@example.com>", "5.1.1", "reply=550 sorry, stat=User unknown")
    (event,) = read(Sendmail, [sendmail(ONE, rest)])
    recipient = to_report(event).recipients[0]
    assert (recipient.status, recipient.reply, recipient.verdict.decision) == (None, 550, "soft")
