"""End a session."""

from app.crypto.tokens import token_hash
from app.db.queries import accounts
from app.runtime import Runtime


def log_out(rt: Runtime, token: str) -> None:
    """Forget the session of this cookie; nothing happens when there is none."""
    with rt.begin() as session:
        accounts.end_session(session, token_hash(token))
