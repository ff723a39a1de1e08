"""The library's log: warnings only, by our handlers, and not a second time what `app.engine.handlers` has said."""

import logging

from app.engine.handlers import JobFailed


class KnownFailures(logging.Filter):
    """Drops the traceback the library prints for a job we have already reported as dead."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep everything that is not such a traceback."""
        return not (record.exc_info and isinstance(record.exc_info[1], JobFailed))


_known = KnownFailures()
_no_console = logging.NullHandler()


def quiet_library() -> None:
    """May be called often. A logger that has a handler gets no console handler from the library."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addHandler(_no_console)
    logger.addFilter(_known)
