"""Find out which organisation an API key belongs to."""

from dataclasses import dataclass
from uuid import UUID

from app.crypto.tokens import api_key_hashes, api_key_prefix
from app.db.queries import accounts
from app.runtime import Runtime


@dataclass(frozen=True)
class Client:
    """The program behind an API request. `mode` is `live` or `test`: a test key never sends."""

    key_id: UUID
    organisation_id: UUID
    organisation: str
    mode: str
    simulator_only: bool = False

    @property
    def may_send(self) -> bool:
        """A test key releases only where nothing but the simulator can send."""
        return self.mode == "live" or self.simulator_only

    @property
    def actor(self) -> str:
        """How records and the journal name this program."""
        return f"key:{self.key_id}"


def identify_client(rt: Runtime, key: str) -> Client | None:
    """None when the text is no key, or a key that is unknown or revoked."""
    if api_key_prefix(key) is None:
        return None
    with rt.read() as session:
        found = accounts.api_key_by_hash(session, api_key_hashes(rt.vault.ring, key))
        if found is None:
            return None
        row, organisation = found
        return Client(row.id, organisation.id, organisation.name, row.mode, organisation.simulator_only)
