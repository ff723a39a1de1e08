"""Everything that seals and opens, in one hand: what a use case gets as `rt.vault`."""

from dataclasses import dataclass
from uuid import UUID

from app.crypto.columns import Columns
from app.crypto.envelope import Envelope
from app.crypto.epochs import EpochStore
from app.crypto.keyring import KeyRing
from app.crypto.linkkeys import LinkKeys
from app.crypto.passwords import Argon2Pool


@dataclass(frozen=True)
class Vault:
    """`columns` for names and numbers, `envelope` for reviews and texts, `links` for document links."""

    ring: KeyRing
    epochs: EpochStore
    columns: Columns
    envelope: Envelope
    links: LinkKeys

    @classmethod
    def build(cls, ring: KeyRing, epochs: EpochStore, pool: Argon2Pool) -> "Vault":
        """From the two things that are kept outside the database."""
        return cls(ring, epochs, Columns(ring), Envelope(ring, epochs), LinkKeys(ring, epochs, pool))

    def staff_index(self, organisation_id: UUID, staff_number: str) -> bytes:
        """Finds a person by staff number, folded as `match.people` does."""
        return self.columns.blind_index(organisation_id, "staff", staff_number)

    def phone_index(self, organisation_id: UUID, e164: str) -> bytes:
        """Finds a person or a message by phone number in E.164."""
        return self.columns.blind_index(organisation_id, "phone", e164)
