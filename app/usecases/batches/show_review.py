"""Everything the review found, before anything leaves: one page of lines, with the figures of all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.models import Batch, Document, Upload
from app.db.payroll.faces import Search, read_face
from app.db.payroll.lines import read_details
from app.db.payroll.look_back import LookBack
from app.db.payroll.openings import upload_name
from app.db.payroll.sheet_warnings import ToldWarning, read_sheet_warnings
from app.db.payroll.watch import count
from app.db.queries import accounts, batches, watching
from app.db.session import Session
from app.documents.match.release import CONFIRMABLE, DEAD_PHONE, TOGETHER, Severity, State
from app.documents.match.standing import (
    LOOKED_AGAIN,
    batch_blockers,
    lines_to_send,
    look_again,
    period_differs,
    standing_blockers,
)
from app.runtime import Runtime

UNSENT = ("excluded", "paper", "absent")
# What needs a person comes first.
STATUSES = ("blocking", "warning", "ready", *UNSENT)
_HAS_PAGES_OR_PERSON = (State.MATCHED, State.DUPLICATE)
_CAN_BE_LEFT_OUT = (*_HAS_PAGES_OR_PERSON, State.UNMATCHED, State.NO_PERSON)


@dataclass(frozen=True)
class FindingView:
    """One finding of a line. `confirmable`: a person may let it go; `confirmed`: somebody did, or what it competed with
    was excluded."""

    code: str
    severity: str
    detail: str
    confirmable: bool
    confirmed: bool


@dataclass(frozen=True)
class ReviewLine:
    """One line. `status` is excluded, blocking, paper, absent (nothing to send), warning or ready. `pages` are numbers within the file `source`
    (its name, when there are several), from 1. `image_pages` is how many can be shown. `problem` says why the pages
    cannot be used at all, as a code of `documents.limits.Refused`; empty when they can."""

    id: UUID
    name: str
    staff_number: str
    source: str
    pages: tuple[int, ...]
    image_pages: int
    problem: str
    status: str
    phone_typed: str
    phone: str
    findings: Sequence[FindingView]
    can_exclude: bool
    can_include: bool
    can_fix_phone: bool

    @property
    def phone_repaired(self) -> bool:
        """Whether digits of the number were added, dropped or replaced."""
        return any(finding.code == "phone_repaired" for finding in self.findings)


@dataclass(frozen=True)
class ReviewCounts:
    """Lines by status; `unsent` ones are excluded, on paper or absent. `blocking`, `warning`, `ready` and `unsent` add up to
    `total`, and `leaving` is how many documents would leave now. `dead` of all these have a number that took no text."""

    blocking: int
    warning: int
    ready: int
    unsent: int
    excluded: int
    paper: int
    absent: int
    total: int
    leaving: int
    dead: int


@dataclass(frozen=True)
class EarlierBatch:
    """The batch that brought the same files before: who uploaded it, and to how many people it was sent, when and if it
    was. `state` is the batch's."""

    id: UUID
    title: str
    state: str
    created_at: datetime
    created_by: str
    released_at: datetime | None
    people: int


@dataclass(frozen=True)
class Worked:
    """The line a person has just worked on, with its status of before: it keeps its place among the others."""

    id: UUID
    status: str


@dataclass(frozen=True)
class ReviewView:
    """`kinds` counts lines by finding code, `lines` is one page of the `matching` lines that fit filter and search.
    `confirmable` is how many of them are of the kind asked for and can be confirmed together, all pages counted.
    `batch_blockers` are codes of what holds the batch as a whole, `period_differs` says that its payslips bear
    `printed_period` and not `period`. `heir` is the line that stands where the one just worked on stood, when that one
    does not fit the filter any more."""

    id: UUID
    title: str
    release_before: datetime
    password_policy: str
    sheet_warnings: Sequence[ToldWarning]
    same_files: EarlierBatch | None
    same_files_confirmed: bool
    period: str
    printed_period: str
    period_differs: bool
    period_confirmed: bool
    batch_blockers: Sequence[str]
    counts: ReviewCounts
    kinds: Sequence[tuple[str, int]]
    lines: Sequence[ReviewLine]
    matching: int
    confirmable: int
    heir: UUID | None


