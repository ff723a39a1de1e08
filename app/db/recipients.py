"""People as rows of the table `person`, made from the lines of the batch that is sent to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.crypto.exchange import Exchange
from app.crypto.usual import seal_usual
from app.crypto.vault import Vault
from app.db.models import Batch, Organisation
from app.db.queries.leaving import LeavingDocument
from links.ports import NO_PASSWORD, PasswordKey


class PersonMaker:
    """Turns the recipients of one block into rows for bulk statements. For one thread."""

    def __init__(self, vault: Vault, organisation: Organisation, batch: Batch, now: datetime) -> None:
        self._columns = vault.columns
        self._sealer = vault.columns.sealer(organisation.id, "person")
        self._organisation_id = organisation.id
        keeps_passwords = batch.profile == "standard" and batch.password_policy != "none"
        self._exchange = Exchange(organisation.public_key) if keeps_passwords else None
        self._now = now

    def new(
        self, person_id: UUID, document: LeavingDocument, phone: str, password: PasswordKey
    ) -> dict[str, Any]:
        """A person who was never written to. Raises ValueError for a document without staff number or name."""
        return self.known(person_id, document, phone, password) | {
            "organisation_id": self._organisation_id,
            "staff_sealed": self._sealer.seal(
                "staff", person_id, self._opened(document, "staff", document.staff_sealed)
            ),
            "staff_index": document.staff_index,
            "objected_at": None,
        }

    def known(
        self, person_id: UUID, document: LeavingDocument, phone: str, password: PasswordKey
    ) -> dict[str, Any]:
        """What is new about a person who was written to before. Raises ValueError for a document without name."""
        name = self._opened(document, "name", document.name_sealed)
        kept = None
        if self._exchange is not None and password.kdf != NO_PASSWORD:
            kept = seal_usual(self._exchange, self._organisation_id, person_id, password)
        return {
            "id": person_id,
            "name_sealed": self._sealer.seal("name", person_id, name),
            "phone_sealed": self._sealer.seal("phone", person_id, phone),
            "phone_index": document.phone_index,
            "language": document.language,
            "password_key_sealed": kept,
            "updated_at": self._now,
        }

    def _opened(self, document: LeavingDocument, column: str, sealed: bytes | None) -> str:
        if sealed is None:
            raise ValueError(f"a released document has a {column}")
        return self._columns.open_column(self._organisation_id, "document", column, document.id, sealed)
