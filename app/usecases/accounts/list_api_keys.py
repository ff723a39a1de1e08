"""The keys of an organisation's programs, without their secrets."""

from uuid import UUID

from app.db.models import ApiKey
from app.db.queries import accounts
from app.runtime import Runtime


def list_api_keys(rt: Runtime, organisation_id: UUID) -> list[ApiKey]:
    """Newest first, revoked ones too."""
    with rt.read() as session:
        return accounts.api_keys(session, organisation_id)
