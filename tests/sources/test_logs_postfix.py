"""Postfix's log: outcomes per recipient, whatever way a message takes through the queue."""

from __future__ import annotations

import pytest

from bouncery.model import Action, Stage
from bouncery.sources.log_memory import Memory
from bouncery.sources.logs_postfix import Postfix
from tests.sources.log_lines import SAID, arrival, attempt, postfix, read

ONE, TWO, NOTICE = "4F00BA12CD3", "4jZ1BC47rKzKf3W", "5A36423C18F"
UNKNOWN = f"{SAID}550 5.1.1 <u@example.com>: no such user (in reply to RCPT TO command)"


def test_a_refusal_with_all_that_stands_before_it() -> None:
    """Sender and Message-ID come from the lines of qmgr and cleanup, stage and host from the reply's surroundings."""
    (event,) = read(Postfix, [*arrival(ONE), attempt(ONE, "u@example.com", "5.1.1", "bounced", UNKNOWN)])
    assert event.action is Action.FAILED
    assert (event.recipient, event.original_recipient) == ("u@example.com", None)
    assert (event.sender, event.message_id, event.queue_id) == ("list@example.org", "<one@example.org>", ONE)
    assert event.text == "550 5.1.1 <u@example.com>: no such user"
    assert (event.status, event.stage, event.remote_mta, event.reporting_mta) == ("5.1.1", Stage.RCPT, "mx.example.com", "mail")
    assert event.at.isoformat() == "2026-11-25T10:00:01+00:00"


@pytest.mark.parametrize(
    ("words", "text", "stage", "host"),
    [
        (f"{SAID}550 spam (in reply to end of DATA command)", "550 spam", Stage.DATA, "mx.example.com"),
        (f"{SAID}550 no (in reply to MAIL FROM command)", "550 no", Stage.MAIL, "mx.example.com"),
        (
            f"{SAID}550 a) (in reply to MAIL FROM command)) (b (in reply to RCPT TO command)",
            "550 a) (in reply to MAIL FROM command)) (b",
            Stage.RCPT,
            "mx.example.com",
        ),
        ("host mx.example.com[192.0.2.10] refused to talk to me: 421 4.7.0 busy", "421 4.7.0 busy", None, "mx.example.com"),
        (
            "delivery temporarily suspended: host mx.example.com[192.0.2.10] refused to talk to me: 421 4.7.0 busy",
            "421 4.7.0 busy",
            None,
            "mx.example.com",
        ),
        (
            "connect to mx.example.net[192.0.2.13]:25: Connection refused",
            "connect to mx.example.net[192.0.2.13]:25: Connection refused",
            None,
            "mx.example.net",
        ),
        (
            "lost connection with mx.example.net[192.0.2.13] while sending end of data -- message may be sent more than once",
            "lost connection with mx.example.net[192.0.2.13] while sending end of data -- message may be sent more than once",
            Stage.DATA,
            "mx.example.net",
        ),
        ('unknown user: "u"', 'unknown user: "u"', None, None),
    ],
)
def test_what_is_taken_off_a_reply(words: str, text: str, stage: Stage | None, host: str | None) -> None:
    """The reply of the remote server is separated from Postfix's words; its own words stay whole."""
    relay = "mx.example.com[192.0.2.10]:25" if words.startswith("host") else "none"
    (event,) = read(Postfix, [attempt(ONE, "u@example.com", "5.0.0", "bounced", words, relay=relay)])
    assert (event.text, event.stage, event.remote_mta) == (text, stage, host)


@pytest.mark.parametrize(
    ("daemon", "relay", "status", "action"),
    [
        ("lmtp", "mail.example.com[private/dovecot-lmtp]", "sent", Action.DELIVERED),
        ("local", "local", "sent", Action.DELIVERED),
        ("virtual", "virtual", "sent", Action.DELIVERED),
        ("pipe", "dovecot", "bounced", Action.FAILED),
        ("error", "none", "bounced", Action.FAILED),
        ("retry", "none", "deferred", Action.DELAYED),
        ("smtp", "mx.example.com[192.0.2.10]:25", "SOFTBOUNCE", Action.DELAYED),
    ],
)
def test_every_delivery_agent(daemon: str, relay: str, status: str, action: Action) -> None:
    """The lines of all agents are alike; with soft_bounce on, nothing has failed yet."""
    line = f"{ONE}: to=<u@example.com>, relay={relay}, conn_use=2, delay=1, delays=0/0/0/1, dsn=5.1.1, status={status} (words)"
    (event,) = read(Postfix, [postfix(daemon, line)])
    assert event.action is action


