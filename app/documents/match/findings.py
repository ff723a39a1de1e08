"""Payslips laid beside people: every problem a clerk must see before anything leaves.

The incident to prevent is one person's payslip on another person's phone. So whatever could cause it blocks; what
only means that somebody gets nothing, or gets it again, warns or asks for a confirmation.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from app.documents.match.earlier import EarlierDocument, earlier_findings
from app.documents.match.people import (
    Objection,
    Person,
    PersonRow,
    StaffNumbers,
    distinct_people,
    fold_staff_number,
)
from app.documents.match.periods import usual_period
from app.documents.match.phones import phone_findings
from app.documents.match.release import Finding, ReviewRow, Severity, State, Subject


class NameCheck(StrEnum):
    """Whether the sheet's name stands on the payslip; UNREADABLE when the page's letters cannot tell."""

    MATCH = "match"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"


class Slip(Protocol):
    """Consecutive pages taken for one payslip. A slip with a `problem` is nobody's, whatever its number.

    `period` is the month printed on it, "" when unknown.
    """

    @property
    def pages(self) -> tuple[int, ...]: ...
    @property
    def staff_number(self) -> str | None: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def numbers_seen(self) -> tuple[str, ...]: ...
    @property
    def period(self) -> str: ...


class UnreadRow(Protocol):
    """A row of the sheet whose staff number could not be read."""

    @property
    def row_number(self) -> int: ...
    @property
    def code(self) -> str: ...


@dataclass(frozen=True)
class Known:
    """What the organisation knows from before this batch, keyed by staff number as printed.

    `last_phones` are E.164 numbers, `last_names` the names of that same batch; `dead_phones` maps such a number to the month in which a text to it failed for
    good; `earlier_documents` are keyed by staff number and period as the slips print them. `with_password` says whether
    this batch's documents open with one.
    `objections` is the organisation's register of refusals of the electronic payslip. `needs_access_code` says
    whether the batch's policy takes codes from the sheet; `refuse_code(code, row)` names why a code is too weak, or
    returns None.
    """

    last_phones: Mapping[str, str] = field(default_factory=dict)
    last_names: Mapping[str, str] = field(default_factory=dict)
    dead_phones: Mapping[str, str] = field(default_factory=dict)
    earlier_documents: Mapping[tuple[str, str], Sequence[EarlierDocument]] = field(default_factory=dict)
    with_password: bool = True
    objections: Collection[str] = ()
    needs_access_code: bool = False
    refuse_code: Callable[[str, PersonRow], str | None] = lambda _code, _row: None


_HARMLESS_FIELDS = frozenset({"language", "postcode"})
_CODE_BY_PROBLEM = {"unmatched": "unmatched_page", "two_people": "two_people_on_page"}
_MOST_PAIRS = 16
_USUAL_SHARE = 0.9
_FEWEST_PAGES_ODD = 3


def review(
    slips: Sequence[Slip],
    people: Sequence[Person],
    check_name: Callable[[Slip, PersonRow], NameCheck],
    known: Known,
    unread_rows: Iterable[UnreadRow] = (),
) -> tuple[ReviewRow, ...]:
    """Every payslip and every person of a batch, each on at least one row, in page order, then sheet order."""
    return _Review(slips, people, check_name, known).rows(unread_rows)


@dataclass(frozen=True, slots=True)
class _Candidate:
    person: Person
    repaired: bool
    ambiguous: bool
    repeats: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A slip and its place among all slips."""

    at: int
    slip: Slip


