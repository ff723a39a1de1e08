"""Carry downloads from the journal to the lines of the batches.

A download is a GET, and a GET moves no state: it only appends to the journal. This timer reads what it wrote.
"""

from datetime import timedelta

from app.db.queries import documents
from app.runtime import Runtime

LOOK_BACK = timedelta(hours=1)


def note_downloads(rt: Runtime) -> None:
    """The timer's job."""
    since = rt.now() - LOOK_BACK
    with rt.read() as session:
        found = documents.downloads_not_noted(session, since)
    if found:
        with rt.begin() as session:
            documents.note_downloads(session, found)
