"""What one format reads of a message, before anything is compared or completed: claims with their witnesses."""

from __future__ import annotations

import msgspec

from bouncery.model import Action, Kind, Source, Stage


class Spot(msgspec.Struct, frozen=True):
    """Where words stand: a leaf part and a span of its decoded text."""

    part: int
    start: int
    end: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about one recipient.

    `address` is the one the sender mailed, `final_address` the one that was tried, where a format tells them apart; either may
    be a mere local part, or missing. `status` and `reply` are the reporting server's own fields, `diagnostic` the words that it
    quotes.
    """

    address: str | None = None
    final_address: str | None = None
    action: Action | None = None
    status: str | None = None
    reply: int | None = None
    diagnostic: str | None = None
    source: Source = Source.DIAGNOSTIC
    spot: Spot | None = None
    status_field: str | None = None
    """The Status field as it stands."""
    status_spot: Spot | None = None
    remote_mta: str | None = None
    stage: Stage | None = None
    last_attempt: str | None = None
    retry_until: str | None = None
    heard: bool = False
    """Whether the words are the reply to the command for this address, as a transcript shows it."""
    reached: bool = False
    """Whether a mailbox behind the address had the message all the same."""
    fields: tuple[tuple[str, str], ...] = ()
    """All fields of the report on this recipient."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one format made of a message. `kind` None means that the claims' actions tell the kind."""

    format: str
    kind: Kind | None = None
    claims: tuple[Claim, ...] = ()
    reporting_mta: str | None = None
    arrival_date: str | None = None
    envelope_id: str | None = None
    program: str | None = None
    """The known program whose layout it is."""
    fields: tuple[tuple[str, str], ...] = ()
    """All fields of the report on the message as a whole."""
    notes: tuple[str, ...] = ()