class _Review:
    """The facts of one batch that a single row cannot see: rivals, shared phones, usual page counts."""

    def __init__(
        self,
        slips: Sequence[Slip],
        people: Sequence[Person],
        check_name: Callable[[Slip, PersonRow], NameCheck],
        known: Known,
    ) -> None:
        self._check_name = check_name
        self._known = known
        self._last_phones = {fold_staff_number(number): phone for number, phone in known.last_phones.items()}
        self._last_names = {fold_staff_number(number): name for number, name in known.last_names.items()}
        self._earlier = {
            (fold_staff_number(number), period): received
            for (number, period), received in known.earlier_documents.items()
        }
        self._refused: list[_Placed] = []
        self._slips_by_number: dict[str, list[_Placed]] = {}
        for at, slip in enumerate(slips):
            if slip.problem is None and slip.staff_number is not None:
                number = fold_staff_number(slip.staff_number)
                self._slips_by_number.setdefault(number, []).append(_Placed(at, slip))
            else:
                self._refused.append(_Placed(at, slip))
        owned = [placed.slip for group in self._slips_by_number.values() for placed in group]
        self._page_counts = Counter(len(slip.pages) for slip in owned)
        self._usual_period = usual_period(owned)
        on_refused = {
            fold_staff_number(number) for placed in self._refused for number in placed.slip.numbers_seen
        }
        self._numbers = StaffNumbers([*self._slips_by_number, *on_refused])
        self._on_refused = on_refused
        self._objections = {self._numbers.tie(number).number for number in known.objections}
        self._candidates = self._group(people)
        self._phone_owners = self._owners(lambda person: person.e164)
        self._code_owners = self._owners(lambda person: person.row.access_code)

    def rows(self, unread_rows: Iterable[UnreadRow]) -> tuple[ReviewRow, ...]:
        with_pages = [_refused_row(placed) for placed in self._refused]
        for number, slips in self._slips_by_number.items():
            with_pages += self._slip_rows(number, slips, self._candidates.get(number, []))
        with_pages.sort(key=lambda row: (row.slip, row.person.row.row_number if row.person else 0))
        without = [
            self._person_without_payslip(number, candidate, len(group) > 1)
            for number, group in self._candidates.items()
            if not self._can_pair(number)
            for candidate in group
        ]
        without.sort(key=lambda row: row.person.row.row_number if row.person else 0)
        return (*with_pages, *without, *_unread(unread_rows))

    def _group(self, people: Sequence[Person]) -> dict[str, list[_Candidate]]:
        groups: dict[str, list[Person]] = {}
        for person in people:
            groups.setdefault(self._numbers.tie(person.row.staff_number).number, []).append(person)
        candidates: dict[str, list[_Candidate]] = {}
        for number, group in groups.items():
            for person, repeats in distinct_people(group).items():
                tie = self._numbers.tie(person.row.staff_number)
                candidates.setdefault(number, []).append(
                    _Candidate(person, tie.repaired, tie.ambiguous, repeats)
                )
        return candidates

    def _owners(self, value: Callable[[Person], str | None]) -> dict[str, set[str]]:
        owners: dict[str, set[str]] = {}
        for number, group in self._candidates.items():
            if number in self._slips_by_number and not self._objects(number):
                for candidate in group:
                    if shared := value(candidate.person):
                        owners.setdefault(shared, set()).add(number)
        return owners

    def _objects(self, number: str) -> str:
        """Who says the person refused the electronic payslip: "sheet", "register" or nobody (empty)."""
        if any(
            candidate.person.row.objection is Objection.YES for candidate in self._candidates.get(number, [])
        ):
            return "sheet"
        return "register" if number in self._objections else ""

    def _can_pair(self, number: str) -> bool:
        """Whether the number's payslips and people are few enough to show each pair; past that nobody could choose."""
        return (
            0
            < len(self._slips_by_number.get(number, ())) * len(self._candidates.get(number, ()))
            <= _MOST_PAIRS
        )

    def _slip_rows(self, number: str, slips: list[_Placed], candidates: list[_Candidate]) -> list[ReviewRow]:
        several_people = []
        if len(candidates) > 1:
            detail = _row_numbers(candidates)
            several_people.append(Finding("person_twice_differs", Severity.BLOCKING, Subject.PERSON, detail))
        rows = []
        for rivals in _rival_slips(slips, candidates):
            findings = list(several_people)
            if len(rivals) > 1:
                findings.append(Finding("payslip_twice", Severity.BLOCKING, Subject.PAGES, str(len(rivals))))
            for placed in rivals:
                if self._can_pair(number):
                    pairs = [self._pair(number, placed, candidate) for candidate in candidates]
                else:
                    alone = Finding("payslip_without_person", Severity.BLOCKING, Subject.PERSON)
                    pairs = [_slip_row(placed, number, State.NO_PERSON, [alone])]
                conflict = f"{number}/{rivals[0].at}" if findings else None
                rows += [_in_conflict(row, findings, conflict) for row in pairs]
        return rows

    def _pair(self, number: str, placed: _Placed, candidate: _Candidate) -> ReviewRow:
        slip, row = placed.slip, candidate.person.row
        objection = self._objects(number)
        findings = [*self._about_pages(slip), *_about_row(candidate), *self._about_name(slip, row)]
        if objection:
            findings.append(Finding("objection_paper", Severity.INFO, Subject.OBJECTION, objection))
        else:
            findings += _about_unreadable_cells(row)
            findings += self._about_earlier(number, slip, row)
            findings += self._about_phone(number, candidate.person)
            findings += self._about_access_code(row)
        return ReviewRow(
            id=f"s{placed.at}r{row.row_number}",
            staff_number=number,
            pages=slip.pages,
            person=candidate.person,
            state=State.PAPER if objection else State.MATCHED,
            findings=tuple(findings),
            slip=placed.at,
        )

    def _about_pages(self, slip: Slip) -> list[Finding]:
        findings = []
        if slip.period and slip.period != self._usual_period:
            findings.append(Finding("period_differs", Severity.WARNING, Subject.PAGES, slip.period))
        count = len(slip.pages)
        others = self._page_counts.total() - 1
        fewer = sum(slips for pages, slips in self._page_counts.items() if pages < count)
        if count >= _FEWEST_PAGES_ODD and others and fewer >= _USUAL_SHARE * others:
            findings.append(Finding("page_count_outlier", Severity.WARNING, Subject.PAGES, str(count)))
        return findings

    def _about_name(self, slip: Slip, row: PersonRow) -> list[Finding]:
        if not row.name:
            return [Finding("name_not_given", Severity.WARNING, Subject.NAME)]
        checked = self._check_name(slip, row)
        if checked is NameCheck.DIFFERS:
            return [Finding("name_differs", Severity.BLOCKING, Subject.NAME)]
        if checked is NameCheck.UNREADABLE:
            return [Finding("name_unreadable", Severity.WARNING, Subject.NAME)]
        return []

    def _about_phone(self, number: str, person: Person) -> list[Finding]:
        if "phone" in person.row.unreadable:
            return []
        others = self._phone_owners.get(person.e164 or "", set()) - {number}
        dead_since = self._known.dead_phones.get(person.e164 or "", "")
        return [*phone_findings(person.phone, self._last_phones.get(number), others, dead_since)]

    def _about_access_code(self, row: PersonRow) -> list[Finding]:
        if not self._known.needs_access_code or "access_code" in row.unreadable:
            return []
        if not row.access_code:
            return [Finding("access_code_missing", Severity.BLOCKING, Subject.ACCESS_CODE)]
        findings = []
        if refused := self._known.refuse_code(row.access_code, row):
            findings.append(Finding("access_code_refused", Severity.BLOCKING, Subject.ACCESS_CODE, refused))
        if len(self._code_owners.get(row.access_code, ())) > 1:
            findings.append(Finding("access_code_shared", Severity.WARNING, Subject.ACCESS_CODE))
        return findings

    def _about_earlier(self, number: str, slip: Slip, row: PersonRow) -> tuple[Finding, ...]:
        received = self._earlier.get((number, slip.period), ())
        last_name = self._last_names.get(number, "")
        return earlier_findings(row.name, last_name, received, with_password=self._known.with_password)

    def _person_without_payslip(self, number: str, candidate: _Candidate, rivals: bool) -> ReviewRow:
        code = "payslip_on_refused_page" if number in self._on_refused else "person_without_payslip"
        findings = [Finding(code, Severity.WARNING, Subject.PAGES), *_about_row(candidate)]
        if rivals:
            findings.append(Finding("person_twice_differs", Severity.WARNING, Subject.PERSON))
        row = candidate.person.row
        return ReviewRow(
            f"r{row.row_number}", number, (), candidate.person, State.NO_PAYSLIP, tuple(findings)
        )


