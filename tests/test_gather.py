"""Which format's word counts, field by field."""

from __future__ import annotations

import pytest

from bouncery import Action, Kind, parse
from bouncery.formats.reading import Claim, Reading, Spot
from bouncery.gather import gather, is_complete, witnesses
from bouncery.model import Evidence, Source

FAILED, DELAYED = Action.FAILED, Action.DELAYED


def dsn(*claims: Claim, mta: str | None = "mx.example.org") -> Reading:
    """Give what a delivery status said."""
    return Reading(
        format="dsn", claims=claims, reporting_mta=mta, envelope_id="e", arrival_date="2026-11-23T10:00:00Z", notes=("n",)
    )


def text(*claims: Claim, kind: Kind | None = Kind.FAILURE) -> Reading:
    """Give what prose said."""
    return Reading(format="text", kind=kind, claims=claims, reporting_mta="other.example.org")


MERGED = [
    # A generic status and no words: prose gives both.
    (
        Claim(address="u@a.test", action=FAILED, status="5.0.0"),
        Claim(address="u@a.test", action=FAILED, status="5.1.1", reply=550, diagnostic="550 5.1.1 no"),
        ("5.1.1", 550, "550 5.1.1 no"),
    ),
    # A specific status stands; the reply and its words come from prose.
    (
        Claim(address="u@a.test", action=FAILED, status="5.2.2"),
        Claim(address="u@a.test", status="5.2.2", reply=550, diagnostic="550 no"),
        ("5.2.2", 550, "550 no"),
    ),
    # Words with a reply stand.
    (
        Claim(address="u@a.test", action=FAILED, reply=552, diagnostic="552 full"),
        Claim(address="u@a.test", reply=550, diagnostic="550 no"),
        (None, 552, "552 full"),
    ),
    # Words without a reply give way to words with one.
    (
        Claim(address="u@a.test", action=FAILED, diagnostic="unknown"),
        Claim(address="U@A.test", reply=550, diagnostic="550 no"),
        (None, 550, "550 no"),
    ),
    # Prose on somebody else adds nothing where there are two.
    (Claim(address="u@a.test", action=FAILED), None, (None, None, None)),
]


@pytest.mark.parametrize(("machine", "prose", "facts"), MERGED)
def test_prose_fills_gaps(machine: Claim, prose: Claim | None, facts: tuple[str | None, int | None, str | None]) -> None:
    """Prose fills what the report leaves open, and overrules nothing that is specific."""
    readings = [
        dsn(machine),
        text(*([prose] if prose else [Claim(address="x@a.test", reply=550), Claim(address="y@a.test", reply=550)])),
    ]
    gathered = gather(readings)
    (found,) = gathered.facts
    assert (found.recipient.status, found.recipient.reply, found.recipient.diagnostic) == facts
    assert found.recipient.address == "u@a.test"
    assert (gathered.kind, gathered.formats) == (Kind.FAILURE, ("dsn", "text"))
    assert (gathered.reporting_mta, gathered.envelope_id) == ("mx.example.org", "e")
    assert gathered.notes == ("n",)


def test_address_and_final_address() -> None:
    """The mailed address is reported; the one that was tried only where it differs."""
    rows = gather(
        [
            dsn(
                Claim(address="u@a.test", final_address="V@b.test", action=FAILED),
                Claim(address="w@a.test", final_address="W@A.test", action=FAILED),
            )
        ]
    ).facts
    assert [(row.recipient.address, row.recipient.final_address) for row in rows] == [
        ("u@a.test", "V@b.test"),
        ("w@a.test", None),
    ]


def test_local_part_lives_at_the_reporting_host() -> None:
    """A local part is completed by the reporting host, or by prose that knows the whole address."""
    (alone,) = gather([dsn(Claim(final_address="root", action=FAILED))]).facts
    assert alone.recipient.address == "root@mx.example.org"
    (told,) = gather([dsn(Claim(final_address="root", action=FAILED)), text(Claim(address="root@a.test"))]).facts
    assert told.recipient.address == "root@a.test"
    (unknown,) = gather([dsn(Claim(final_address="root", action=FAILED), mta=None)]).facts
    assert unknown.recipient.address == "root"


def test_claims_on_one_address_are_one_recipient() -> None:
    """Of several claims on an address the worst and best explained one stands."""
    claims = (
        Claim(address="u@a.test", action=DELAYED, status="4.4.1"),
        Claim(address="u@A.test", action=FAILED),
        Claim(address="U@a.test", action=FAILED, reply=550, status="5.1.1"),
        Claim(action=FAILED),
        Claim(action=FAILED),
    )
    (row,) = gather([dsn(*claims)]).facts
    assert (row.recipient.action, row.recipient.status) == (FAILED, "5.1.1")


