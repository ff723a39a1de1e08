"""Jobs that were given up and that nobody has tried again, for `pli doctor`."""

from collections.abc import Sequence

from app.db.models import StalledJob
from app.db.queries import stalls
from app.runtime import Runtime


def list_stalled(rt: Runtime) -> Sequence[StalledJob]:
    """Oldest first. Read only."""
    with rt.read() as session:
        return stalls.open_anywhere(session)