def _rival_slips(slips: list[_Placed], candidates: list[_Candidate]) -> list[list[_Placed]]:
    """Payslips of one number that may not both be sent: same month, or a month unknown, or the person in doubt."""
    if len(candidates) > 1 or any(not placed.slip.period for placed in slips):
        return [slips]
    by_period: dict[str, list[_Placed]] = {}
    for placed in slips:
        by_period.setdefault(placed.slip.period, []).append(placed)
    return list(by_period.values())


def _in_conflict(row: ReviewRow, findings: list[Finding], conflict: str | None) -> ReviewRow:
    if not findings:
        return row
    state = State.DUPLICATE if conflict and row.state is State.MATCHED else row.state
    return replace(row, state=state, findings=(*findings, *row.findings), conflict=conflict)


def _slip_row(placed: _Placed, number: str, state: State, findings: list[Finding]) -> ReviewRow:
    return ReviewRow(f"s{placed.at}", number, placed.slip.pages, None, state, tuple(findings), slip=placed.at)


def _refused_row(placed: _Placed) -> ReviewRow:
    slip = placed.slip
    problem = slip.problem or "unmatched"
    code = _CODE_BY_PROBLEM.get(problem, problem)
    finding = Finding(code, Severity.BLOCKING, Subject.PAGES, ", ".join(slip.numbers_seen))
    return _slip_row(placed, slip.staff_number or "", State.UNMATCHED, [finding])


