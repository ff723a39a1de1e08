"""A card that advertises, from the editor to the thumb that ends it."""

from datetime import UTC, datetime

from app.db.queries import consents
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.consent import Fact, is_stopped
from app.messaging.permission.consent_proof import How, Proof
from app.messaging.texts.drafts import Draft
from app.usecases.consents.record_consent import NewConsent, record_consent
from app.usecases.messages.send_message import NewMessage, Taken, send_message
from app.usecases.templates.save_template import save_template
from rcs.cards import STOP_LABELS, Reply
from tests.stories.payroll import ZOE, e164
from tests.stories.story import CLERK, Story

WEDNESDAY = datetime(2027, 1, 20, 11, tzinfo=UTC)  # the house window is open


def test_the_button_of_a_card_ends_advertising(story: Story) -> None:
    story.clock.set_to(WEDNESDAY)
    number = e164(ZOE.phone)
    proof = Proof("offres", "2026-1", "J'accepte de recevoir des offres.", "case cochée")
    record_consent(story.rt, story.id, NewConsent(number, Fact.OPT_IN, proof, None), How.FORM, CLERK)
    story.clock.forward(seconds=1)
    for channel, title in (("sms", ""), ("rcs", "Deux vases pour un")):
        draft = Draft(
            "vases", channel, "fr", Category.MARKETING, Kind.OFFER, "{sender} : deux vases pour un.", title
        )
        assert save_template(story.rt, story.id, draft, {}, CLERK).kept
    asked = NewMessage(number, template="vases")
    taken = send_message(story.rt, story.id, asked, "key:1")
    assert isinstance(taken, Taken), taken
    story.let_network_work()

    (shown,) = story.phone(ZOE.phone)
    assert shown.card is not None
    (button,) = shown.card.suggestions
    assert isinstance(button, Reply)
    assert button.label == STOP_LABELS["fr"]
    story.pipeline.application.phones.tap(story.id, shown.id, 0, story.clock())
    story.hear()

    with story.rt.read() as session:
        ledger = consents.ledger(session, story.id, story.rt.vault.phone_index(story.id, number))
    assert is_stopped(ledger, "", story.clock())
    story.let_network_work()
    assert "vous ne recevrez plus" in story.phone(ZOE.phone)[-1].text
