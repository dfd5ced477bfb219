# ruff: noqa: D103 - a test's name says what it holds
"""Mail routing and the domain name system (RFC 974, RFC 1123, RFC 5321) and the null MX record (RFC 7505)."""

from __future__ import annotations

import pytest

from bouncery import Decision, Reason, classify
from bouncery.model import Action


@pytest.mark.parametrize(
    "words",
    [
        "DNS lookup of nodomain.example: name error",
        "DNS lookup of nodomain.example gave NXDOMAIN",
        "Host or domain name not found. Name service error for name=nodomain.example type=A: Host not found",
        "550 5.1.2 <u@nodomain.example>... Host unknown (nodomain.example: host not found)",
        "550 nodomain.example: domain does not exist",
    ],
)
def test_dns_1_a_name_that_does_not_exist(words: str) -> None:
    verdict = classify(words, action=Action.FAILED)
    assert (verdict.decision, verdict.reason) == (Decision.HARD, Reason.DOMAIN_UNKNOWN)


@pytest.mark.parametrize(
    "words",
    [
        "DNS lookup of example.com: server failure",
        "DNS lookup of example.com gave SERVFAIL",
        "DNS query for example.com timed out",
        "Host or domain name not found. Name service error for name=example.com type=MX: Host not found, try again",
        "451 4.4.3 example.com: name server timeout",
        "550 5.4.4 Unable to look up example.com: SERVFAIL",
    ],
)
def test_dns_1_a_server_that_did_not_answer(words: str) -> None:
    verdict = classify(words, action=Action.FAILED)
    assert (verdict.decision, verdict.reason) == (Decision.RETRY, Reason.DNS_FAILURE)


@pytest.mark.parametrize(
    "words",
    [
        "556 5.1.10",
        "550 5.1.10",
        "556 5.1.10 <u@example.com>: Recipient address has null MX",
        "550 5.1.10 <u@example.com>: Recipient address has null MX",
        "550 <u@example.com>: the domain has a null MX",
        "Domain example.com does not accept mail (nullMX)",
    ],
)
def test_dns_2_null_mx_of_the_recipient(words: str) -> None:
    verdict = classify(words, action=Action.FAILED)
    assert (verdict.decision, verdict.reason) == (Decision.HARD, Reason.NULL_MX)


@pytest.mark.parametrize("words", ["550 5.7.27", "550 5.7.27 <s@example.net>: Sender address has null MX"])
def test_dns_2_null_mx_of_the_sender(words: str) -> None:
    verdict = classify(words)
    assert (verdict.decision, verdict.reason) == (Decision.SOFT, Reason.SENDER_REJECTED)


@pytest.mark.parametrize(
    "words",
    [
        "mail for example.com loops back to myself",
        "553 5.3.5 mx.example.org. config error: mail loops back to me (MX problem?)",
        "554 5.3.5 MX list for example.com. points back to mx.example.org",
        "The MX record of example.com points to itself",
        "554 5.4.6 Too many hops 26 (25 max): from <s@example.net>",
        "554 5.4.6",
    ],
)
def test_dns_3_a_loop_is_no_dead_address(words: str) -> None:
    verdict = classify(words, action=Action.FAILED)
    assert (verdict.decision, verdict.reason) == (Decision.SOFT, Reason.ROUTING_LOOP)


@pytest.mark.parametrize("words", ["550 example.com has no MX", "550 no MX for example.com", "498 No MX for example.com"])
def test_dns_4_without_mx_a_host_may_have_an_address(words: str) -> None:
    """Such words tell of half a lookup (RFC 5321, section 5.1)."""
    assert classify(words, action=Action.FAILED).decision is not Decision.HARD


@pytest.mark.parametrize(
    "words",
    [
        "550 example.com has no MX or A records",
        "550 no MX or address records for example.com",
        "No MX found for domain",
        "554 5.7.1 no MX record found for domain=example.com",
    ],
)
def test_dns_4_with_neither_there_is_nowhere_to_deliver(words: str) -> None:
    """OpenSMTPD and Yahoo name only the MX, but report it where they found nowhere to deliver (the house's dictionary)."""
    assert classify(words, action=Action.FAILED).reason is Reason.DOMAIN_UNKNOWN
