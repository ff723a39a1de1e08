"""What the organisation has sent since a batch was read: another batch may have left meanwhile.

Findings about earlier documents, names and phones are stored when a batch is read, and judged again whenever its review
is shown or acted upon. Nothing of this is written. The rule itself is `documents.match.standing.look_again`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.crypto.vault import Vault
from app.db.models import Batch, Document
from app.db.payroll.lines import read_details
from app.db.queries import documents, people, watching
from app.db.queries.watching import LightLine
from app.db.session import Session

_SENT = ("matched", "duplicate")


@dataclass(frozen=True)
class Before:
    """What other batches know of the staff number of a line, in clear: the `documents.match.standing.Before`."""

    name: str
    last_name: str
    changed_from: str
    received: Sequence[tuple[str, bool, bool]]
    with_password: bool


Rule = Callable[[Before], list[tuple[dict[str, str], str]]]


class LookBack:
    """The lines of one batch in review, in review order, as they are to be judged now."""

    def __init__(
        self, session: Session, vault: Vault, batch: Batch, rule: Rule, codes: Collection[str]
    ) -> None:
        """`rule` makes the findings with one of `codes`, and with no other."""
        self._vault = vault
        self._rule = rule
        self._codes = codes
        self._batch = batch
        stored = watching.light_lines(session, [batch.id])
        indexes = list({line.staff_index for line in stored if line.staff_index and line.match in _SENT})
        self._received = documents.received_before(session, indexes, batch.id)
        self._last = people.last_sent(session, batch.organisation_id, indexes)
        self._details: dict[UUID, list[str]] = {}
        self.lines: Sequence[LightLine] = [replace(line, findings=self._findings(line)) for line in stored]

    def told(self, document: Document, line: LightLine) -> list[tuple[dict[str, str], str]]:
        """The findings of a line, each with its detail; `line` is the one of `lines` for this document."""
        details = read_details(self._vault, document).findings
        stored = zip(document.findings, details, strict=True)
        if document.match not in _SENT:
            return list(stored)
        kept = [(finding, detail) for finding, detail in stored if finding["code"] not in self._codes]
        return kept + list(zip(line.findings[len(kept) :], self._details[line.id], strict=True))

    def _findings(self, line: LightLine) -> list[dict[str, str]]:
        if line.match not in _SENT:
            return line.findings
        kept = [finding for finding in line.findings if finding["code"] not in self._codes]
        found = self._rule(self._before(line, line.staff_index)) if line.staff_index else []
        self._details[line.id] = [detail for _, detail in found]
        return kept + [finding for finding, _ in found]

    def _before(self, line: LightLine, staff_index: bytes) -> Before:
        last = self._last.get(staff_index)
        received = self._received.get((staff_index, line.period), ())
        changed = last is not None and line.phone_index is not None and last.phone_index != line.phone_index
        return Before(
            name=self._open("document", "name", line.id, line.name_sealed) if last or received else "",
            last_name=self._open("person", "name", last.person_id, last.name_sealed) if last else "",
            changed_from=self._open("person", "phone", last.person_id, last.phone_sealed)
            if changed and last
            else "",
            received=[
                (
                    self._open("document", "name", each.document_id, each.name_sealed),
                    each.content_index == line.content_index,
                    each.password_policy != "none",
                )
                for each in received
            ],
            with_password=self._batch.password_policy != "none",
        )

    def _open(self, table: str, column: str, row_id: UUID, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return self._vault.columns.open_column(self._batch.organisation_id, table, column, row_id, sealed)
