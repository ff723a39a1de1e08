"""People as rows of the table `person`, made from the lines of the batch that is sent to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.crypto.exchange import Exchange
from app.crypto.usual import seal_usual
from app.crypto.vault import Vault
from app.db.models import Batch, Document, Organisation, Person
from app.db.queries.leaving import LeavingDocument
from links.ports import NO_PASSWORD, PasswordKey


def as_before(
    vault: Vault,
    person: Person,
    last: Document | None,
    same_name: Callable[[str, str], bool],
    now: datetime,
) -> dict[str, Any]:
    """What is known of a person once their newest batch was recalled: what the one before said, `last` being their
    document in it. The usual password stays only when it is the same person's."""
    columns, owner = vault.columns, person.organisation_id
    known: dict[str, Any] = {
        "id": person.id,
        "name_sealed": person.name_sealed,
        "phone_sealed": None,
        "phone_index": None,
        "password_key_sealed": None,
        "updated_at": now,
    }
    if last is None or last.phone_sealed is None:
        return known
    phone = columns.open_column(owner, "document", "phone", last.id, last.phone_sealed)
    known["phone_sealed"] = columns.seal_column(owner, "person", "phone", person.id, phone)
    known["phone_index"] = last.phone_index
    if last.name_sealed is not None:
        name = columns.open_column(owner, "document", "name", last.id, last.name_sealed)
        known["name_sealed"] = columns.seal_column(owner, "person", "name", person.id, name)
        if same_name(name, columns.open_column(owner, "person", "name", person.id, person.name_sealed)):
            known["password_key_sealed"] = person.password_key_sealed
    return known


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
        """A person who was never written to. Raises ValueError for a document without staff number."""
        if document.staff_sealed is None:
            raise ValueError("a released document has a staff number")
        name = self._opened(document, "name", document.name_sealed) if document.name_sealed else ""
        return self._sent(person_id, document, phone, password) | {
            "name_sealed": self._sealer.seal("name", person_id, name),
            "organisation_id": self._organisation_id,
            "staff_sealed": self._sealer.seal(
                "staff", person_id, self._opened(document, "staff", document.staff_sealed)
            ),
            "staff_index": document.staff_index,
            "objected_at": None,
        }

    def known(
        self, person: Person, document: LeavingDocument, phone: str, password: PasswordKey
    ) -> dict[str, Any]:
        """What is new about a person who was written to before; the name stays when the list gives none."""
        name_sealed = person.name_sealed
        if document.name_sealed:
            name = self._opened(document, "name", document.name_sealed)
            name_sealed = self._sealer.seal("name", person.id, name)
        return self._sent(person.id, document, phone, password) | {"name_sealed": name_sealed}

    def _sent(
        self, person_id: UUID, document: LeavingDocument, phone: str, password: PasswordKey
    ) -> dict[str, Any]:
        kept = None
        if self._exchange is not None and password.kdf != NO_PASSWORD:
            kept = seal_usual(self._exchange, self._organisation_id, person_id, password)
        return {
            "id": person_id,
            "phone_sealed": self._sealer.seal("phone", person_id, phone),
            "phone_index": document.phone_index,
            "language": document.language,
            "password_key_sealed": kept,
            "updated_at": self._now,
        }

    def _opened(self, document: LeavingDocument, column: str, sealed: bytes) -> str:
        return self._columns.open_column(self._organisation_id, "document", column, document.id, sealed)