def show_review(
    rt: Runtime,
    organisation_id: UUID,
    batch_id: UUID,
    *,
    show: str,
    kind: str,
    query: str,
    offset: int,
    limit: int,
    worked: Worked | None = None,
) -> ReviewView:
    """`show` is all, blocking, warning, ready or unsent; `kind` a finding code or empty. Read only.

    Raises NotFound, or Conflict `not_in_review`.
    """
    search = Search(query)
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "in_review":
            raise Conflict("not_in_review", "this batch is not in review")
        looked = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN)
        lines = looked.lines
        standing = {(blocker.row_id, blocker.finding.code) for blocker in standing_blockers(lines)}
        blocked = {row for row, _ in standing}
        statuses = {line.id: _status(line, blocked) for line in lines}
        wanted = [line for line in lines if _fits(line, statuses[line.id], show, kind)]
        if search:
            opened = watching.documents(session, [line.id for line in wanted])
            wanted = [line for line in wanted if search.finds(read_face(rt.vault, opened[line.id]))]
        wanted, heir = _in_order(lines, {line.id for line in wanted}, statuses, worked)
        page = wanted[offset : offset + limit]
        documents = watching.documents(session, [line.id for line in page])
        uploads = batches.uploads(session, batch_id, "documents")
        same_files = _earlier_batch(session, batch, uploads)
    only_file = _only_file(rt, uploads)
    return ReviewView(
        id=batch.id,
        title=batch.title,
        release_before=batch.release_before,
        password_policy=batch.password_policy,
        sheet_warnings=read_sheet_warnings(rt.vault, batch),
        same_files=same_files,
        same_files_confirmed="same_files" in batch.confirmed,
        period=batch.period,
        printed_period=batch.printed_period,
        period_differs=period_differs(batch),
        period_confirmed="period_differs" in batch.confirmed,
        batch_blockers=batch_blockers(batch),
        counts=_counts(lines, statuses),
        kinds=_kinds(lines),
        lines=[
            _line(
                rt,
                documents[line.id],
                looked.told(documents[line.id], line),
                statuses[line.id],
                standing,
                only_file,
            )
            for line in page
        ],
        matching=len(wanted),
        confirmable=sum(line.state != "excluded" and (line.row_key, kind) in standing for line in lines)
        if kind in TOGETHER
        else 0,
        heir=heir,
    )


def _in_order(
    lines: Sequence[watching.LightLine],
    wanted: set[UUID],
    statuses: Mapping[UUID, str],
    worked: Worked | None,
) -> tuple[list[watching.LightLine], UUID | None]:
    """The wanted lines as they are shown, and the heir of the line just worked on. Of a last line it is the one before."""
    standing = dict(statuses)
    if worked is not None and worked.id in standing:
        standing[worked.id] = worked.status
    places = sorted(
        (line for line in lines if line.id in wanted or (worked is not None and line.id == worked.id)),
        key=lambda line: STATUSES.index(standing[line.id]),
    )
    gone = next((place for place, line in enumerate(places) if line.id not in wanted), None)
    if gone is None:
        return places, None
    del places[gone]
    return places, places[min(gone, len(places) - 1)].id if places else None


def _earlier_batch(session: Session, batch: Batch, uploads: Sequence[Upload]) -> EarlierBatch | None:
    """Asked anew: of several earlier ones another may have been sent meanwhile."""
    contents = [upload.content_index for upload in uploads]
    owner = batch.organisation_id
    if batch.same_files_as is None:
        return None
    earlier = batches.with_same_files(session, owner, contents, batch.created_at)
    earlier = earlier or batches.get(session, owner, batch.same_files_as)
    if earlier is None:
        return None
    people = count(watching.tally(session, [earlier.id])).total if earlier.released_at else 0
    names = accounts.actor_names(session, batch.organisation_id, [earlier.created_by])
    return EarlierBatch(
        earlier.id,
        earlier.title,
        earlier.state,
        earlier.created_at,
        names.get(earlier.created_by, ""),
        earlier.released_at,
        people,
    )


