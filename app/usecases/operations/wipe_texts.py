"""Texts that hold a link secret are forgotten when their 72 hours are over, whatever became of them."""

from app.db.queries import journal, messages
from app.db.sending import transitions
from app.evidence.tags import Tag
from app.messaging.sending import status
from app.runtime import Runtime

AT_ONCE = 500


def wipe_texts(rt: Runtime) -> None:
    """The timer's job."""
    now = rt.now()
    while True:
        with rt.begin() as session, journal.Book(session, rt.vault, now) as book:
            due = messages.to_wipe(session, now, AT_ONCE)
            for message in due:
                if status.State(message.state) in status.WAITING:
                    transitions.end_too_late(book, message)
                    continue
                transitions.wipe(message, now)
                session.add(message)
                book.note(message.organisation_id, journal.Entry(Tag.MESSAGE_WIPED, message.id, {}))
        if len(due) < AT_ONCE:
            return
