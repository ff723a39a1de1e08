"""The letters with the access codes Pli made, to be printed and handed over before the release."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.errors import Conflict, NotFound
from app.db.payroll.faces import read_face
from app.db.queries import documents, journal, organisations, reviewing
from app.documents.letters import AccessLetter, LetterHead, access_letters_pdf
from app.documents.match.standing import lines_to_send
from app.evidence.tags import Tag
from app.messaging.texts.notices import payslip_label
from app.runtime import Runtime


@dataclass(frozen=True)
class Letters:
    """One PDF with a page per person, in sheet order of the review. `title` is the batch's own, for the clerk alone."""

    title: str
    pdf: bytes


def export_access_codes(rt: Runtime, organisation_id: UUID, batch_id: UUID, actor: str) -> Letters:
    """Records that the codes were handed out, which the release asks for; may be done again until the release.

    Raises NotFound, or Conflict `not_in_review` or `no_codes` when the batch has none of Pli's own codes.
    """
    now = rt.now()
    with rt.begin() as session:
        batch = reviewing.hold_batch(session, organisation_id, batch_id, now)
        organisation = organisations.get(session, organisation_id)
        if organisation is None:
            raise NotFound("organisation_unknown", "this organisation does not exist")
        lines = [
            line for line in lines_to_send(documents.of_batch(session, batch_id)) if line.access_code_review
        ]
        if batch.password_policy != "generated" or not lines:
            raise Conflict("no_codes", "this batch has no access codes made by Pli")
        if "codes_printed" not in batch.confirmed:
            batch.confirmed = [*batch.confirmed, "codes_printed"]
            session.add(batch)
        entry = journal.Entry(Tag.CODES_EXPORTED, batch.id, {"letters": len(lines), "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    box = rt.vault.envelope.review_box(organisation_id, batch.id, batch.review_day)
    letters = []
    for line in lines:
        face = read_face(rt.vault, line)
        code = box.open(line.id, "access-code", line.access_code_review or b"").decode()
        subject = payslip_label(line.period, line.language)
        letters.append(AccessLetter(face.name, face.staff_number, subject, code, line.language))
    head = LetterHead(
        organisation=organisation.name,
        contact=organisation.contact,
        day=now.astimezone(ZoneInfo(organisation.timezone)).date(),
    )
    return Letters(batch.title, access_letters_pdf(head, letters))
