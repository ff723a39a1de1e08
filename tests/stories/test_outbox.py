"""The texts that hold a link: kept while they may be needed, gone when they are not, readable nowhere."""

from zoneinfo import ZoneInfo

from app.usecases.documents.resend_documents import resend_batch
from app.usecases.operations.wipe_texts import wipe_texts
from tests.stories.payroll import TEAM, ZOE, list_of, pdf_of, person
from tests.stories.story import CLERK, Story

PARIS = ZoneInfo("Europe/Paris")


def test_a_failed_text_waits_72_hours_for_a_resend_and_then_goes(story: Story) -> None:
    batch = story.sent(person("000002"))
    message = story.only_message(batch)
    assert (message.state, message.text_sealed is None) == ("failed", False)
    story.clock.forward(hours=71)
    wipe_texts(story.rt)
    assert story.only_message(batch).text_sealed is not None
    story.clock.forward(hours=2)
    wipe_texts(story.rt)
    message = story.only_message(batch)
    assert (message.state, message.text_sealed, message.card_sealed) == ("failed", None, None)
    assert message.wiped_at is not None
    resent = resend_batch(story.rt, story.id, batch.id, CLERK)
    assert (resent.sent, resent.gone) == (0, 1)


def test_a_delivered_text_is_gone_from_the_outbox_at_once(story: Story) -> None:
    batch = story.sent(ZOE)
    message = story.only_message(batch)
    assert (message.text_sealed, message.card_sealed) == (None, None)
    assert message.wiped_at is not None
    assert resend_batch(story.rt, story.id, batch.id, CLERK).sent == 0


def test_neither_link_nor_name_nor_number_is_readable_in_what_is_stored(story: Story) -> None:
    batch = story.upload_files({"bulletins-octobre.pdf": pdf_of(TEAM)}, ("salaries.csv", list_of(TEAM)))
    story.send(batch)
    (message,) = story.phone(ZOE.phone)
    link = story.link_in(message)
    assert ZOE.staff in story.read(message, ZOE.code)
    stored = story.everything_stored()
    assert link.ref.encode() in stored
    for secret in (
        link.secret, ZOE.code, ZOE.code.replace("-", ""), ZOE.staff, ZOE.last, ZOE.first, "611001001",
        "bulletins-octobre", "salaries.csv",
    ):  # fmt: skip
        assert secret.encode() not in stored, secret
