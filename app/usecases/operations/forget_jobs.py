"""Forget finished work and old warnings, so that the tables stay small."""

from datetime import timedelta

from app.db.queries import callback_events, dead_numbers
from app.runtime import Runtime

JOBS_KEPT = timedelta(days=40)
TICKS_KEPT = timedelta(hours=1)


def forget_jobs(rt: Runtime) -> None:
    """The timer's job. Jobs are kept longer than a batch can wait, so that a repeated request still finds its key."""
    now = rt.now()
    rt.jobs.purge(now - JOBS_KEPT, now - TICKS_KEPT)
    with rt.begin() as session:
        dead_numbers.forget_before(session, now - dead_numbers.REMEMBERED)
        callback_events.forget_before(session, now - callback_events.KEPT)
