"""The only place that reads the wall clock. Everything else takes `now` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware and in UTC."""
    return datetime.now(UTC)
