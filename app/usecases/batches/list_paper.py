"""Whose payslip is to be printed: they refused the electronic one, were left out, or it lies on a page nobody can be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.payroll.faces import Face
from app.db.payroll.left_out import read_left_out
from app.db.queries import batches
from app.documents.match.left_out import reason_left_out, to_print
from app.runtime import Runtime


@dataclass(frozen=True)
class PaperLine:
    """A person with the pages of the file to print for them, from 1, and why: the code of a finding, or
    `left_out.BY_HAND`. The name is empty where pages are nobody's."""

    face: Face
    source: str
    pages: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class PaperList:
    """In review order."""

    title: str
    lines: Sequence[PaperLine]


def list_paper(rt: Runtime, organisation_id: UUID, batch_id: UUID) -> PaperList:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        batch = batches.get(session, organisation_id, batch_id)
        if batch is None:
            raise NotFound("batch_unknown", "this batch does not exist")
        lines = read_left_out(session, rt.vault, batch_id)
    listed = [
        PaperLine(lines[at].face, lines[of].source, lines[of].pages, reason_left_out(lines[at]))
        for at, of in to_print(lines)
    ]
    return PaperList(batch.title, listed)
