"""What the clerk has to say about the columns of the people sheet."""

from dataclasses import dataclass
from uuid import UUID

from app.db.payroll.mappings import StoredMapping, load_sheet_to_map, read_mapping
from app.db.payroll.openings import open_upload
from app.documents.people.headings import Field
from app.documents.people.mapping import ask_again, required_fields
from app.documents.people.model import NeedsMapping, SheetChoice
from app.runtime import Runtime


@dataclass(frozen=True)
class MappingQuestion:
    """The sheets of the workbook as they are, with what is guessed of their columns, fields that must have one,
    and the clerk's earlier answer when there is one."""

    batch_id: UUID
    title: str
    question: NeedsMapping
    required: tuple[Field, ...]
    earlier: SheetChoice | None


def propose_mapping(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> MappingQuestion:
    """Reads the sealed upload again. Raises NotFound, Conflict `mapping_settled`, or InvalidInput `sheet_<code>`."""
    with rt.read() as session:
        sheet = load_sheet_to_map(session, rt.vault, organisation_id, batch_id)
    batch = sheet.batch
    data = open_upload(rt.vault, batch, sheet.upload, rt.blobs.get_range)
    asked = ask_again(data, rt.policies.sheet, sheet.remembered, batch.password_policy)
    earlier = _earlier(read_mapping(rt.vault, batch))
    return MappingQuestion(batch.id, batch.title, asked, required_fields(batch.password_policy), earlier)


def _earlier(stored: StoredMapping | None) -> SheetChoice | None:
    if stored is None:
        return None
    columns = {Field(field): column for field, column in stored.columns.items()}
    return SheetChoice(columns, stored.header_row, stored.sheet)
