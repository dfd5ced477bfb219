"""Codes in running text: what mail servers write around them, and numbers that are none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncery.codes.grammar import Code, find_codes, innermost, is_generic, read_status

REPLIES = [
    ("550 5.1.1 <u@example.com>: User unknown", 550, "5.1.1"),
    (
        "550-5.1.1 The email account does not exist.\n550-5.1.1 Please check\n550 5.1.1 x1-20020a05 - gsmtp",
        550,
        "5.1.1",
    ),
    ("smtp; 550 5.1.1 User unknown", 550, "5.1.1"),
    ("smtp;550 #5.1.0 Address rejected.", 550, "5.1.0"),
    ("550 #5.1.0 Address rejected.", 550, "5.1.0"),
    ("#5.1.0 Address rejected.", None, "5.1.0"),
    ("550 [5.1.1] no", 550, "5.1.1"),
    ("550 (5.1.1) no", 550, "5.1.1"),
    ("550 User unknown (#5.1.1)", 550, "5.1.1"),
    ("550 User unknown [5.1.1]", 550, "5.1.1"),
    (
        "host mx.example.com[192.0.2.1] said: 550 5.1.1 User unknown in virtual table (in reply to RCPT TO command)",
        550,
        "5.1.1",
    ),
    ("host mx.example.com [198.51.100.25] said: 452 4.2.2 Over quota (in reply to end of DATA command)", 452, "4.2.2"),
    (
        "SMTP error from remote mail server after RCPT TO:<u@example.com>: host mx.example.com: 550 No such user here",
        550,
        None,
    ),
    ("5.1.0 - Unknown address error 550-'5.2.2 mailbox full' (delivery attempts: 0)", 550, "5.2.2"),
    ("5.1.0 - Unknown address error 550-'5.1.1 u@example.com... User unknown'", 550, "5.1.1"),
    ("550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 5.2.1 mailbox disabled", 550, "5.2.1"),
    ("550 550 5.1.1 <u@example.com>: user unknown (state 14)", 550, "5.1.1"),
    ("220-laposte 421 4.2.1 too many", 421, "4.2.1"),
    ("554 delivery error: dd This user doesn't have a account here (u@example.com) [0] - mta1234.mail.example.com", 554, None),
    ("421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred", 421, "4.7.0"),
    (
        "421 Message from (203.0.113.10) temporarily deferred - 4.16.50. Please refer to http://postmaster.example.com/421-ts01.html",
        421,
        None,
    ),
    ("Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 5.7.1 blocked", 550, "5.7.1"),
    ("Remote host said: 554 mail server permanently rejected message (#5.3.0)", 554, "5.3.0"),
    ("I couldn't find any host named example.invalid. (#5.1.2)", None, "5.1.2"),
    ("554 5.4.7 [internal] exceeded max time without delivery", 554, "5.4.7"),
    ("554 5.4.4 [internal] Domain Lookup Failed", 554, "5.4.4"),
    ("4.4.2 (connection dropped)", None, "4.4.2"),
    ("Postfix 2.11.0 550 5.1.1 unknown", 550, "5.1.1"),
    ("550", 550, None),
    ("5.1.1", None, "5.1.1"),
    ("5.0.0 550 5.1.1 x", 550, "5.1.1"),
    ("550 5.1.1.1 x", 550, None),
    ("550-mailbox unknown\n550 5.1.1 bye", 550, "5.1.1"),
    ("550 5.1.1 mailbox unknown\n550 bye", 550, "5.1.1"),
    ("421-4.7.28 rate\n421 4.7.28 more", 421, "4.7.28"),
    ("530 5.7.57 SMTP; Client was not authenticated", 530, "5.7.57"),
    ("450 4.7.1 <mx.example.org[198.51.100.250]>: Client host rejected", 450, "4.7.1"),
    ("(reason: 550 5.1.1 <u@example.com>... User unknown)", 550, "5.1.1"),
    ("<<< 550 5.1.1 <u@example.com>... User unknown\n550 5.1.1 <u@example.com>... User unknown", 550, "5.1.1"),
    (
        "... while talking to mx.example.com.:\n>>> DATA\n<<< 550 5.7.1 spam\n554 5.0.0 Service unavailable",
        550,
        "5.7.1",
    ),
    ("Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient u not found'", 550, "5.1.10"),
    ("Remote Server returned '< #5.1.1 smtp;550 5.1.1 unknown>'", 550, "5.1.1"),
    ("LED=450 4.7.1 try later", 450, "4.7.1"),
    ("550 5.4.316 Message expired, connection refused(LED=450 4.1.1 user unknown)", 450, "4.1.1"),
    ("{LED=554 5.7.1 blocked};{FQDN=mx.example.com};{IP=192.0.2.1}", 554, "5.7.1"),
    ("status=bounced (host mx said: 550 x)", 550, None),
    ("dsn=5.1.1, status=bounced", None, "5.1.1"),
    ("code: 550, status: 5.1.1", 550, "5.1.1"),
    ("SMTP error 550", 550, None),
    ("error code 550 5.1.1", 550, "5.1.1"),
    ("Server responded with 552.", 552, None),
    ("Fehler 550: Postfach nicht gefunden", 550, None),
    ("550;5.1.1;unknown", 550, "5.1.1"),
    ("550/5.1.1 unknown", 550, "5.1.1"),
    ("550, 5.1.1 unknown", 550, "5.1.1"),
    ("550:5.1.1 unknown", 550, "5.1.1"),
    ("<550 5.1.1 unknown>", 550, "5.1.1"),
    ('"550 5.1.1 unknown"', 550, "5.1.1"),
    ("550 SC-001 (BAY0-MC1) Unfortunately, messages from 192.0.2.1 weren't sent", 550, None),
    (
        "550 5.7.1 Client host [192.0.2.1] blocked AS(1430) [MX2.example.com 2026-11-24T10:00:00.000Z 08D5]",
        550,
        "5.7.1",
    ),
    ("5.7.1 (delivery not authorized)", None, "5.7.1"),
    ("550 5.1.1 unknown; previously 450 4.2.0 greylisted", 450, "4.2.0"),
    ("Retry timeout exceeded 451 4.7.1", 451, "4.7.1"),
    ("554 5.7.1 550 spam points", 554, "5.7.1"),
    ("550 4.4.7 delivery time expired", 550, "4.4.7"),
    ("smtp; 550-5.7.26 unauth\n 550-5.7.26 b\n 550 5.7.26 c", 550, "5.7.26"),
    ("smtp;550-5.7.26 unauth 550-5.7.26 b 550 5.7.26 c", 550, "5.7.26"),
    ("The response from the remote server was:\n550 5.1.1 x", 550, "5.1.1"),
    ("Diagnostic code: smtp; 5.1.1 x", None, "5.1.1"),
    ("Status: 5.2.2", None, "5.2.2"),
    ("550 rejected by FilterGate 5.2.2 policy", 550, None),
    ("550 Mailbox u550@example.com unknown", 550, None),
    ("452-4.2.2 The email account that you tried to reach is over quota", 452, "4.2.2"),
    ("450 4.4.2 mx.example.com Error: timeout exceeded (after 300 s, 450 bytes)", 450, "4.4.2"),
    ("550 Requested action not taken: mailbox unavailable 421 mx", 550, None),
    ("554 Transaction failed : Cannot send message due to possible abuse; see Error: 421 Too many", 421, None),
    ("550 5.7.1 (TSS09) see http://www.example.net/421-tss.html", 550, "5.7.1"),
    ("450 4.7.1 Greylisted for 300 seconds", 450, "4.7.1"),
    ("450 Greylisted, retry in 250 seconds", 450, None),
    ("554 Blocked 3 of 550 recipients", 554, None),
    ("503 5.5.1 bad sequence of commands after 554 5.7.1 denied", 554, "5.7.1"),
    ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", 553, "5.7.1"),
    ("553 5.3.0 <u@example.com>... Spam blocked see: http://lists.example.net/?192.0.2.1", 553, "5.3.0"),
    ("550 Error 5.1.1 unknown", 550, "5.1.1"),
    ("550 relay not permitted (code 4.7.1.2)", 550, None),
    ("host mx.example.com[192.0.2.1]:25 refused to talk to me: 421 4.7.0 x", 421, "4.7.0"),
    ("mx1.example.com #<mx1.example.com #5.1.1 smtp; 550 5.1.1 <u@example.com>> #SMTP#", 550, "5.1.1"),
    ("smtp; 550 User unknown", 550, None),
    ("smtp; 550 No such user", 550, None),
    ("smtp;550 No such user", 550, None),
    ("550 User unknown", 550, None),
    ("550 user u@example.com unknown", 550, None),
    ("550 Mail rejected", 550, None),
    ("421 Message deferred", 421, None),
    ("550 Recipient unknown", 550, None),
    ("552 Message size exceeds", 552, None),
    ("552 Messages too large", 552, None),
    ("421 Messages from 192.0.2.1 temporarily deferred", 421, None),
    ("550 Email blocked", 550, None),
    ("450 Mails from you", 450, None),
    ("550 Connection refused", 550, None),
    ("421 Connections limit", 421, None),
    ("host mx said: 550 User unknown (in reply to RCPT TO command)", 550, None),
    ("SMTP error from remote mail server after RCPT TO:<u@example.com>: 550 User not found", 550, None),
    ("error: 550 Mail box full", 550, None),
    ("[450]", 450, None),
    ("550-5.1.1", 550, "5.1.1"),
    ("[203.0.113.10]:25: 550 no", 550, None),
    ("status code: 4.2.2", None, "4.2.2"),
    ("5.2.2", None, "5.2.2"),
    ("mail delivery failed: 5.2.2 quota", None, "5.2.2"),
    ("smtp; 5.1.1 unknown", None, "5.1.1"),
    ("=5.1.1", None, "5.1.1"),
    ("sendmail: 5.1.1", None, "5.1.1"),
]

DECOYS = [
    "<u@example.com> (expanded from <a@example.org>): connect to mx.example.com[192.0.2.1]:25: Connection timed out",
    "Version 2.0.12 of the server",
    "Call 480-555-0100 for help",
    "see http://www.example.com/550/5.1.1.html",
    "192.0.2.550",
    "listed at 5.1.1.7",
    "sent 550 messages",
    "message size 552 KB exceeds",
    "X-LOCAL; 500",
    "error 4.16.50",
    "exim 4.94.2 rejected it",
    "sendmail 8.14.4/8.14.4",
    "spamassassin 3.4.2 score 5.1.1",
    "sa.5.6 rejected",
    "2026.11.24 450 x",
    "delayed 450 seconds",
    "message too big: 25600000 bytes, limit 550 MB",
    "room 512, phone 555 0100",
    "Your message 4.5 MB",
    "x-unix; 550",
    "rejected by FilterGate 5.2.2 policy",
    "Connection to host 550.example.com failed",
    "at 12:45:550",
    "X.550",
    "delivery temporarily suspended: lost connection with mx.example.com[192.0.2.1] while sending RCPT TO",
    "Tel: 450-555-0100",
    "(450) 555-0100",
    "Phone: +1 450 555 0100",
    "fax 450.555.0100",
    "size=552 bytes",
    "limit: 450 recipients",
    "queue id: 4502BC",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "<550e8400@example.com>",
    "Date: 24 Nov 2026 10:00:00 +0450",
    "AS(4501)",
    "port 587",
    "[203.0.113.10]:550",
    "IPv6 2001:db8:450::1",
    "(2001:db8::550)",
    "Exim 4.94.2 #2",
    "Microsoft Exchange Server 15.20.4500.1",
    "(Exim 4.94.2)",
    "(Postfix 2.5.5)",
    "ESMTP Postfix (2.5.5)",
    "OpenSSL/4.5.5",
    "version: 4.5.1",
    "v4.5.1",
    "SpamAssassin (4.0.1)",
    "20: 550 of 600",
]

STATUSES = [
    ("5.1.1", "5.1.1"),
    (" 5.1.1 (bad mailbox)", "5.1.1"),
    ("5.1.1\r\n", "5.1.1"),
    ("5.1.1;x", "5.1.1"),
    ("5.1.1 Bad", "5.1.1"),
    ("#5.1.1", "5.1.1"),
    ("5.01.001", "5.1.1"),
    ("5.000.000", "5.0.0"),
    ("5 . 1 . 1", "5.1.1"),
    ("5.7.999", "5.7.999"),
    ("4.250.1", "4.250.1"),
    ("2.1.5", "2.1.5"),
    ("5.", None),
    ("5.1", None),
    ("550", None),
    ("5.1.x", None),
    ("5.1.1.1", None),
    ("5.1.1234", None),
    ("55.1.1", None),
    ("0.0.0", None),
    ("1.1.1", None),
    ("3.1.1", None),
    ("6.0.0", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("text", "reply", "status"), REPLIES)
def test_refusing_servers_codes(text: str, reply: int | None, status: str | None) -> None:
    """The innermost refusal counts, with the enhanced code that belongs to it."""
    code = innermost(text)
    assert code is not None
    assert (code.reply, code.status) == (reply, status)
    assert code.reply_class == (reply // 100 if reply else int((status or "0")[0]))
    assert text[code.start : code.end].strip()


@pytest.mark.parametrize("text", DECOYS)
def test_numbers_that_are_no_codes(text: str) -> None:
    """Sizes, counts, versions, telephone numbers, addresses, dates, exit codes."""
    assert innermost(text) is None


@pytest.mark.parametrize(("field", "status"), STATUSES)
def test_status_field(field: str | None, status: str | None) -> None:
    """A Status field is normalised or rejected, never misread (RFC 3464, section 2.3.4)."""
    assert read_status(field) == status


@pytest.mark.parametrize(
    ("status", "generic"), [(None, True), ("5.0.0", True), ("4.2.0", True), ("5.1.1", False), ("5.1.10", False)]
)
def test_generic_status(status: str | None, *, generic: bool) -> None:
    """x.y.0 says no more than its subject (RFC 3463, section 3)."""
    assert is_generic(status) is generic


def test_all_codes_in_order() -> None:
    """Every code is given with its place."""
    text = "host mx.example.com said: 450 4.2.0 later\nhost mx.example.org said: 550 gone (#5.1.1)"
    assert [(code.reply, code.status) for code in find_codes(text)] == [(450, "4.2.0"), (550, None), (None, "5.1.1")]
    assert [text[code.start : code.end] for code in find_codes(text)] == ["450 4.2.0", "550", "5.1.1"]


def test_code_without_numbers_has_no_class() -> None:
    """Nothing is invented."""
    assert Code(None, None, 0, 0).reply_class is None


@given(
    st.integers(200, 599).filter(lambda code: code // 100 != 3),
    st.integers(0, 7),
    st.integers(0, 255),
    st.sampled_from([" ", "-", " #"]),
)
def test_every_written_reply_is_read(reply: int, subject: int, detail: int, separator: str) -> None:
    """Reply and enhanced code come back as they were written."""
    text = f"{reply}{separator}{reply // 100}.{subject}.{detail} some words"
    assert [(code.reply, code.status) for code in find_codes(text)] == [(reply, f"{reply // 100}.{subject}.{detail}")]


@given(
    st.text()
    | st.lists(st.sampled_from(["550", "5.1.1", "-", " ", "#", "(", "\n", ":", "said", "<<< ", "user"]), max_size=40).map(
        "".join
    )
)
def test_total(text: str) -> None:
    """Any text gives codes with spans in it, or none."""
    for code in find_codes(text):
        assert 0 <= code.start < code.end <= len(text)
    innermost(text)
    read_status(text)


@pytest.mark.parametrize(
    "unit",
    ["5", "5.1.1 ", "550 ", "550-", "550 5.1.1 x\n", "(", " ", "\n", "#", "said ", "error: ", "5.1.", "a", "<<< 550 5.1.1 x\n"],
)
def test_cost_is_linear(unit: str) -> None:
    """Twice the text costs at most 2.5 times as much; a busy machine gets three chances."""

    def cost(size: int) -> float:
        text, best = (unit * size)[:size], 9.0
        for _ in range(3):
            start = time.perf_counter()
            innermost(text)
            best = min(best, time.perf_counter() - start)
        return best

    for _ in range(3):
        half, whole = cost(16_384), cost(32_768)
        if whole <= max(2.5 * half, 0.001):
            break
    assert whole <= max(2.5 * half, 0.001), f"{half * 1e3:.2f} ms, then {whole * 1e3:.2f} ms"
