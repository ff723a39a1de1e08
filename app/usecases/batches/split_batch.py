"""Cut the documents of a batch, lay them beside the people, and put every question to the clerk.

Running it again starts over: the lines of an interrupted run never existed, because lines, findings and the new state
of the batch commit together, after the pack is durable.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any
from uuid import UUID, uuid4

from app.crypto.records import open_all, seal
from app.crypto.tokens import new_access_code, new_key
from app.db.models import Batch, Organisation, Upload
from app.db.payroll.lines import LineFacts, LineMaker, Sealed
from app.db.payroll.mappings import read_mapping
from app.db.payroll.openings import open_upload, read_upload, upload_name
from app.db.payroll.pages_read import PagesRead
from app.db.payroll.sheet_warnings import write_sheet_warnings
from app.db.queries import batches, dead_numbers, documents, journal, organisations, people
from app.db.sending.failures import write_failure
from app.documents.archive import ArchiveLimits
from app.documents.digests import Digests
from app.documents.intake import FileRefused, Intake, Piece
from app.documents.match.earlier import EarlierDocument
from app.documents.match.findings import Known, NameCheck, review
from app.documents.match.names import name_on_page
from app.documents.match.pages import Slip
from app.documents.match.people import Person, PersonRow, fold_staff_number, read_people
from app.documents.match.periods import usual_period
from app.documents.match.release import Finding, ReviewRow, Severity, State, Subject
from app.documents.match.standing import finding_to_json
from app.documents.pdf.split import PdfChild
from app.documents.people.headings import Field
from app.documents.people.mapping import required_fields
from app.documents.people.model import NeedsMapping, SheetChoice, SheetRead, SheetRefused
from app.documents.people.process import read_people_in_child
from app.evidence.tags import Tag
from app.runtime import Runtime
from links.passwords import CodeOf, weaknesses

SENT = (State.MATCHED, State.DUPLICATE)


@dataclass(frozen=True)
class _Failed:
    """Why the batch cannot go on: a code for screens, and which file."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class _Work:
    batch: Batch
    organisation: Organisation
    documents: Sequence[Upload]
    sheet: Upload
    remembered: Mapping[str, Field]


def split_batch(rt: Runtime, batch_id: str) -> None:
    """The job. Leaves the batch `in_review`, `needs_mapping` or `failed`."""
    work = _begin(rt, UUID(batch_id))
    if work is None:
        return
    sheet = _read_sheet(rt, work)
    if isinstance(sheet, NeedsMapping):
        _leave(rt, work, "needs_mapping")
        return
    if isinstance(sheet, SheetRefused):
        _leave(rt, work, "failed", _Failed(f"sheet_{sheet.code}", sheet.detail))
        return
    pack_key = f"packs/{work.batch.id.hex}/{uuid4().hex}"
    cut = _cut(rt, work, pack_key)
    if isinstance(cut, _Failed):
        rt.blobs.delete(pack_key)
        _leave(rt, work, "failed", cut)
        return
    for key in _record(rt, work, sheet, cut, pack_key):
        rt.blobs.delete(key)


def _begin(rt: Runtime, batch_id: UUID) -> _Work | None:
    with rt.begin() as session:
        batch = batches.lock(session, batch_id)
        if batch is None or batch.state not in ("received", "splitting"):
            return None
        batch.state = "splitting"
        batch.pages_read = batch.page_count = 0
        session.add(batch)
        organisation = organisations.get(session, batch.organisation_id)
        if organisation is None:
            return None
        remembered = batches.remembered_headings(session, rt.vault, organisation.id)
        return _Work(
            batch,
            organisation,
            batches.uploads(session, batch_id, "documents"),
            batches.uploads(session, batch_id, "people")[0],
            {heading: Field(field) for heading, field in remembered.items()},
        )


