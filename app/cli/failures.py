"""A failure as one clear sentence on standard error, without a traceback and without any value that was given."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import PliError


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what may be expected to go wrong into a sentence and exit status 1. A fault of ours keeps its traceback."""
    try:
        yield
    except Exception as error:
        text = sentence(error)
        if text is None:
            raise
        sys.exit(f"pli: {text}")


def sentence(error: BaseException) -> str | None:
    """What happened and what to do; None for what nobody expects."""
    if isinstance(error, PliError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}."
    # By name, because SQL belongs to app.db; its text could repeat the address of the database.
    family = type(error).__module__.partition(".")[0]
    if family in ("sqlalchemy", "psycopg", "sqlite3"):
        return (
            f"the database did not answer as it should ({type(error).__name__}). Look at PLI_DATABASE_URL, at the "
            "server and at the disk, then run `pli doctor`."
        )
    return None
