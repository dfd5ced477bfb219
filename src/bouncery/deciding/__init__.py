"""From the record to what is to be done: every event once through the policy, and every action once out of the house.

One transaction reads what is new, applies it in the order of time, and stores states and actions together; only then are
the actions handed over, and only then acknowledged.
"""

from __future__ import annotations

from bouncery.deciding.handing import Handed, hand_over
from bouncery.deciding.line import Line
from bouncery.deciding.proofs import Keys, Proofs, list_id, recipient_id
from bouncery.deciding.run import Decided, decide
from bouncery.deciding.story import story
from bouncery.deciding.undo import undo
from bouncery.deciding.what_if import Difference, believed, compare

__all__ = [
    "Decided",
    "Difference",
    "Handed",
    "Keys",
    "Line",
    "Proofs",
    "believed",
    "compare",
    "decide",
    "hand_over",
    "list_id",
    "recipient_id",
    "story",
    "undo",
]
