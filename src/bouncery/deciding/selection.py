"""Which events are undone."""

from __future__ import annotations

import msgspec

from bouncery.model import Reason  # noqa: TC001 - msgspec reads it when it decodes
from bouncery.policy import Event, PolicyError, Selection


class Selected(msgspec.Struct, frozen=True, omit_defaults=True):
    """The events that match everything that is given; with nothing given, none. Times are seconds since 1970."""

    since: float | None = None
    until: float | None = None
    domain: str | None = None
    reason: Reason | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would undo everything."""
        if all(getattr(self, name) is None for name in self.__struct_fields__):
            raise PolicyError("undo", None, "give a time, a domain, a reason or words; it is about something that went wrong")

    @classmethod
    def read(cls, text: str) -> Selected:
        """Read what was written into the record."""
        return msgspec.json.decode(text, type=cls)

    def written(self) -> str:
        """Give the form for the record."""
        return msgspec.json.encode(self).decode()

    def matches(self, event: Event) -> bool:
        """Whether a failure, complaint or opt-out is undone."""
        # A reason alone makes an empty selection, which matches nothing: all of time says the same.
        time = Selection(since=self.since if self.since is not None else 0.0, until=self.until, text=self.text)
        return (
            time.matches(event)
            and (self.reason is None or event.reason is self.reason)
            and (self.domain is None or self.is_at(event))
        )

    def is_at(self, event: Event) -> bool:
        """Whether an event is about an address at the domain, or its answering provider is named so."""
        wanted = (self.domain or "").lower().lstrip("@").rstrip(".")
        return event.address.lower().rstrip(".").endswith(f"@{wanted}") or (event.provider or "").lower() == wanted
