"""Find an account by its address, for the operator."""

from uuid import UUID

from app.core.accounts import canonical_email
from app.core.errors import NotFound
from app.db.queries import accounts
from app.runtime import Runtime


def find_user(rt: Runtime, email: str) -> UUID:
    """The id of the account. Raises NotFound."""
    with rt.read() as session:
        found = accounts.user_by_email(session, canonical_email(email))
    if found is None:
        raise NotFound("user_unknown", "no account has that address; check how it is written")
    return found.id