def _read_sheet(rt: Runtime, work: _Work) -> SheetRead | NeedsMapping | SheetRefused:
    choice = None
    if (stored := read_mapping(rt.vault, work.batch)) is not None:
        columns = {Field(field): column for field, column in stored.columns.items()}
        choice = SheetChoice(columns, stored.header_row, stored.sheet)
    return read_people_in_child(
        open_upload(rt.vault, work.batch, work.sheet, rt.blobs.get_range),
        rt.policies.sheet,
        remembered=work.remembered,
        choice=choice,
        needed=required_fields(work.batch.password_policy),
    )


@dataclass(frozen=True)
class _Cut:
    """Every piece with where it was sealed, slip by slip; the texts, by first page, are for the name check alone. In
    UTF-8 they take half the memory."""

    sealed: Sequence[Sealed]
    slips: Sequence[Slip]
    texts: Mapping[int, bytes]
    page_count: int


def _cut(rt: Runtime, work: _Work, pack_key: str) -> _Cut | _Failed:
    organisation_id = work.organisation.id
    box = rt.vault.envelope.review_box(organisation_id, work.batch.id, work.batch.review_day)
    sealed: list[Sealed] = []
    slips: list[Slip] = []
    texts: dict[int, bytes] = {}
    digests = Digests()
    with PdfChild(rt.policies.pdf) as child, rt.blobs.open_writer(pack_key) as pack:
        intake = Intake(
            child,
            work.organisation.staff_pattern or None,
            ArchiveLimits(),
            alone=len(work.documents) == 1,
            tell=PagesRead(work.batch.id, rt.begin, rt.now).note,
        )
        for piece in _pieces(rt, work, intake):
            if isinstance(piece, FileRefused):
                return _Failed(f"pdf_{piece.code}", piece.source)
            slip = piece.slip
            document_id, key = uuid4(), new_key()
            blob = seal(key, organisation_id, document_id, piece.pdf) if piece.pdf else b""
            sealed.append(
                Sealed(
                    document_id=document_id,
                    source=piece.source,
                    first_page=piece.first_page,
                    problem=piece.problem.code if piece.problem else "",
                    blob_key=pack_key if blob else "",
                    blob_offset=pack.write(blob) if blob else 0,
                    blob_size=len(blob),
                    plain_size=len(piece.pdf),
                    digest=digests.of(piece),
                    key=key,
                    key_review=box.seal(document_id, "document-key", key),
                )
            )
            slips.append(
                slip if piece.problem is None else Slip(slip.pages, None, "unmatched", slip.numbers_seen)
            )
            texts[slip.pages[0]] = piece.text.encode()
    rt.blobs.sync([pack_key])
    return _Cut(sealed, slips, texts, intake.page_count)


def _pieces(rt: Runtime, work: _Work, intake: Intake) -> Iterator[Piece | FileRefused]:
    for upload in work.documents:
        chunks = read_upload(rt.vault, work.batch, upload, rt.blobs.get_range)
        yield from intake.pieces(upload_name(rt.vault, upload), chunks)


def _record(rt: Runtime, work: _Work, sheet: SheetRead, cut: _Cut, pack_key: str) -> set[str]:
    """Returns what was stored in vain: everything when nobody waits for the batch any more, otherwise nothing."""
    now = rt.now()
    printed = usual_period(cut.slips)
    period = work.batch.period or printed
    persons = read_people(sheet.people, work.organisation.region)
    # Every staff number is hashed to look it up, and once more to store it.
    staff_index = lru_cache(maxsize=None)(partial(rt.vault.staff_index, work.organisation.id))
    known = _known(rt, work, cut, persons, staff_index)
    rows = review(cut.slips, persons, _name_checker(cut.texts), known, sheet.row_errors)
    if work.batch.password_policy == "usual":
        rows = _require_usual(rt, work, rows)
    maker = LineMaker(rt.vault, work.organisation, work.batch, now, staff_index)
    policy = work.batch.password_policy
    lines = []
    used: set[UUID] = set()
    for position, row in enumerate(rows):
        part = cut.sealed[row.slip] if row.slip is not None else None
        if part is not None and part.document_id in used:
            part = _sealed_again(rt, work, part, pack_key, position)
        if part is not None:
            used.add(part.document_id)
        own_period = cut.slips[row.slip].period if row.slip is not None else ""
        lines.append(maker.row(position, _facts(row, _access_code(policy, row)), part, own_period or period))
    with rt.begin() as session:
        batch = batches.lock(session, work.batch.id)
        # Columns that were chosen anew meanwhile: another run reads the sheet with them.
        if batch is None or batch.state != "splitting" or batch.mapping != work.batch.mapping:
            return {pack_key, *(line["blob_key"] for line in lines if line["blob_key"])}
        documents.delete_of_batch(session, batch.id)
        documents.insert_all(session, lines)
        batch.state = "in_review"
        batch.period = period
        batch.printed_period = printed
        batch.page_count = batch.pages_read = cut.page_count
        write_sheet_warnings(rt.vault, batch, sheet.warnings)
        session.add(batch)
        entries = [
            journal.Entry(
                Tag.DOCUMENT_SEALED, line["id"], {"pages": len(line["pages"]), "size": line["plain_size"]}
            )
            for line in lines
            if line["blob_size"]
        ]
        entries.append(
            journal.Entry(Tag.BATCH_REVIEWED, batch.id, {"lines": len(lines), "pages": cut.page_count})
        )
        journal.append(session, rt.vault, batch.organisation_id, entries, now)
    return set()


