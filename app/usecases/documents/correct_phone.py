"""Give a line another phone number, and look at it again as the review would have."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Conflict
from app.db.models import Document
from app.db.payroll.lines import read_details, read_staff_number, write_details
from app.db.queries import dead_numbers, journal, organisations, people, reviewing, watching
from app.db.session import Session
from app.documents.match.phones import phone_findings, same_phone
from app.documents.match.release import Finding, State, Subject
from app.documents.match.standing import finding_to_json
from app.evidence.tags import Tag
from app.messaging.numbers.phone import PhoneProblem, Unreachable, read_phone
from app.runtime import Runtime


@dataclass(frozen=True)
class PhoneRefused:
    """Why no text can reach what was typed; nothing was changed."""

    problem: PhoneProblem


def correct_phone(
    rt: Runtime, organisation_id: UUID, document_id: UUID, typed: str, actor: str
) -> PhoneRefused | None:
    """None when the number was taken. A number that differs from the person's last batch has to be confirmed again.

    Raises NotFound, or Conflict `not_in_review` or `no_person`.
    """
    now = rt.now()
    with rt.begin() as session:
        batch, document = reviewing.hold_line(session, organisation_id, document_id, now)
        if document.match not in (State.MATCHED, State.DUPLICATE):
            raise Conflict("no_person", "this line has no person whose phone could be corrected")
        organisation = organisations.get(session, organisation_id)
        phone = read_phone(typed, organisation.region if organisation else "FR")
        if isinstance(phone, Unreachable):
            return PhoneRefused(phone.problem)
        left = document.phone_index
        document.phone_index = rt.vault.phone_index(organisation_id, phone.e164)
        document.phone_sealed = rt.vault.columns.seal_column(
            organisation_id, "document", "phone", document.id, phone.e164
        )
        document.confirmed = [code for code in document.confirmed if code != "number_changed"]
        dead = dead_numbers.among(session, organisation, [document.phone_index], now) if organisation else {}
        sharing = _sharing(rt, document, watching.same_phone(session, batch.id, [document.phone_index]))
        _replace(
            rt,
            document,
            phone_findings(
                phone, _last_phone(rt, session, document), sharing, dead.get(document.phone_index, "")
            ),
            phone_typed=typed,
        )
        session.add(document)
        session.flush()
        _look_again_at_others(rt, session, document, left)
        entry = journal.Entry(Tag.DOCUMENT_PHONE_CHANGED, document.id, {"by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return None


def _last_phone(rt: Runtime, session: Session, document: Document) -> str | None:
    if document.staff_index is None:
        return None
    met = people.by_staff_index(session, document.organisation_id, [document.staff_index])
    person = met.get(document.staff_index)
    if person is None or person.phone_sealed is None:
        return None
    return rt.vault.columns.open_column(
        person.organisation_id, "person", "phone", person.id, person.phone_sealed
    )


def _sharing(rt: Runtime, document: Document, lines: list[Document]) -> set[str]:
    """Staff numbers of the other people among lines with one phone."""
    return {read_staff_number(rt.vault, line) for line in lines if line.staff_index != document.staff_index}


def _look_again_at_others(rt: Runtime, session: Session, changed: Document, left: bytes | None) -> None:
    """Whoever shared the old number may share it no more, and whoever has the new one shares it now."""
    for index in filter(None, (left, changed.phone_index)):
        lines = watching.same_phone(session, changed.batch_id, [index])
        for line in lines:
            if line.id == changed.id:
                continue
            sharing = _sharing(rt, line, lines)
            _replace(rt, line, (same_phone(sharing),) if sharing else (), only="same_phone")
            session.add(line)


def _replace(
    rt: Runtime,
    document: Document,
    findings: tuple[Finding, ...],
    *,
    only: str = "",
    phone_typed: str | None = None,
) -> None:
    """Put these findings in the place of those about the phone, or of those with the code `only`."""
    details = read_details(rt.vault, document)
    kept = [
        (stored, detail)
        for stored, detail in zip(document.findings, details.findings, strict=True)
        if (stored["code"] != only if only else stored["subject"] != Subject.PHONE)
    ]
    document.findings = [stored for stored, _ in kept] + [finding_to_json(finding) for finding in findings]
    write_details(
        rt.vault,
        document,
        findings=(*(detail for _, detail in kept), *(finding.detail for finding in findings)),
        phone_typed=details.phone_typed if phone_typed is None else phone_typed,
    )
