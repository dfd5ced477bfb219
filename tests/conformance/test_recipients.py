"""Whom a group of a delivery status is about, and what happened to the mail (RFC 3464, section 2.3; RFC 3461, section 4)."""

from __future__ import annotations

import pytest

from bouncery import parse
from tests.conformance.rendered import REPORTING, RETURNED, dsn, failed, groups, only

FATE = "Action: failed\nStatus: 5.1.1"


def about(*fields: str, returned: str | None = None, text: str = "Not delivered.") -> bytes:
    """Give a report on one recipient that is named by fields."""
    return dsn(groups("\n".join((*fields, FATE))), returned=returned, text=text)


def test_dsn_30_original_recipient() -> None:
    """The address the sender mailed matches the subscriber; its case is preserved."""
    recipient = only(about("Original-Recipient: rfc822;Jo.Doe@Example.COM", "Final-Recipient: rfc822; jo.doe@example.com"))
    assert (recipient.address, recipient.final_address) == ("Jo.Doe@Example.COM", None)


def test_dsn_30_original_recipient_is_optional() -> None:
    """Without it, the final one stands for it."""
    assert only(about("Final-Recipient: rfc822; Jo.Doe@Example.COM")).address == "Jo.Doe@Example.COM"


MESSES = [
    "",
    ";;;",
    "rfc822;",
    "rfc822; @",
    "rfc822; \x01\x02",
    "rfc822; (((",
    "rfc822; <<>>",
    '"',
    "rfc822; " + "a@" * 500,
    "\\x{",
]


@pytest.mark.parametrize("mess", MESSES)
def test_dsn_31_unrecognizable_final_recipient(mess: str) -> None:
    """RFC 3464, section 2.3.2 warns of "a totally unrecognizable mess": no address is made of it."""
    report = parse(about(f"Final-Recipient: {mess}"))
    assert (report.kind, [recipient.address for recipient in report.recipients]) == ("failure", [])


@pytest.mark.parametrize("mess", ["CN=Jo Doe/O=Office", "rfc822; jo doe at office", "unknown; jo_doe"])
def test_dsn_31_mess_is_kept(mess: str) -> None:
    """It can be seen as it stands: beside the address of another field, or in a note."""
    recipient = only(about("Original-Recipient: rfc822;u@example.com", f"Final-Recipient: {mess}"))
    assert recipient.address == "u@example.com"
    assert ("Final-Recipient", mess) in recipient.fields
    alone = parse(about(f"Final-Recipient: {mess}"))
    assert [note for note in alone.notes if note.startswith("recipient unreadable: ") and mess in note] != []


@pytest.mark.parametrize("address_type", ["rfc822", "RFC822", "Rfc822", "utf-8", "UTF-8", "smtp", "x-mail"])
def test_dsn_32_address_types(address_type: str) -> None:
    """The type is case-insensitive; a mail address is one under any type."""
    assert only(about(f"Final-Recipient: {address_type}; u@example.com")).address == "u@example.com"


FOREIGN = [
    "x400; /G=Jo/S=Doe/PRMD=Office/C=DE/",
    "unknown; jo_doe",
    "x-notes; CN=Jo Doe/O=Office",
    "fax; +49-731-123",
    "x400; jo",
]


@pytest.mark.parametrize("value", FOREIGN)
def test_dsn_32_foreign_address_types(value: str) -> None:
    """A name of another mail system is no address, and no host is put behind it."""
    assert [recipient.address for recipient in parse(about(f"Final-Recipient: {value}")).recipients] == []


def test_dsn_32_local_name() -> None:
    """A local name lives at the host that reports: that is what its type says."""
    assert only(about("Final-Recipient: local; jo")).address == "jo@mx.example.org"


SPELLINGS = [
    "u@example.com",
    "<u@example.com>",
    "rfc822; <u@example.com>",
    "rfc822;<u@example.com>",
    "mailto:u@example.com",
    "rfc822; mailto:u@example.com",
    'rfc822; "u@example.com"',
    "rfc822; 'u@example.com'",
    "rfc822; u@example.com.",
    "rfc822; u@example.com;",
    "rfc822; u@example.com,",
    "rfc822; Jo Doe <u@example.com>",
    'rfc822; "Doe, Jo" <u@example.com>',
    "rfc822; u @ example.com",
    "rfc822; u@ example.com",
    "rfc822; @a.example.net,@b.example.net:u@example.com",
    "rfc822; <@a.example.net:u@example.com>",
    "rfc822; rfc822; u@example.com",
]


