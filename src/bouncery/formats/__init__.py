"""Families of notifications, each turning a message into a reading. Machine-readable ones come first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bouncery.formats import autoreply, disposition, dsn, feedback, sns, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from bouncery.formats.reading import Reading
    from bouncery.message import Message


class Format(NamedTuple):
    """A family: its name, how it is read, and whether it is prose, which is read only where machines leave a gap."""

    name: str
    read: Callable[[Message], Reading | None]
    prose: bool


FORMATS: tuple[Format, ...] = (
    Format("feedback", feedback.read, prose=False),
    Format("disposition", disposition.read, prose=False),
    Format("sns", sns.read, prose=False),
    Format("dsn", dsn.read, prose=False),
    Format("text", text.read, prose=True),
    Format("autoreply", autoreply.read, prose=True),
)
