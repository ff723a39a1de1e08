"""What the organisation has sent since a batch was read: another batch may have left meanwhile.

Findings about earlier documents and phones are stored when a batch is read, and judged again whenever its review is
shown or acted upon. Nothing of this is written. The rule itself is `documents.match.standing.look_again`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from app.crypto.vault import Vault
from app.db.lines import read_details
from app.db.models import Document
from app.db.queries import documents, people, watching
from app.db.queries.watching import LightLine
from app.db.session import Session

_SENT = ("matched", "duplicate")
# Number changed or not, digests of what the person received for the month (None: nothing), digest of what would leave.
Rule = Callable[[bool, Collection[bytes] | None, bytes | None], list[dict[str, str]]]


class LookBack:
    """The lines of one batch in review, in review order, as they are to be judged now."""

    def __init__(
        self, session: Session, organisation_id: UUID, batch_id: UUID, rule: Rule, codes: Collection[str]
    ) -> None:
        """`rule` makes the findings with one of `codes`, and with no other."""
        self._rule = rule
        self._codes = codes
        self._organisation_id = organisation_id
        stored = watching.light_lines(session, [batch_id])
        indexes = list({line.staff_index for line in stored if line.staff_index and line.match in _SENT})
        self._received = documents.received_before(session, indexes, batch_id)
        self._phones = people.last_phones(session, organisation_id, indexes)
        self.lines: Sequence[LightLine] = [replace(line, findings=self._findings(line)) for line in stored]

    def told(self, vault: Vault, document: Document, line: LightLine) -> list[tuple[dict[str, str], str]]:
        """The findings of a line, each with its detail; `line` is the one of `lines` for this document."""
        details = read_details(vault, document).findings
        if document.match not in _SENT:
            return list(zip(document.findings, details, strict=True))
        kept = [
            (finding, detail)
            for finding, detail in zip(document.findings, details, strict=True)
            if finding["code"] not in self._codes
        ]
        return kept + [
            (finding, self._detail(vault, line, finding)) for finding in line.findings[len(kept) :]
        ]

    def _findings(self, line: LightLine) -> list[dict[str, str]]:
        if line.match not in _SENT:
            return line.findings
        kept = [finding for finding in line.findings if finding["code"] not in self._codes]
        if line.staff_index is None:
            return kept
        last = self._phones.get(line.staff_index)
        changed = last is not None and line.phone_index is not None and last.phone_index != line.phone_index
        received = self._received.get((line.staff_index, line.period))
        return kept + self._rule(changed, received, line.content_index)

    def _detail(self, vault: Vault, line: LightLine, finding: dict[str, str]) -> str:
        if finding["code"] != "number_changed" or line.staff_index is None:
            return ""
        last = self._phones[line.staff_index]
        return vault.columns.open_column(
            self._organisation_id, "person", "phone", last.person_id, last.phone_sealed
        )
