"""A line of the review, and when a batch may leave."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.documents.match.people import Person


class Severity(StrEnum):
    """BLOCKING holds the whole release; WARNING is to be looked at; INFO only tells."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFO = "info"


class Subject(StrEnum):
    """What of a row a finding speaks of, for a screen to point at."""

    PAGES = "pages"
    PERSON = "person"
    NAME = "name"
    PHONE = "phone"
    ACCESS_CODE = "access_code"
    OBJECTION = "objection"
    SHEET = "sheet"


class State(StrEnum):
    """What becomes of a row.

    MATCHED is sent at release. DUPLICATE competes with other rows of its `conflict`; the one left after the clerk
    excluded the others is sent. PAPER goes to the paper list. The rest is never sent.
    """

    MATCHED = "matched"
    DUPLICATE = "duplicate"
    PAPER = "paper"
    UNMATCHED = "unmatched"
    NO_PERSON = "no_person"
    NO_PAYSLIP = "no_payslip"
    ROW_ERROR = "row_error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable, for translated screens; `detail` fills their sentence (a reason, row numbers, a number)."""

    code: str
    severity: Severity
    subject: Subject
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the review. `id` is stable for the same upload and the same sheet.

    `conflict` groups rows of which at most one may be released. `staff_number` is as printed on the pages, or
    what `StaffNumbers` made of the typed one when no page bears it. `slip` is the place of the payslip among those reviewed, from 0, and `pages` are its
    pages as the slip counts them; both are empty for a person without payslip.
    """

    id: str
    staff_number: str
    pages: tuple[int, ...]
    person: Person | None
    state: State
    findings: tuple[Finding, ...] = ()
    conflict: str | None = None
    slip: int | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A blocking finding that still stands, on one row."""

    row_id: str
    finding: Finding


# A person may let these go (the warning `link_of_other` asks whether one more link is to close), with a second person where four-eyes is on; every other blocking problem is repaired
# in the files or its row is excluded.
CONFIRMABLE = frozenset(
    {
        "number_changed",
        "name_differs",
        "person_changed",
        "link_of_other",
        "already_sent",
        "password_dropped",
        "objection_unclear",
    }
)
# Another name, on the page or last month, may be another person: that is looked at row by row, the others may be
# confirmed together.
TOGETHER = CONFIRMABLE - {"name_differs", "person_changed", "link_of_other"}
# No text can reach the person: when they are left out, the payslip goes on paper.
DEAD_PHONE = "phone_dead"
_EXCLUSIVE = frozenset({"payslip_twice", "person_twice_differs"})


def blocks_release(
    rows: Sequence[ReviewRow], exclusions: Collection[str], confirmations: Collection[tuple[str, str]]
) -> tuple[Blocker, ...]:
    """The blocking findings that still stand; empty when the batch may leave.

    `exclusions` are ids of rows the clerk left out; `confirmations` are pairs of row id and finding code.
    """
    kept = [row for row in rows if row.id not in exclusions]
    rivals = Counter(row.conflict for row in kept)
    return tuple(
        Blocker(row.id, finding)
        for row in kept
        for finding in row.findings
        if finding.severity is Severity.BLOCKING
        and not (finding.code in _EXCLUSIVE and rivals[row.conflict] <= 1)
        and not (finding.code in CONFIRMABLE and (row.id, finding.code) in confirmations)
    )


def rows_to_send(rows: Sequence[ReviewRow], exclusions: Collection[str]) -> tuple[ReviewRow, ...]:
    """The rows a release sends, once `blocks_release` is empty."""
    return tuple(
        row for row in rows if row.state in (State.MATCHED, State.DUPLICATE) and row.id not in exclusions
    )


def paper_list(rows: Sequence[ReviewRow], exclusions: Collection[str]) -> tuple[ReviewRow, ...]:
    """The rows to print and hand over, because the person refused the electronic payslip."""
    return tuple(row for row in rows if row.state is State.PAPER and row.id not in exclusions)
