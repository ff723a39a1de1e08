"""The clerk's answer about the columns: kept for next month, and the batch is read with it."""

from uuid import UUID

from app.core.jobs import Job
from app.db.payroll.mappings import load_sheet_to_map, require_unmapped, write_mapping
from app.db.payroll.openings import open_upload
from app.db.queries import batches
from app.documents.people.mapping import Answer, ask_again, check_answer, headings_to_remember
from app.runtime import Runtime


def choose_mapping(
    rt: Runtime, organisation_id: UUID, batch_id: UUID, answer: Answer, *, create_codes: bool = False
) -> None:
    """`create_codes` lets Pli make the access codes that were to come from the list. Raises NotFound, Conflict `mapping_settled`, or InvalidInput `bad_mapping`,
    `access_code_column_missing` or `sheet_<code>`."""
    with rt.read() as session:
        sheet = load_sheet_to_map(session, rt.vault, organisation_id, batch_id)
    batch = sheet.batch
    data = open_upload(rt.vault, batch, sheet.upload, rt.blobs.get_range)
    policy = "generated" if create_codes and batch.password_policy == "sheet" else batch.password_policy
    asked = ask_again(data, rt.policies.sheet, sheet.remembered, policy)
    headings = headings_to_remember(check_answer(asked, answer, policy), answer)
    with rt.begin() as session:
        held = require_unmapped(batches.lock(session, batch_id))
        columns = {field.value: column for field, column in answer.columns.items()}
        tries = write_mapping(rt.vault, held, columns, answer.header_row, answer.sheet)
        held.state = "received"
        held.password_policy = policy
        session.add(held)
        batches.remember_headings(session, rt.vault, organisation_id, headings, rt.now())
        rt.jobs.enqueue(
            session,
            Job("split_batch", f"{batch_id}:{tries}", (str(batch_id),), partition=str(organisation_id)),
        )
