"""Send what waits for one sender: decide, take slots, commit the attempts, call the carriers, record the answers.

Each turn takes the most urgent messages of the sender, so that a message queued later but more urgent leaves before the
others; several runs may serve one sender at once. An attempt is committed as `submitting` before its carrier is called,
and no transaction is open during the call. A run asks the tables at each turn what is left, so it can be cut at any
point and run again, and a link that was closed is announced no more from the next turn on.
"""

from contextlib import suppress
from uuid import UUID

from app.carriers.handover import Handover
from app.db.block_run import BlockRun, Superseded
from app.db.queries import messages
from app.db.queries.messages import Lane
from app.db.sending import lanes
from app.runtime import Runtime
from app.usecases.messages.dispatch_sender.answers import flush, settle_doubts
from app.usecases.messages.dispatch_sender.run import Run
from app.usecases.messages.dispatch_sender.turn import next_turn

FLUSH_SECONDS = 0.2
PAUSE_SECONDS = 0.1  # while the pace is the limit: fewer and larger turns
LONGEST_PAUSE_SECONDS = 0.5
RUN_SECONDS = 20.0  # then other senders have their turn
MOST_CALLS = 16  # calls to carriers at once, for one run


def dispatch_sender(rt: Runtime, block_id: str) -> None:
    """The job. Returns when nothing of the lane can leave any more, or after RUN_SECONDS, having started the next run."""
    with rt.read() as session:
        block = messages.block(session, UUID(block_id))
    if block is None or block.sender_id is None:
        raise ValueError("a run has its block and its sender")
    lane = Lane(block.sender_id, block.kind == "express")
    with (
        suppress(Superseded),
        rt.threads(MOST_CALLS) as threads,
        BlockRun(rt.database, block.id, rt.now) as held,
    ):
        run = Run(held, lane, Handover(rt.carriers, threads, rt.timepiece, rt.now, held.confirm))
        try:
            settle_doubts(rt, run)
            _work(rt, run)
        finally:
            run.hand.wait()
            run.gather()
            flush(rt, run)
            if run.left_late and held.is_held():
                next_turn(rt, run, closing=True)
        _start_next(rt, run, block.batch_id)


def _work(rt: Runtime, run: Run) -> None:
    ends_at = rt.timepiece.now() + RUN_SECONDS
    flushed_at = rt.timepiece.now()
    while True:
        rt.jobs.checkpoint()
        run.hand.check()
        run.gather()
        if rt.timepiece.now() - flushed_at >= FLUSH_SECONDS or not run.hand.in_hand:
            flush(rt, run)
            flushed_at = rt.timepiece.now()
        pause = next_turn(rt, run, closing=rt.timepiece.now() > ends_at)
        if pause is None:
            if run.idle:
                return
            run.hand.wait(PAUSE_SECONDS)
        elif pause > 0:
            rt.timepiece.sleep(min(max(pause, PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))


def _start_next(rt: Runtime, run: Run, batch_id: UUID | None) -> None:
    """Another run when this one made way for other senders, or for carriers that want a rest."""
    lane, now = run.lane, rt.now()
    # The run that a rest that is over names may be done, and a run is never done twice.
    later = run.rests_until if run.rests_until is not None and run.rests_until > now else None
    with rt.begin() as session:
        if messages.any_queued(session, lane.sender_id, express=lane.express):
            lanes.wake(session, rt.jobs, [lane], now, batch_id=batch_id, not_before=later)
