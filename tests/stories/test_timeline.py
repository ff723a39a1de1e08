"""What the history of one document says of the network's reports."""

from datetime import datetime

from app.carriers.base import Report
from app.usecases.batches.export_batch import export_batch
from app.usecases.documents.show_document import show_document
from app.usecases.messages.record_report import record_report
from tests.stories.payroll import ZOE
from tests.stories.story import Story


def test_a_reading_is_no_second_delivery_and_moves_no_time(story: Story) -> None:
    batch = story.upload([ZOE])
    story.send(batch)
    message = story.only_message(batch)
    (attempt,) = story.attempts_of(message)
    delivered = attempt.finished_at
    assert delivered is not None
    story.clock.forward(seconds=40)
    read: datetime = story.clock()
    record_report(story.rt, Report(attempt.id, "seen", "read", "", read))

    line = story.line(batch, ZOE.staff)
    events = show_document(story.rt, story.id, line.id).events
    told = [
        (event.tag, event.count) for event in events if event.tag in ("message:delivered", "message:read")
    ]
    assert told == [("message:delivered", 1), ("message:read", 1)]
    when = {event.tag: event.at for event in events}
    assert (when["message:read"] - when["message:delivered"]).total_seconds() > 30
    (row,) = export_batch(story.rt, story.id, batch.id).rows
    assert row.delivered_at == delivered


def test_what_happens_several_times_in_a_row_is_told_with_its_first_time(story: Story) -> None:
    batch = story.upload([ZOE])
    story.send(batch)
    link = story.link_in(story.phone(ZOE.phone)[0])
    line = story.line(batch, ZOE.staff)
    first = story.clock()
    story.try_to_open(link, "wrong")
    story.clock.forward(minutes=3)
    story.try_to_open(link, "wrong too")
    (bad,) = [
        event for event in show_document(story.rt, story.id, line.id).events if event.tag == "link:unlock_bad"
    ]
    assert bad.count == 2
    assert abs((bad.at - first).total_seconds()) < 60
