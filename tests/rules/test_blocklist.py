# ruff: noqa: D103 - a test's name says what it holds
"""The blocklist that a reply names."""

from __future__ import annotations

import time

import pytest

from bouncery.model import Blocklist
from bouncery.rules.blocklist import TEXT_LIMIT, blocklist, table

NAMED = [
    ("554 5.7.1 Client host [192.0.2.5] blocked using zen.spamhaus.org", "Spamhaus ZEN", "ip", "192.0.2.5"),
    ("554 5.7.1 Service unavailable; Client host [2001:db8::25] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/2001:db8::25",
     "Spamhaus ZEN", "ip", "2001:db8::25"),
    ("550 blocked using a1b2c3.zen.dq.spamhaus.net=127.0.0.4, 192.0.2.5", "Spamhaus ZEN", "ip", "192.0.2.5"),
    ("550 192.0.2.5 is listed in Spamhaus SBL", "Spamhaus SBL", "ip", "192.0.2.5"),
    ("554 Connection refused. 192.0.2.5 is on the Exploits Block List (XBL)", "Spamhaus XBL", "ip", "192.0.2.5"),
    ("550-5.7.1 Rejected because\r\n550-5.7.1 192.0.2.5 is listed at pbl.spamhaus.org\r\n550 5.7.1 see there", "Spamhaus PBL",
     "ip", "192.0.2.5"),
    ("550 Helo command [mail.example.org] blocked using dbl.spamhaus.org", "Spamhaus DBL", "domain", "mail.example.org"),
    ("554 5.7.1 Sender address [s@example.org] blocked using dbl.spamhaus.org", "Spamhaus DBL", "domain", "example.org"),
    ("550 5.7.1 Rejected, having the domain example.org present in the Spamhaus DBL", "Spamhaus DBL", "domain", "example.org"),
    ("550 5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus (S8002)", "Spamhaus", "domain", None),
    ("550 5.7.1 Client host [192.0.2.5] blocked using Spamhaus. (AS16012611)", "Spamhaus", "ip", "192.0.2.5"),
    ("553 5.7.1 [BL23] Connections not accepted from 192.0.2.5", "Spamhaus XBL", "ip", "192.0.2.5"),
    ("553 5.7.1 [TSS07] Connections not accepted from 192.0.2.5", "Spamhaus", "ip", "192.0.2.5"),
    ("550 your domain example.org is listed by Spamhaus", "Spamhaus", "domain", "example.org"),
    ("554 Rejected: see https://www.spamhaus.org/query/ip/192.0.2.5", "Spamhaus", "ip", "192.0.2.5"),
    ("554 5.7.1 Client host [192.0.2.5] blocked using b.barracudacentral.org", "Barracuda", "ip", "192.0.2.5"),
    ("554 Barracuda Reputation; http://barracudanetworks.com/reputation/?ip=192.0.2.5", "Barracuda", "ip", "192.0.2.5"),
    ("550 5.7.1 Blocked - see http://www.spamcop.net/bl.shtml?192.0.2.5", "SpamCop", "ip", "192.0.2.5"),
    ("550 5.7.1 Client host [192.0.2.5] blocked using bl.spamcop.net; Blocked", "SpamCop", "ip", "192.0.2.5"),
    ("550 192.0.2.5 rejected by ix.dnsbl.manitu.net", "NiX Spam", "ip", "192.0.2.5"),
    ("550 192.0.2.5 found in UCEPROTECT-Level3", "UCEPROTECT Level 3", "ip", "192.0.2.5"),
    ("550 Client host [192.0.2.5] blocked using dnsbl-1.uceprotect.net", "UCEPROTECT Level 1", "ip", "192.0.2.5"),
    ("550 A URL in this message (www.example.org) is listed on multi.uribl.com", "URIBL", "url", "www.example.org"),
    ("550 The link http://shop.example.org/ is listed on SURBL", "SURBL", "url", "shop.example.org"),
    ("550 5.5.4 ETP208 Your IP 192.0.2.5 is listed by Invaluement", "ivmSIP", "ip", "192.0.2.5"),
    ("554 IP blacklisted by CSI. Use http://csi.cloudmark.com/reset-request/?ip=192.0.2.5", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("554 192.0.2.5 blocked using cm-csi-v11; Cloudmark Poor Reputation Sender", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("550 192.0.2.5 is blacklisted at hostkarma.junkemailfilter.com", "Hostkarma", "ip", "192.0.2.5"),
    ("550 The sending IP (192.0.2.5) is listed on https://spamrl.com/.", "SpamRL", "ip", "192.0.2.5"),
    ("550 A URL in this email (example.org) is listed on https://spamrl.com/.", "SpamRL", "url", "example.org"),
    ("550 Client host [192.0.2.5] blocked using psbl.surriel.com", "PSBL", "ip", "192.0.2.5"),
    ("550 Client host [192.0.2.5] blocked using spam.dnsbl.sorbs.net", "SORBS", "ip", "192.0.2.5"),
    ("550 Client host [192.0.2.5] blocked using truncate.gbudb.net", "GBUdb Truncate", "ip", "192.0.2.5"),
    ("550 5.7.1 client [192.0.2.5] blocked using prs.proofpoint.com", "Proofpoint Dynamic Reputation", "ip", "192.0.2.5"),
    ("554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.5", "Proofpoint Dynamic Reputation", "ip", "192.0.2.5"),
    ("550 192.0.2.5 is listed in RATS-Dyna", "RATS-Dyna", "ip", "192.0.2.5"),
    ("553 5.3.0 flpd999 DNSBL:ATTRBL 521< 192.0.2.5 >_is_blocked.", "AT&T RBL", "private", "192.0.2.5"),
    ("550 5.7.1 Client host [192.0.2.5] blocked using Trend Micro RBL+.", "Trend Micro RBL+", "ip", "192.0.2.5"),
    ("450 4.7.1 [192.0.2.5] blocked using Trend Micro Email Reputation Service (QIL)", "Trend Micro QIL", "ip", "192.0.2.5"),
    ("554 192.0.2.5 found on one or more DNSBLs, see #BL000001", "Spamhaus ZEN", "ip", "192.0.2.5"),
    ("554 192.0.2.5 found on one or more DNSBLs, see #BL000010", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("554 192.0.2.5 found on one or more DNSBLs, see #BL000100", "SenderScore", "ip", "192.0.2.5"),
    ("554 Cox 192.0.2.5 rejected AUP#IPBL0100", "ivmSIP", "ip", "192.0.2.5"),
    ("554 Cox 192.0.2.5 rejected AUP#IPBL1000", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("550 URL in the body AUP#URLBL010", "SURBL", "url", None),
    ("554 192.0.2.5 rejected AUP#In-1200", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("554 192.0.2.5 rejected AUP#In-1220", "Spamhaus", "ip", "192.0.2.5"),
    ("554 Connection refused. IB104", "Spamhaus SBL", "ip", None),
    ("550 Service refuse. OFR006_102 192.0.2.5", "Cloudmark CSI", "ip", "192.0.2.5"),
    ("550 Client host blocked. LPN001_101 192.0.2.5", "Spamhaus", "ip", "192.0.2.5"),
    ("550 5.7.1 Messages from [192.0.2.5] weren't sent; it is on our block list (S3150).", "Microsoft", "private", "192.0.2.5"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.5]. (AS16012609)", "Microsoft", "private", "192.0.2.5"),
    ("550 [192.0.2.5] blocked using Customer Block list", "Microsoft customer block list", "private", "192.0.2.5"),
    ("554 5.7.1 Client host [192.0.2.5] blocked using spamsource.mail.yandex.net", "Yandex", "private", "192.0.2.5"),
    ("550 Client host [192.0.2.5] blocked using rbl.example.net", "rbl.example.net", "ip", "192.0.2.5"),
    ("550 192.0.2.5 listed at dnsbl.example.org", "dnsbl.example.org", "ip", "192.0.2.5"),
    ("550 Sender address [s@example.com] blocked using dbl.example.net", "dbl.example.net", "domain", "example.com"),
    ("554 rejected by spamlist.example.net: 192.0.2.5", "spamlist.example.net", "ip", "192.0.2.5"),
]  # fmt: skip
UNNAMED = [
    "",
    "550 5.1.1 <u@example.com>: User unknown",
    "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550",
    "550 5.1.1 cuda_nsu <u@example.com>... User unknown",
    "550 permanent failure for one or more recipients (u@example.com:blocked)",
    "550 5.1.1 <u@example.com>: not here (Proofpoint Essentials)",
    "550 Message blocked by Cloudmark content filter",
    "550 Message rejected by Barracuda spam firewall",
    "550 sender is blacklisted by recipient",
    "550 You are blacklisted by the user",
    "550 your address is on our internal blacklist",
    "550 5.7.1 rejected due to local blacklist",
    "550 5.7.1 Message blocked by policy",
    "550 mail rejected by mx.example.com",
    "554 blocked by gateway.example.net",
    "550 relay access denied by mail.example.com",
    "550 5.7.1 Message found in mail.example.com/quarantine",
    "450 4.7.1 Greylisted by mx.example.com",
    "550 192.0.2.5 is not listed in zen.spamhaus.org",
    "250 192.0.2.5 is whitelisted by list.dnswl.org",
    "550 return path does not resolve, blocked",
    "550 Spamhaus is what we read",
    "554 Mailbox full: 192.0.2.5",
    "550 write to postmaster@spamcop.net",
    "550 5.7.1 TLS required by example.com",
    "550 the blacklist is empty",
    "550 RBL",
    "550 blocked using our own list",
    "550 listed in the directory",
    "550 AUP#IPBL0000",
    "550 #BL111",
]


@pytest.mark.parametrize(("text", "name", "kind", "listed"), NAMED)
def test_a_named_list_is_found(text: str, name: str, kind: str, listed: str | None) -> None:
    assert blocklist(text) == Blocklist(name, kind, listed)


@pytest.mark.parametrize("text", UNNAMED)
def test_products_servers_and_unnamed_lists_are_none(text: str) -> None:
    assert blocklist(text) is None


@pytest.mark.parametrize(("text", "name", "kind", "listed"), NAMED)
def test_case_does_not_matter(text: str, name: str, kind: str, listed: str | None) -> None:
    assert blocklist(text.upper()) == Blocklist(name, kind, listed)


def test_the_table_is_consistent() -> None:
    phrases = [phrase for row in table().list for phrase in (*row.zones, *row.names, *row.codes, *row.links)]
    assert len(phrases) == len(set(phrases))
    assert all(phrase == phrase.casefold() for phrase in phrases)
    assert {row.kind for row in table().list} | {mask.kind for mask in table().bits} == {"ip", "domain", "url", "private"}


HOSTILE = [
    *(
        "listed on ",
        "blocked using a.",
        "a.",
        "192.0.2.5 ",
        "spamhaus ",
        "zen.spamhaus.org ",
        "domain ",
        "sender address [s@",
        "1:",
        "ip=",
    ),
    *(
        "#bl0",
        "aup#ipbl1",
        "ofr",
        "_101",
        "url in this message (",
        "listed on the dnsbl ",
        "550-5.7.1 ",
        "a" * 70 + ".",
        "9." * 9,
    ),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_cost_grows_no_faster_than_the_text(piece: str) -> None:
    def cost(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        start = time.process_time()
        for _ in range(3):
            blocklist(text)
        return time.process_time() - start

    cost(1024)
    assert cost(16_384) <= 24 * max(cost(2_048), 0.002)


def test_only_the_head_of_a_text_is_read() -> None:
    assert blocklist("x" * TEXT_LIMIT + " blocked using zen.spamhaus.org") is None
