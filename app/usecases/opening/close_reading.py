"""End a reader's session before its quarter of an hour is over."""

from app.runtime import Runtime
from links import sessions


def close_reading(rt: Runtime, value: str) -> None:
    """A session that is over, or never was, is fine."""
    with rt.begin() as session:
        sessions.close(session, rt.vault.links, value)
