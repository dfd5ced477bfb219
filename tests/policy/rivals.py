"""What other systems do with bounces, from their published defaults: a check of ours, not a benchmark of theirs.

They get every failure as their parsers would read it, by its code. Delayed notices reach those that count them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bouncery.policy.population import Outcome, Subscriber
    from bouncery.policy.simulate import Rule


class Rival:
    """A rule that looks at one subscriber at a time: `bounced` says whether it takes the subscriber off."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._gone: set[int] = set()

    def begin(self, subscribers: Sequence[Subscriber]) -> None:
        """Take the list as it is."""

    def mails(self, number: int, day: int) -> bool:
        """Everyone who was not taken off."""
        del day
        return number not in self._gone

    def posted(self, day: int, mailed: dict[str, int]) -> None:
        """Look at no provider."""

    def gone(self, number: int) -> bool:
        """Whether it was taken off."""
        return number in self._gone

    def tell(self, number: int, day: int, post: int, outcome: Outcome | None) -> None:
        """Count a bounce."""
        if outcome and self.bounced(number, day, post, outcome):
            self._gone.add(number)

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Count a bounce and say whether it was one too many."""
        raise NotImplementedError


class Mailman3(Rival):
    """bounce_score_threshold 5, one a day, stale after 7 days; temporary failures are no bounces."""

    def __init__(self) -> None:
        """Begin at no score."""
        super().__init__()
        self._scores: dict[int, tuple[int, int]] = {}

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Add one a day, from one again after a quiet week."""
        del post
        if not outcome.final:
            return False
        score, last = self._scores.get(number, (0, day))
        if score and last == day:
            return False
        score = 1 if day - last > 7 else score + 1
        self._scores[number] = (score, day)
        return score >= 5


class Listmonk(Rival):
    """A hard bounce blocklists at once, a soft one never; hard is every 5.x.x."""

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Look at the first digit."""
        del number, day, post
        return outcome.final and outcome.status.startswith("5")


class Discourse(Rival):
    """Soft 1, hard 2, stops at 4; cleared after 30 days without a bounce; soft is every status that begins with 4."""

    def __init__(self) -> None:
        """Begin at no score."""
        super().__init__()
        self._scores: dict[int, tuple[int, int]] = {}

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Add up."""
        del post
        score, last = self._scores.get(number, (0, day))
        score = (0 if day - last > 30 else score) + (1 if outcome.status.startswith("4") else 2)
        self._scores[number] = (score, day)
        return score >= 4


class PhpList(Rival):
    """Five bounced campaigns in a row; a delayed notice with 4.4.7 is no bounce."""

    def __init__(self) -> None:
        """Begin with no run."""
        super().__init__()
        self._runs: dict[int, tuple[int, int]] = {}

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Count a run of posts."""
        del day
        if not outcome.final and outcome.status == "4.4.7":
            return False
        count, last = self._runs.get(number, (0, post - 1))
        count = count + 1 if last == post - 1 else 1
        self._runs[number] = (count, post)
        return count >= 5


class Sympa(Rival):
    """Score n * (n / posts) * type, with 0.5 for 4.x.x; removed at 75 from 10 bounces in 10 days; 10 quiet days clear."""

    def __init__(self) -> None:
        """Begin at no score."""
        super().__init__()
        self._counts: dict[int, tuple[int, int, int, int]] = {}

    def bounced(self, number: int, day: int, post: int, outcome: Outcome) -> bool:
        """Score the share of posts that bounced."""
        count, first_day, first_post, last = self._counts.get(number, (0, day, post, day))
        if day - last > 10:
            count, first_day, first_post = 0, day, post
        count += 1
        self._counts[number] = (count, first_day, first_post, day)
        kind = 0.5 if outcome.status.startswith("4") else 1.0
        return count >= 10 and day - first_day >= 10 and count * (count / (post - first_post + 1)) * kind >= 75


def rivals() -> dict[str, Rule]:
    """Give each system anew."""
    return {"Mailman 3": Mailman3(), "listmonk": Listmonk(), "Discourse": Discourse(), "phpList": PhpList(), "Sympa": Sympa()}