def test_instances_have_names_of_their_own() -> None:
    """Only the last part of the program's name counts."""
    line = attempt(ONE, "u@example.com", "5.1.1", "bounced", "words").replace("postfix/smtp", "postfix-out/bulk/smtp")
    assert len(read(Postfix, [line])) == 1


def test_the_address_that_was_mailed() -> None:
    """An alias names the address mailed before the one that refused; a bare local part is no address."""
    aliased = attempt(ONE, "u@example.com>, orig_to=<alias@example.org", "5.1.1", "bounced", UNKNOWN)
    bare = attempt(TWO, "root@example.com>, orig_to=<root", "2.0.0", "sent", "delivered to mailbox", relay="local")
    assert [event.original_recipient for event in read(Postfix, [aliased, bare])] == ["alias@example.org", None]


def test_a_message_through_a_filter_stays_one() -> None:
    """The hop to a filter that gives the message back is no delivery, in whichever order the lines come."""
    hop = f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {TWO}"
    taken = attempt(ONE, "u@example.com>, orig_to=<alias@example.org", "2.0.0", "sent", hop, relay="127.0.0.1[127.0.0.1]:10024")
    refused = attempt(TWO, "u@example.com", "5.1.1", "bounced", UNKNOWN)
    gone = postfix("qmgr", f"{TWO}: removed")
    (late,) = read(Postfix, [*arrival(ONE), *arrival(TWO), taken, refused, gone])
    (early,) = read(Postfix, [*arrival(ONE), *arrival(TWO), refused, gone, taken])
    assert late.queue_id == early.queue_id == TWO
    assert (late.action, early.action) == (Action.FAILED, Action.FAILED)
    assert (late.original_recipient, early.original_recipient) == ("alias@example.org", None)


def test_another_servers_queue_id_is_no_hop() -> None:
    """Only an id of this log with the same Message-ID leads on."""
    taken = attempt(ONE, "u@example.com", "2.0.0", "sent", f"250 2.0.0 Ok: queued as {TWO}")
    assert [event.action for event in read(Postfix, [*arrival(ONE), taken])] == [Action.DELIVERED]
    other = arrival(TWO, message_id="<two@example.org>")
    assert [event.action for event in read(Postfix, [*arrival(ONE), *other, taken])] == [Action.DELIVERED]


def test_an_alias_with_an_owner_is_forwarded_in_the_queue() -> None:
    """What local(8) puts back into the queue has its outcomes there."""
    forwarded = attempt(ONE, "team@example.org", "2.0.0", "sent", f"forwarded as {TWO}", relay="local")
    assert read(Postfix, [*arrival(ONE), forwarded]) == []


def test_what_a_filter_throws_away_is_not_delivered() -> None:
    """A reply of class 2 that says so is no success."""
    words = "250 2.7.0 Ok, discarded, id=08814-01 - SPAM"
    assert read(Postfix, [attempt(ONE, "u@example.com", "2.7.0", "sent", words)]) == []


def test_a_message_that_expires_fails_for_what_it_waited_for() -> None:
    """The last line of a message given up on names no recipient: those that still waited have failed."""
    grey = f"{SAID}451 4.7.1 try again in 300 seconds (in reply to RCPT TO command)"
    lines = [
        *arrival(ONE),
        attempt(ONE, "a@example.com", "4.7.1", "deferred", grey),
        attempt(ONE, "b@example.com", "4.7.1", "deferred", grey),
        attempt(ONE, "a@example.com", "4.7.1", "deferred", grey.replace("300", "200")),
        attempt(ONE, "b@example.com", "2.0.0", "sent", "250 Ok"),
        postfix("qmgr", f"{ONE}: from=<list@example.org>, status=expired, returned to sender", "Nov 26 10:00:00"),
        postfix("qmgr", f"{ONE}: removed", "Nov 26 10:00:00"),
    ]
    events = read(Postfix, lines)
    assert [(event.action, event.recipient) for event in events] == [
        (Action.DELAYED, "a@example.com"),
        (Action.DELAYED, "b@example.com"),
        (Action.DELIVERED, "b@example.com"),
        (Action.FAILED, "a@example.com"),
    ]
    assert events[-1].text == "451 4.7.1 try again in 200 seconds"
    assert (events[-1].at.day, events[-1].sender) == (26, "list@example.org")
    assert [event.action for event in read(Postfix, [line.replace("=expired", "=force-expired") for line in lines])][
        -1
    ] == "failed"