def _facts(row: ReviewRow, access_code: str) -> LineFacts:
    person = row.person
    return LineFacts(
        row_key=row.id,
        match=row.state.value,
        conflict=row.conflict is not None,
        staff_number=fold_staff_number(row.staff_number),
        name=person.row.name if person else "",
        phone=person.e164 if person else None,
        phone_typed=person.row.phone_typed if person else "",
        sheet_row=person.row.row_number if person else None,
        language=person.row.language if person else "",
        pages=row.pages,
        findings=tuple(finding_to_json(finding) for finding in row.findings),
        details=tuple(finding.detail for finding in row.findings),
        access_code=access_code,
    )


def _name_checker(texts: Mapping[int, bytes]) -> Any:
    def check(slip: Slip, row: PersonRow) -> NameCheck:
        return NameCheck(name_on_page(texts[slip.pages[0]].decode(), row.name))

    return check


def _known(
    rt: Runtime, work: _Work, cut: _Cut, persons: Sequence[Person], staff_index: Callable[[str], bytes]
) -> Known:
    """What the organisation remembers of these people: names, phones, earlier documents, objections."""
    organisation_id = work.organisation.id
    numbers = {fold_staff_number(slip.staff_number) for slip in cut.slips if slip.staff_number}
    numbers |= {fold_staff_number(person.row.staff_number) for person in persons}
    by_index = {staff_index(number): number for number in numbers}
    digests = {
        (fold_staff_number(slip.staff_number), slip.period): part.digest
        for slip, part in zip(cut.slips, cut.sealed, strict=True)
        if slip.staff_number
    }
    numbers_by_index = {
        rt.vault.phone_index(organisation_id, person.e164): person.e164 for person in persons if person.e164
    }
    with rt.read() as session:
        met = people.by_staff_index(session, organisation_id, list(by_index))
        refusals = people.objections(session, organisation_id, ("electronic_payslip",), list(by_index))
        earlier = documents.received_before(session, list(by_index), work.batch.id)
        dead = dead_numbers.among(session, work.organisation, list(numbers_by_index), rt.now())

    def opened(table: str, column: str, row_id: UUID, sealed: bytes | None) -> str:
        return rt.vault.columns.open_column(organisation_id, table, column, row_id, sealed) if sealed else ""

    written_to = {by_index[index]: person for index, person in met.items() if person.phone_sealed}
    needs_code = work.batch.password_policy == "sheet"
    codes = _weak_codes(persons) if needs_code else {}
    return Known(
        last_phones={
            number: opened("person", "phone", person.id, person.phone_sealed)
            for number, person in written_to.items()
        },
        last_names={
            number: opened("person", "name", person.id, person.name_sealed)
            for number, person in written_to.items()
        },
        dead_phones={numbers_by_index[index]: month for index, month in dead.items()},
        earlier_documents={
            (by_index[index], period): [
                EarlierDocument(
                    opened("document", "name", each.document_id, each.name_sealed),
                    rt.vault.columns.content_index(digest) == each.content_index,
                    each.password_policy != "none",
                )
                for each in received
            ]
            for (index, period), received in earlier.items()
            if (digest := digests.get((by_index[index], period))) is not None
        },
        with_password=work.batch.password_policy != "none",
        objections=[by_index[index] for index, _kind in refusals],
        needs_access_code=needs_code,
        refuse_code=lambda _code, row: codes.get(row.row_number),
    )