def _about_row(candidate: _Candidate) -> list[Finding]:
    row = candidate.person.row
    findings = []
    if candidate.repaired:
        findings.append(Finding("staff_number_repaired", Severity.WARNING, Subject.PERSON, row.staff_number))
    if candidate.ambiguous:
        findings.append(Finding("staff_number_ambiguous", Severity.WARNING, Subject.PERSON, row.staff_number))
    if candidate.repeats:
        detail = ", ".join(str(repeat.row.row_number) for repeat in candidate.repeats)
        findings.append(Finding("person_twice_same", Severity.WARNING, Subject.PERSON, detail))
    return findings


def _about_unreadable_cells(row: PersonRow) -> list[Finding]:
    findings = []
    for name in row.unreadable:
        if name == "electronic_objection":
            continue  # told as objection_unclear
        severity = Severity.WARNING if name in _HARMLESS_FIELDS else Severity.BLOCKING
        findings.append(Finding("cell_unreadable", severity, Subject.SHEET, name))
    if row.objection is Objection.UNCLEAR:
        findings.append(Finding("objection_unclear", Severity.BLOCKING, Subject.OBJECTION))
    return findings


def _row_numbers(candidates: Iterable[_Candidate]) -> str:
    return ", ".join(str(candidate.person.row.row_number) for candidate in candidates)


def _unread(rows: Iterable[UnreadRow]) -> list[ReviewRow]:
    findings: dict[int, list[Finding]] = {}
    for row in rows:
        findings.setdefault(row.row_number, []).append(Finding(row.code, Severity.WARNING, Subject.SHEET))
    return [
        ReviewRow(f"e{number}", "", (), None, State.ROW_ERROR, tuple(found))
        for number, found in sorted(findings.items())
    ]