def test_a_deferral_counts_again_when_it_says_something_else() -> None:
    """The same reply with another number in it is the same one."""
    full = attempt(ONE, "u@example.com", "4.2.2", "deferred", f"{SAID}452 4.2.2 full (in reply to RCPT TO command)")
    grey = attempt(ONE, "u@example.com", "4.7.1", "deferred", f"{SAID}451 4.7.1 wait (in reply to RCPT TO command)")
    assert [event.status for event in read(Postfix, [full, full, grey, full])] == ["4.2.2", "4.7.1", "4.2.2"]


def test_notifications_of_its_own_are_no_mail() -> None:
    """What Postfix itself tells a sender is left out, told so or by the Message-ID that it makes."""
    told = postfix("bounce", f"{ONE}: sender non-delivery notification: {NOTICE}")
    sent = attempt(NOTICE, "list@example.org", "2.0.0", "sent", "250 Ok")
    assert read(Postfix, [*arrival(NOTICE, sender=""), told, sent]) == []
    assert read(Postfix, [*arrival(NOTICE, sender="", message_id=f"<20261125.{NOTICE}@mail.example.org>"), sent]) == []
    assert [event.sender for event in read(Postfix, [*arrival(NOTICE, sender=""), sent])] == [""]


@pytest.mark.parametrize(
    "line",
    [
        postfix("smtpd", "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <u@example.org>: no; to=<u@example.org>"),
        attempt(ONE, "u@example.com", "2.1.5", "deliverable", "250 Ok"),
        attempt(ONE, "u@example.com", "5.1.1", "undeliverable", UNKNOWN),
        postfix("qmgr", f"{ONE}: skipped, still being delivered"),
        postfix("smtp", "connect to mx.example.net[192.0.2.13]:25: Connection refused"),
        postfix("smtp", f"warning: {ONE}: to=<u@example.com>"),
        "Nov 25 10:00:01 mail postfix/smtp[1]: ",
        "Feb 30 10:00:01" + attempt(ONE, "u@example.com", "5.1.1", "bounced", UNKNOWN)[15:],
        "no log at all",
        "",
    ],
)
def test_what_is_no_outcome(line: str) -> None:
    """Rejects in session, questions about addresses, and everything else."""
    assert read(Postfix, [line]) == []


@pytest.mark.parametrize(
    "to",
    [
        '"victim@example.com>, relay=none, delay=1, dsn=5.1.1, status=bounced (x"@example.org',
        "victim@example.com>, relay=none, delay=1, dsn=5.1.1, status=bounced (x@example.org",
        "victim@example.com x@example.org",
        '"victim@example.com',
        "b\ufffdb@example.com",
    ],
)
def test_a_local_part_cannot_name_somebody_else(to: str) -> None:
    """What looks like a line within an address is not read as one."""
    for event in read(Postfix, [attempt(ONE, to, "5.1.1", "bounced", "words", relay="local")]):
        assert event.recipient == to


def test_a_reply_cannot_name_somebody_else() -> None:
    """A remote server's words are no fields."""
    words = f"{SAID}550 5.1.1 to=<victim@example.com>, status=bounced (in reply to RCPT TO command)"
    assert [event.recipient for event in read(Postfix, [attempt(ONE, "u@example.com", "5.7.1", "bounced", words)])] == [
        "u@example.com"
    ]


def test_an_id_is_used_again() -> None:
    """A new message with an old id has nothing of the old one; of two hosts with one id each has its own."""
    lines = [*arrival(ONE), postfix("qmgr", f"{ONE}: removed"), *arrival(ONE, "news@example.net", "<two@example.net>")]
    refused = attempt(ONE, "u@example.com", "5.1.1", "bounced", UNKNOWN)
    (event,) = read(Postfix, [*lines, refused])
    assert (event.sender, event.message_id) == ("news@example.net", "<two@example.net>")
    (event,) = read(Postfix, [*lines, refused.replace(" mail ", " other ")])
    assert (event.sender, event.message_id) == (None, None)


def test_memory_is_bounded() -> None:
    """The messages seen longest ago are forgotten first, by number and by what their recipients take."""
    memory = Memory(messages=10, characters=20_000)
    words = f"{SAID}451 4.7.1 {'later ' * 100}(in reply to RCPT TO command)"
    lines = [attempt(f"4F00BA12{number:03}", "u@example.com", "4.7.1", "deferred", words) for number in range(100)]
    assert len(read(Postfix, lines, memory)) == 100
    assert len(memory.queue) == 10
    assert memory.weight == sum(queued.weight for queued in memory.queue.values()) <= 20_000
    many = [attempt(ONE, f"u{number}@example.com", "4.7.1", "deferred", words) for number in range(100)]
    read(Postfix, many, memory)
    assert list(memory.queue) == [ONE]
    assert 0 < memory.weight <= 20_000