def _weak_codes(persons: Sequence[Person]) -> dict[int, str]:
    """Why a row's code is refused, by row number. A person who is in the sheet twice shares a code with nobody."""
    owners: dict[tuple[str, str], list[Person]] = {}
    for person in persons:
        if person.row.access_code:
            owner = (fold_staff_number(person.row.staff_number), person.row.access_code)
            owners.setdefault(owner, []).append(person)
    subjects = [
        CodeOf(rows[0].row.access_code, rows[0].e164 or "", rows[0].row.staff_number)
        for rows in owners.values()
    ]
    verdicts = zip(owners.values(), weaknesses(subjects), strict=True)
    return {
        person.row.row_number: verdict.value
        for rows, verdict in verdicts
        if verdict is not None
        for person in rows
    }


def _require_usual(rt: Runtime, work: _Work, rows: Sequence[ReviewRow]) -> tuple[ReviewRow, ...]:
    """Without a code in the sheet, a person needs a password from an earlier batch."""
    indexes = {row.id: rt.vault.staff_index(work.organisation.id, row.staff_number) for row in rows}
    with rt.read() as session:
        met = people.by_staff_index(session, work.organisation.id, list(set(indexes.values())))
    missing = Finding("usual_password_missing", Severity.BLOCKING, Subject.ACCESS_CODE)
    checked = []
    for row in rows:
        person = met.get(indexes[row.id])
        # The password of whoever had the staff number before would not be known to this person.
        same = all(finding.code != "person_changed" for finding in row.findings)
        has_one = bool(row.person and row.person.row.access_code) or bool(
            same and person and person.password_key_sealed
        )
        needs = row.state in SENT and not has_one
        checked.append(replace(row, findings=(*row.findings, missing)) if needs else row)
    return tuple(checked)


def _access_code(policy: str, row: ReviewRow) -> str:
    if row.state not in SENT or policy == "none":
        return ""
    if policy == "generated":
        return new_access_code()
    return row.person.row.access_code if row.person else ""


def _sealed_again(rt: Runtime, work: _Work, part: Sealed, pack_key: str, position: int) -> Sealed:
    """A second line for the same pages: each line has a document of its own, sealed for itself."""
    if not part.blob_size:
        return replace(part, document_id=uuid4())
    blob = rt.blobs.get_range(part.blob_key, part.blob_offset, part.blob_size)
    pdf = open_all(part.key, work.organisation.id, part.document_id, blob, plain=part.plain_size)
    document_id, key, blob_key = uuid4(), new_key(), f"{pack_key}.{position}"
    rt.blobs.put(blob_key, seal(key, work.organisation.id, document_id, pdf))
    rt.blobs.sync([blob_key])
    box = rt.vault.envelope.review_box(work.organisation.id, work.batch.id, work.batch.review_day)
    return replace(
        part,
        document_id=document_id,
        key=key,
        key_review=box.seal(document_id, "document-key", key),
        blob_key=blob_key,
        blob_offset=0,
    )


def _leave(rt: Runtime, work: _Work, state: str, failed: _Failed | None = None) -> None:
    with rt.begin() as session:
        batch = batches.lock(session, work.batch.id)
        if batch is None or batch.state != "splitting":
            return
        batch.state = state
        if failed is not None:
            write_failure(rt.vault, batch, failed.code, failed.detail)
            entry = journal.Entry(Tag.BATCH_REFUSED, batch.id, {"code": failed.code})
            journal.append(session, rt.vault, batch.organisation_id, [entry], rt.now())
        session.add(batch)
