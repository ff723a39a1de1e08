"""Find an API key by its public beginning, for the operator."""

from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import accounts
from app.runtime import Runtime


def find_api_key(rt: Runtime, organisation_id: UUID, prefix: str) -> UUID:
    """The id of the key whose first 16 characters are `prefix`. Raises NotFound."""
    with rt.read() as session:
        for key in accounts.api_keys(session, organisation_id):
            if key.prefix == prefix:
                return key.id
    raise NotFound("api_key_unknown", "no key begins so; `pli client list` shows how they begin")
