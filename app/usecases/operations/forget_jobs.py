"""Forget what the job engine remembers of finished work, so that its tables stay small."""

from datetime import timedelta

from app.runtime import Runtime

JOBS_KEPT = timedelta(days=40)
TICKS_KEPT = timedelta(hours=1)


def forget_jobs(rt: Runtime) -> None:
    """The timer's job. Jobs are kept longer than a batch can wait, so that a repeated request still finds its key."""
    now = rt.now()
    rt.jobs.purge(now - JOBS_KEPT, now - TICKS_KEPT)
