"""Taking the next messages reads an index of what waits and nothing else, on both databases."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session

from app.core import clock
from app.db.queries import messages
from app.db.session import Database
from tests.pipeline import pipeline
from tests.queue import queue, rows, sms_sender

Ask = Callable[[Session, UUID], object]
QUESTIONS: dict[str, tuple[str, Ask]] = {
    "the whole queue": (
        "ix_message_queued",
        lambda session, sender: messages.claim_next(session, sender, express=False, limit=30),
    ),
    "alerts and access codes": (
        "ix_message_queued",
        lambda session, sender: messages.claim_next(session, sender, express=True, limit=30),
    ),
    "whether something waits": (
        "ix_message_queued",
        lambda session, sender: messages.any_queued(session, sender, express=False),
    ),
    "doubts of a run": ("ix_message_submitting", lambda session, _: messages.in_doubt(session, uuid4())),
}


def plan_of(crowded: tuple[Database, UUID], ask: Ask) -> str:
    """How the database would answer, in its own words."""
    database, sender_id = crowded
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    with database.begin() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            ask(session, sender_id)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        (statement, parameters) = next(one for one in asked if "message" in one[0])
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        found = session.connection().exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
        return "\n".join(" ".join(map(str, row)) for row in found)


@pytest.fixture
def crowded(database_url: str, tmp_path: Path) -> Iterator[tuple[Database, UUID]]:
    """Many messages in every state, of several senders; most have left."""
    with pipeline(tmp_path / "data", database_url=database_url) as made:
        sender = sms_sender(made.rt, made.organisation.id)
        (row,) = rows(made.rt, sender, ["Bonjour"])
        states = ["delivered"] * 12 + ["queued"] * 6 + ["held", "submitting"]
        found = [
            {
                **row,
                "id": uuid4(),
                "state": states[at % len(states)],
                "priority": at % 5,
                "created_at": row["created_at"] + timedelta(milliseconds=at),
            }
            for at in range(20_000)
        ]
        queue(made.rt, found, runs=0)
    database = Database(database_url)
    with database.begin() as session:
        session.execute(sa.text("ANALYZE"))
    yield database, sender.id
    database.close()


def test_every_question_about_the_queue_is_answered_by_its_index(crowded: tuple[Database, UUID]) -> None:
    for name, (index, ask) in QUESTIONS.items():
        plan = plan_of(crowded, ask)
        assert index in plan, (name, plan)
        assert "Seq Scan" not in plan, (name, plan)
        # The order of the index is the order of the queue: nothing is sorted.
        if name != "doubts of a run":
            assert not any(word in plan for word in ("Sort", "TEMP B-TREE")), (name, plan)


def test_held_messages_come_back_by_their_index(crowded: tuple[Database, UUID]) -> None:
    plan = plan_of(crowded, lambda session, _: messages.queue_due(session, clock.now(), 100))
    assert "ix_message_held" in plan, plan
