"""Who gets the payslip on paper, because they refused the electronic one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.faces import Face, read_face
from app.db.lines import read_details
from app.db.queries import batches, documents
from app.documents.match.release import State
from app.runtime import Runtime


@dataclass(frozen=True)
class PaperLine:
    """A person with the pages of the file to print for them, from 1."""

    face: Face
    source: str
    pages: tuple[int, ...]


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
        lines = [line for line in documents.of_batch(session, batch_id) if line.match == State.PAPER]
    listed = []
    for line in lines:
        details = read_details(rt.vault, line)
        first = details.first_page + 1
        pages = tuple(range(first, first + len(line.pages)))
        listed.append(PaperLine(read_face(rt.vault, line), details.source, pages))
    return PaperList(batch.title, listed)
