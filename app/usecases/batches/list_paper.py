"""Who gets the payslip on paper: they refused the electronic one, or no text can reach them and they were left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.faces import Face, read_face
from app.db.lines import read_details
from app.db.models import Document
from app.db.queries import batches, watching
from app.documents.match.release import UNREACHABLE
from app.runtime import Runtime


@dataclass(frozen=True)
class PaperLine:
    """A person with the pages of the file to print for them, from 1, and why: the code of a finding."""

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
        lines = watching.on_paper(session, batch_id, UNREACHABLE)
    listed = []
    for line in lines:
        details = read_details(rt.vault, line)
        first = details.first_page + 1
        pages = tuple(range(first, first + len(line.pages)))
        listed.append(PaperLine(read_face(rt.vault, line), details.source, pages, _reason(line)))
    return PaperList(batch.title, listed)


def _reason(line: Document) -> str:
    codes = [finding["code"] for finding in line.findings]
    return next(code for code in codes if code == "objection_paper" or code in UNREACHABLE)