@pytest.mark.parametrize("value", SPELLINGS)
def test_dsn_33_spellings(value: str) -> None:
    """What stands around an address is taken off; a source route is reduced to its end (RFC 5321, section 6.1)."""
    assert only(about(f"Final-Recipient: {value}")).address == "u@example.com"


def test_dsn_33_null_path() -> None:
    """`<>` is nobody."""
    assert parse(about("Final-Recipient: rfc822; <>")).recipients == ()


ODD_ADDRESSES = [
    '"a b"@example.com',
    '"a;b"@example.com',
    '"a@b"@example.com',
    '"a\\"b"@example.com',
    "u@[192.0.2.1]",
    "u@[IPv6:2001:db8::1]",
    "u+tag@example.com",
    "bounce-u=example.net@example.com",
    "host!u@example.com",
    "u%example.net@example.com",
    "o'neil@example.com",
    "u/team=x@example.com",
    "{u}@example.com",
]


@pytest.mark.parametrize("address", ODD_ADDRESSES)
@pytest.mark.parametrize("field", ["Final-Recipient: rfc822;", "Final-Recipient: rfc822; ", "Original-Recipient: rfc822;"])
def test_dsn_34_odd_addresses(address: str, field: str) -> None:
    """Only the first semicolon separates; quotes and special characters belong to the address."""
    assert only(about(f"{field}{address}")).address == address


TO_CAPITAL = RETURNED.replace("To: u@example.com", "To: uA@example.com")
XTEXT = [
    # Final-Recipient, the returned To, or a pattern that only xtext has says which form is meant; failing that, as it stands.
    ("u+2Btag@example.com", "u+tag@example.com", None, "u+tag@example.com"),
    ("u+2Btag@example.com", "u+2Btag@example.com", None, "u+2Btag@example.com"),
    ("u+2Btag@example.com", "w@example.net", None, "u+tag@example.com"),
    ("u+20@example.com", "u+20@example.com", None, "u+20@example.com"),
    ("u+20@example.com", "w@example.net", None, "u+20@example.com"),
    ("u+41@example.com", "w@example.net", None, "u+41@example.com"),
    ("u+41@example.com", "ua@example.com", None, "uA@example.com"),
    ("u+41@example.com", "w@example.net", TO_CAPITAL, "uA@example.com"),
    ("u+2btag@example.com", "u+2btag@example.com", None, "u+2btag@example.com"),
    ("bounce+3Du@example.com", "w@example.net", None, "bounce=u@example.com"),
]


@pytest.mark.parametrize(("original", "final", "returned", "address"), XTEXT)
def test_dsn_35_xtext_is_a_candidate(original: str, final: str, returned: str | None, address: str) -> None:
    """`+HH` may be xtext or the address itself (RFC 3461, section 4); the field can be seen as it stands."""
    recipient = only(about(f"Original-Recipient: rfc822;{original}", f"Final-Recipient: rfc822; {final}", returned=returned))
    assert recipient.address == address
    assert recipient.fields[0] == ("Original-Recipient", f"rfc822;{original}")


@pytest.mark.parametrize(
    "value", ["rfc822;u@example.com", "rfc822;   u@example.com", "rfc822 ; u@example.com", "rfc822;\tu@example.com"]
)
def test_dsn_36_white_space_around_the_semicolon(value: str) -> None:
    """RFC 1894 allowed it within its xtext as well, RFC 3464 no longer."""
    recipient = only(about(f"Original-Recipient: {value}", "Final-Recipient: rfc822; w@example.net"))
    assert (recipient.address, recipient.final_address) == ("u@example.com", "w@example.net")


ACTIONS = [
    ("failed", "failed"),
    ("FAILED", "failed"),
    ("Failed (bad destination mailbox address)", "failed"),
    ("failure", "failed"),
    ("Fail", "failed"),
    ("error", "failed"),
    ("expired", "failed"),
    ("fehlgeschlagen", "failed"),
    ("Delayed", "delayed"),
    ("delayed (first warning)", "delayed"),
    ("DELIVERED", "delivered"),
    ("deliverable", "delivered"),
    ("Relayed", "relayed"),
    ("expanded", "expanded"),
]