def _status(line: watching.LightLine, blocked: set[str]) -> str:
    if line.state == "excluded":
        return "excluded"
    if line.row_key in blocked:
        return "blocking"
    if line.match == State.PAPER:
        return "paper"
    if line.match not in _HAS_PAGES_OR_PERSON:
        return "absent"
    if any(finding["severity"] == Severity.WARNING for finding in line.findings):
        return "warning"
    return "ready"


def _fits(line: watching.LightLine, status: str, show: str, kind: str) -> bool:
    shown = show == "all" or status == show or (show == "unsent" and status in UNSENT)
    return shown and (
        not kind or any(finding["code"] == kind and _is_told(finding) for finding in line.findings)
    )


def _counts(lines: Sequence[watching.LightLine], statuses: Mapping[UUID, str]) -> ReviewCounts:
    by_status = Counter(statuses.values())
    return ReviewCounts(
        blocking=by_status["blocking"],
        warning=by_status["warning"],
        ready=by_status["ready"],
        unsent=sum(by_status[status] for status in UNSENT),
        excluded=by_status["excluded"],
        paper=by_status["paper"],
        absent=by_status["absent"],
        total=len(lines),
        leaving=sum(statuses[line.id] != "blocking" for line in lines_to_send(lines)),
        dead=sum(
            line.state != "excluded" and any(finding["code"] == DEAD_PHONE for finding in line.findings)
            for line in lines
        ),
    )


def _is_told(finding: Mapping[str, str]) -> bool:
    """Another way to write the same digits is no news to a clerk."""
    return finding["code"] != "phone_repaired" or finding["severity"] != Severity.INFO


def _kinds(lines: Sequence[watching.LightLine]) -> list[tuple[str, int]]:
    counted = Counter(
        code
        for line in lines
        for code in dict.fromkeys(finding["code"] for finding in line.findings if _is_told(finding))
    )
    return counted.most_common()


def _only_file(rt: Runtime, uploads: Sequence[Upload]) -> str:
    return upload_name(rt.vault, uploads[0]) if len(uploads) == 1 else ""


def _line(
    rt: Runtime,
    document: Document,
    told: Sequence[tuple[Mapping[str, str], str]],
    status: str,
    standing: set[tuple[str, str]],
    only_file: str,
) -> ReviewLine:
    face, details = read_face(rt.vault, document), read_details(rt.vault, document)
    has_person = document.match in _HAS_PAGES_OR_PERSON
    excluded = document.state == "excluded"
    return ReviewLine(
        id=document.id,
        name=face.name,
        staff_number=face.staff_number,
        source="" if details.source == only_file else details.source,
        pages=tuple(range(details.first_page + 1, details.first_page + 1 + len(document.pages))),
        image_pages=len(document.pages) if document.blob_size and document.key_review else 0,
        problem=details.problem,
        status=status,
        phone_typed=details.phone_typed,
        phone=face.phone,
        findings=[
            FindingView(
                finding["code"],
                finding["severity"],
                detail,
                confirmable=finding["code"] in CONFIRMABLE,
                confirmed=not excluded
                and (
                    (document.row_key, finding["code"]) not in standing
                    if finding["severity"] == Severity.BLOCKING
                    else finding["code"] in document.confirmed
                ),
            )
            for finding, detail in told
            if _is_told(finding)
        ],
        can_exclude=not excluded and document.match in _CAN_BE_LEFT_OUT,
        can_include=excluded,
        can_fix_phone=not excluded and has_person,
    )
