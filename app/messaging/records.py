"""What every dated rule has in common.

French charters change yearly and their sources contradict each other, so a rule is a record with its source, how
sure we are of it, and the days it holds; each message that was held, changed or refused keeps the record's `id`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Certainty(StrEnum):
    """How a rule is known."""

    TEXT_READ = "text read"  # the rule, or its issuer's own announcement or data, was read
    SECONDARY = "secondary"  # reported by somebody else
    UNVERIFIED = "unverified"  # believed, not checked
    HOUSE = "house"  # our own choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as an operator sees and edits it.

    `valid_from` is the first day the rule holds and `valid_to` the first day it no longer does; None leaves that
    side open. A rule that is not `enabled` holds on no day.
    """

    id: str
    source: str
    certainty: Certainty
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    enabled: bool = True

    def in_force(self, on: date) -> bool:
        """Whether the rule holds on that day."""
        if not self.enabled:
            return False
        started = self.valid_from is None or self.valid_from <= on
        ended = self.valid_to is not None and self.valid_to <= on
        return started and not ended
