"""Jobs that were given up are put where people see them: on the page of their batch, and in `pli doctor`.

The engine is asked for them again and again instead of telling once: whatever makes a job fail for good, a database that
is away above all, would keep the message from being written down too.
"""

from app.db.queries import journal, stalls
from app.evidence.tags import Tag
from app.runtime import Runtime


def notice_stalled(rt: Runtime) -> None:
    """The timer's job."""
    dead = {job.id: job for job in rt.jobs.dead()}
    with rt.read() as session:
        fresh = dead.keys() - stalls.known(session, dead.keys())
    for job_id in sorted(fresh):
        with rt.begin() as session:
            stalled = stalls.note(session, dead[job_id], rt.now())
            if stalled.organisation_id is not None and stalled.batch_id is not None:
                body = {"job": stalled.kind, "code": stalled.code}
                entry = journal.Entry(Tag.BATCH_STALLED, stalled.batch_id, body)
                journal.append(session, rt.vault, stalled.organisation_id, [entry], stalled.stalled_at)
