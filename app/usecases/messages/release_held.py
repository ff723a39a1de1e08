"""Held messages whose hour has come go back to the queue; dispatch asks every rule again."""

from app.db.queries import messages
from app.db.sending import lanes
from app.runtime import Runtime

AT_ONCE = 2_000


def release_held(rt: Runtime) -> None:
    """The timer's job."""
    while True:
        rt.jobs.checkpoint()
        now = rt.now()
        with rt.begin() as session:
            due = messages.queue_due(session, now, AT_ONCE)
            lanes.wake(session, rt.jobs, due, now)
        if len(due) < AT_ONCE:
            return
