"""The lines of a batch that do not leave with it, in clear: who they are, what was found, where their pages lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.crypto.vault import Vault
from app.db.models import Document
from app.db.payroll.faces import Face, read_face
from app.db.payroll.lines import read_details
from app.db.queries import watching
from app.db.session import Session

_SENT = ("matched", "duplicate")


@dataclass(frozen=True)
class LeftOut:
    """A `documents.match.left_out.LeftOut`. `pages` are numbers within the file `source`, from 1."""

    id: UUID
    face: Face
    match: str
    excluded: bool
    findings: Sequence[dict[str, str]]
    numbers_seen: Sequence[str]
    sent_anyway: bool
    source: str
    pages: tuple[int, ...]
    sheet_row: int | None

    @property
    def staff_number(self) -> str:
        return self.face.staff_number


def read_left_out(session: Session, vault: Vault, batch_id: UUID) -> list[LeftOut]:
    """In review order. Before the release these are the lines that would not leave now."""
    light = watching.light_lines(session, [batch_id])
    released = any(line.state not in ("in_review", "excluded") for line in light)
    stay = [
        line.id
        for line in light
        if line.state == "excluded" or (line.state == "in_review" and (released or line.match not in _SENT))
    ]
    leaving: set[tuple[bytes | None, str]] = {
        (line.staff_index, line.period)
        for line in light
        if line.match in _SENT and line.state not in ("excluded", "cancelled") and line.staff_index
    }
    found = watching.documents(session, stay)
    return [_read(vault, found[each], leaving) for each in stay]


def _read(vault: Vault, document: Document, leaving: set[tuple[bytes | None, str]]) -> LeftOut:
    details = read_details(vault, document)
    first = details.first_page + 1
    seen = details.findings[0].split(", ") if document.match == "unmatched" and details.findings else []
    return LeftOut(
        document.id,
        read_face(vault, document),
        document.match,
        document.state == "excluded",
        document.findings,
        [number for number in seen if number],
        (document.staff_index, document.period) in leaving,
        details.source,
        tuple(range(first, first + len(document.pages))),
        document.sheet_row,
    )
