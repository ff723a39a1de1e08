"""Held messages whose hour has come go back to the queue, in blocks; dispatch asks every rule again."""

from uuid import UUID, uuid4

from app.core.jobs import Job
from app.db.models import Block
from app.db.queries import messages
from app.messaging import status
from app.runtime import Runtime

AT_ONCE = 200


def release_held(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    with rt.begin() as session:
        blocks: dict[tuple[UUID, UUID | None], Block] = {}
        for message in messages.held_until(session, now, AT_ONCE):
            place = (message.organisation_id, message.batch_id)
            if place not in blocks:
                blocks[place] = Block(
                    id=uuid4(),
                    organisation_id=message.organisation_id,
                    batch_id=message.batch_id,
                    kind="dispatch",
                    position=0,
                    created_at=now,
                )
                session.add(blocks[place])
            message.block_id = blocks[place].id
            message.state = status.State.QUEUED
            session.add(message)
        session.flush()
        for block in blocks.values():
            rt.jobs.enqueue(
                session,
                Job("dispatch_block", str(block.id), (str(block.id),), partition=str(block.organisation_id)),
            )
