"""Keep the language a person reads the console in."""

from typing import Literal
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import accounts
from app.runtime import Runtime


def choose_language(rt: Runtime, user_id: UUID, language: Literal["fr", "en"]) -> None:
    """Raises NotFound when the account does not exist."""
    with rt.begin() as session:
        user = accounts.user(session, user_id)
        if user is None:
            raise NotFound("user_unknown", "this account does not exist")
        user.language = language
        session.add(user)
