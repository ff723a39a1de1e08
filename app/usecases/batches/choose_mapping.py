"""The clerk's answer about the columns: kept for next month, and the batch is read with it."""

from uuid import UUID

from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.jobs import Job
from app.db.mappings import write_mapping
from app.db.openings import open_upload
from app.db.queries import batches
from app.documents.headings import Field
from app.documents.mapping import Answer, ask_again, check_answer, headings_to_remember
from app.documents.sheets_model import SheetRefused
from app.runtime import Runtime


def choose_mapping(rt: Runtime, organisation_id: UUID, batch_id: UUID, answer: Answer) -> None:
    """Raises NotFound, Conflict `mapping_settled`, or InvalidInput `bad_mapping`,
    `access_code_column_missing` or `sheet_<code>`."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "needs_mapping":
            raise Conflict("mapping_settled", "the columns of this batch are settled; load the page again")
        sheet = batches.uploads(session, batch_id, "people")[0]
        remembered = batches.remembered_headings(session, rt.vault, organisation_id)
    data = open_upload(rt.vault, batch, sheet, rt.blobs.get_range)
    known = {heading: Field(name) for heading, name in remembered.items()}
    asked = ask_again(data, rt.policies.sheet, known, batch.password_policy)
    if isinstance(asked, SheetRefused):
        raise InvalidInput(f"sheet_{asked.code}", asked.detail)
    headings = headings_to_remember(check_answer(asked, answer, batch.password_policy), answer)
    with rt.begin() as session:
        held = batches.lock(session, batch_id)
        if held is None or held.state != "needs_mapping":
            raise Conflict("mapping_settled", "the columns of this batch are settled; load the page again")
        columns = {field.value: column for field, column in answer.columns.items()}
        tries = write_mapping(rt.vault, held, columns, answer.header_row, answer.sheet)
        held.state = "received"
        session.add(held)
        batches.remember_headings(session, rt.vault, organisation_id, headings, rt.now())
        rt.jobs.enqueue(
            session,
            Job("split_batch", f"{batch_id}:{tries}", (str(batch_id),), partition=str(organisation_id)),
        )