@pytest.mark.parametrize(("word", "action"), ACTIONS)
def test_dsn_37_actions(word: str, action: str) -> None:
    """Any case, comments, and the words that servers use besides the five of RFC 3464."""
    recipient = only(dsn(groups(f"Final-Recipient: rfc822; u@example.com\nAction: {word}\nStatus: 4.4.7")))
    assert (recipient.action, recipient.final) == (action, action == "failed")
    assert ("Action", word) in recipient.fields


@pytest.mark.parametrize("row", ["", "Action: \n", "Action: zap\n"])
@pytest.mark.parametrize(("status", "decision"), [("5.1.1", "hard"), ("4.4.1", "retry"), ("2.1.5", None)])
def test_dsn_37_action_from_status(row: str, status: str, decision: str | None) -> None:
    """Where the action is missing or unknown, the class of the status tells it."""
    recipient = only(dsn(groups(f"Final-Recipient: rfc822; u@example.com\n{row}Status: {status}")))
    assert (recipient.status, recipient.verdict.decision) == (status, decision)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_dsn_38_no_failure(action: str) -> None:
    """No decision; nothing is final about mail that was passed on."""
    report = parse(dsn(groups(failed("u@example.com", "2.0.0", action=action))))
    (recipient,) = report.recipients
    assert (report.kind, recipient.final, recipient.verdict.decision, recipient.verdict.reason) == (action, False, None, None)


@pytest.mark.parametrize("status", ["4.4.1", "4.1.1", "5.1.1", "5.0.0"])
def test_dsn_39_delay(status: str) -> None:
    """Never more than retry, and never final (RFC 3464, appendix C)."""
    words = "Diagnostic-Code: smtp; 450 4.1.1 User unknown"
    report = parse(dsn(groups(failed("u@example.com", status, words, action="delayed"))))
    (recipient,) = report.recipients
    assert (report.kind, recipient.final, recipient.verdict.decision) == ("delay", False, "retry")


@pytest.mark.parametrize("status", ["4.4.1", "4.4.7", "4.2.2", "4.0.0", "4.3.1"])
def test_dsn_40_gave_up(status: str) -> None:
    """A final report of a temporary condition: `final` and retry together say that the server gave up.

    A final "user unknown" of class 4 is hard all the same: the server asked for days and heard nothing else.
    """
    recipient = only(dsn(groups(failed("u@example.com", status))))
    assert (recipient.action, recipient.final, recipient.verdict.decision) == ("failed", True, "retry")


CONTRADICTIONS = [
    ("relayed", "5.1.1", None),
    ("delivered", "5.7.1", None),
    ("expanded", "5.2.2", None),
    ("failed", "2.0.0", "soft"),
]


@pytest.mark.parametrize(("action", "status", "decision"), CONTRADICTIONS)
def test_dsn_41_action_against_status(action: str, status: str, decision: str | None) -> None:
    """The action says whether it is a failure; the contradiction is noted."""
    report = parse(dsn(groups(failed("u@example.com", status, action=action))))
    (recipient,) = report.recipients
    assert (recipient.action, recipient.status, recipient.verdict.decision) == (action, status, decision)
    assert [note for note in report.notes if note.startswith("contradiction: ")] != []


@pytest.mark.parametrize(
    ("action", "status"), [("relayed", "2.1.9"), ("failed", "5.1.1"), ("failed", "4.4.7"), ("delayed", "4.4.1")]
)
def test_dsn_41_no_contradiction(action: str, status: str) -> None:
    """What goes together is not noted."""
    assert parse(dsn(groups(failed("u@example.com", status, action=action), per_message=REPORTING))).notes == ()


def test_dsn_57_alias_that_reached_somebody() -> None:
    """One mailed address, two mailboxes behind it: while mail reaches one of them, its owner is not to be removed."""
    original = "Original-Recipient: rfc822;team@example.com\n"
    dead, alive = failed("a@example.net", "5.1.1"), failed("b@example.net", "2.0.0", action="delivered")
    for order in ((dead, alive), (alive, dead)):
        recipient = only(dsn(groups(*(original + group for group in order))))
        assert (recipient.address, recipient.final_address, recipient.action) == ("team@example.com", "a@example.net", "failed")
        assert recipient.verdict.decision == "soft"