KINDS = [
    ([], Kind.OTHER),
    ([dsn(Claim(address="u@a.test", action=FAILED), Claim(address="v@a.test", action=DELAYED))], Kind.FAILURE),
    ([dsn(Claim(address="u@a.test", action=DELAYED), Claim(address="v@a.test", action=Action.DELIVERED))], Kind.DELAY),
    ([dsn(Claim(address="u@a.test", action=Action.EXPANDED))], Kind.EXPANDED),
    ([dsn(Claim(address="u@a.test", action=Action.RELAYED))], Kind.RELAYED),
    ([dsn(Claim(action=FAILED))], Kind.FAILURE),
    ([dsn(Claim(address="u@a.test"))], Kind.OTHER),
    ([dsn(), text(Claim(address="u@a.test"), kind=Kind.DELAY)], Kind.DELAY),
    ([text(Claim(address="u@a.test", action=FAILED), kind=None)], Kind.FAILURE),
    ([Reading(format="feedback", kind=Kind.COMPLAINT), dsn(Claim(address="u@a.test", action=FAILED))], Kind.COMPLAINT),
    ([Reading(format="autoreply", kind=Kind.AUTO_REPLY)], Kind.AUTO_REPLY),
    ([text(Claim(address="u@a.test")), Reading(format="autoreply", kind=Kind.AUTO_REPLY)], Kind.FAILURE),
]


@pytest.mark.parametrize(("readings", "kind"), KINDS)
def test_kind(readings: list[Reading], kind: Kind) -> None:
    """Reports by machines come first, then prose, then automatic replies; of several actions the worst counts."""
    assert gather(readings).kind is kind


def test_prose_keeps_what_the_report_knows_of_the_message() -> None:
    """A report without recipients still tells who reports."""
    gathered = gather([dsn(), text(Claim(address="u@a.test", action=FAILED))])
    assert (gathered.reporting_mta, gathered.formats) == ("mx.example.org", ("dsn", "text"))


def test_a_cause_is_not_explained_by_words_about_another() -> None:
    """Where report and prose name two specific causes, the prose may be about somebody else."""
    claim = Claim(address="u@a.test", action=FAILED, status="5.2.2")
    (facts,) = gather(
        [dsn(claim), text(Claim(address="u@a.test", action=FAILED, status="5.1.1", reply=550, diagnostic="550 5.1.1 no"))]
    ).facts
    assert (facts.recipient.status, facts.recipient.reply, facts.recipient.diagnostic) == ("5.2.2", None, None)


def test_what_was_heard_for_the_address_outranks_a_status_of_the_sender() -> None:
    """Sendmail writes 5.1.1 for a refusal that it did not understand; the transcript has the server's own code."""
    claim = Claim(address="u@a.test", action=FAILED, status="5.1.1")
    told = Claim(address="u@a.test", action=FAILED, status="4.2.2", reply=550, diagnostic="550 4.2.2 full", heard=True)
    (facts,) = gather([dsn(claim), text(told)]).facts
    assert (facts.recipient.status, facts.recipient.reply, facts.recipient.diagnostic) == ("4.2.2", 550, "550 4.2.2 full")


@pytest.mark.parametrize("action", [Action.DELIVERED, Action.DELAYED])
def test_an_alias_is_alive_while_one_mailbox_is(action: Action) -> None:
    """One mailbox behind it is dead, another one took the message or still may."""
    dead = Claim(address="team@a.test", final_address="u@b.test", action=FAILED, status="5.1.1")
    other = Claim(address="team@a.test", final_address="v@b.test", action=action)
    (facts,) = gather([dsn(dead, other)]).facts
    assert facts.recipient.reached
    assert facts.recipient.final_address == "u@b.test"


COMPLETE = [
    ([], False),
    ([dsn()], False),
    ([Reading(format="feedback", kind=Kind.COMPLAINT)], True),
    ([dsn(Claim(address="u@a.test", action=FAILED, reply=550, diagnostic="550 no"))], True),
    ([dsn(Claim(address="u@a.test", action=FAILED, status="5.1.1", diagnostic="no"))], True),
    ([dsn(Claim(address="u@a.test", action=FAILED, status="5.0.0", diagnostic="no"))], False),
    ([dsn(Claim(address="u@a.test", action=FAILED, status="5.1.1"))], False),
    ([dsn(Claim(address="u@a.test", action=Action.DELIVERED))], True),
    ([dsn(Claim(address="u", action=FAILED, reply=550, diagnostic="550 no"))], False),
    ([dsn(Claim(address="u@a.test", reply=550, diagnostic="550 no"))], False),
]


@pytest.mark.parametrize(("readings", "complete"), COMPLETE)
def test_prose_is_read_only_for_gaps(readings: list[Reading], complete: bool) -> None:  # noqa: FBT001 - a column of the table
    """Prose is read where an address, an action or a cause is missing."""
    assert is_complete(readings) is complete


def test_witnesses() -> None:
    """The words come first, then the Status field; an action is a witness only where there is nothing else."""
    claim = Claim(action=FAILED, status="5.1.1", diagnostic="no", spot=Spot(1, 2, 4), status_spot=Spot(1, 7, 12))
    assert witnesses(claim)[0] == Evidence(Source.DIAGNOSTIC, "no", 1, 2, 4)
    assert [witness.source for witness in witnesses(claim)] == [Source.DIAGNOSTIC, Source.STATUS]
    assert witnesses(Claim(action=FAILED)) == (Evidence(Source.ACTION, "failed"),)
    assert witnesses(Claim()) == ()


def test_nothing_is_gathered_from_nothing() -> None:
    """An empty message is of kind other, without recipients."""
    report = parse(b"")
    assert (report.kind, report.recipients, report.formats) == (Kind.OTHER, (), ())
