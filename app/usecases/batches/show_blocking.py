"""The lines that still block a batch, by name, before they are left out together."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import Conflict, NotFound
from app.db.payroll.faces import read_face
from app.db.payroll.lines import read_details
from app.db.payroll.look_back import LookBack
from app.db.queries import batches, watching
from app.documents.match.standing import LOOKED_AGAIN, look_again, standing_blockers
from app.runtime import Runtime


@dataclass(frozen=True)
class BlockedLine:
    """`reasons` are the codes of the findings that stand, `pages` numbers within the file, from 1; `name` and
    `staff_number` are empty where the pages are nobody's."""

    id: UUID
    name: str
    staff_number: str
    pages: tuple[int, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class BlockedLines:
    """In review order."""

    batch_id: UUID
    title: str
    lines: Sequence[BlockedLine]


def show_blocking(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> BlockedLines:
    """Read only. Raises NotFound, or Conflict `not_in_review`."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        if batch.state != "in_review":
            raise Conflict("not_in_review", "this batch is not in review")
        lines = LookBack(session, rt.vault, batch, look_again, LOOKED_AGAIN).lines
        reasons: dict[str, list[str]] = {}
        for blocker in standing_blockers(lines):
            reasons.setdefault(blocker.row_id, []).append(blocker.finding.code)
        blocked = [line for line in lines if line.row_key in reasons]
        documents = watching.documents(session, [line.id for line in blocked])
    shown = []
    for line in blocked:
        document = documents[line.id]
        face, first = read_face(rt.vault, document), read_details(rt.vault, document).first_page + 1
        pages = tuple(range(first, first + len(document.pages)))
        shown.append(BlockedLine(line.id, face.name, face.staff_number, pages, tuple(reasons[line.row_key])))
    return BlockedLines(batch.id, batch.title, shown)
