"""One row of the clerk's sheet. A module of its own, so that the process that reads sheets loads little."""

from dataclasses import dataclass
from enum import StrEnum


class Objection(StrEnum):
    """Whether the person refused the electronic payslip (Labour Code L3243-2)."""

    NO = "no"
    YES = "yes"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person as the clerk wrote them, cells trimmed, nothing repaired.

    `row_number` is the one Excel shows, from 1. `language` is "fr", "en" or "" for the organisation's own.
    `unreadable` names the fields whose cell holds a spreadsheet error, was merged over several people or is too
    long; those fields are empty here.
    """

    row_number: int
    staff_number: str
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    phone_typed: str = ""
    access_code: str = ""
    language: str = ""
    objection: Objection = Objection.NO
    postcode: str = ""
    unreadable: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name to show: the whole-name column, else first and last name."""
        return self.full_name or f"{self.first_name} {self.last_name}".strip()
