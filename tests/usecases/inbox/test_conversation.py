"""Writing back to somebody who wrote: from which sender, when not, and what is shown."""

from uuid import UUID, uuid4

import pytest

from app.core.errors import InvalidInput, NotFound
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How, Proof
from app.messaging.sending.senders import Kind, State
from app.usecases.consents.record_consent import NewConsent, record_consent
from app.usecases.inbox.answer_person import NotSent, answer_person
from app.usecases.inbox.show_conversation import Conversation, show_conversation
from app.usecases.inbox.show_inbox import show_inbox
from tests import senders
from tests.usecases.house import SENDER, ZOE, House

STAFF = "user:1"


def add_sender(house: House, kind: Kind, address: str, state: State = State.APPROVED) -> UUID:
    return senders.add_sender(house.rt, house.id, kind, address, state)


def latest(house: House) -> UUID:
    return show_inbox(house.rt, house.id, waiting=False, offset=0, limit=1).lines[0].id


def talk(house: House) -> Conversation:
    return show_conversation(house.rt, house.id, latest(house))


def answer(house: House, text: str = "Il est 9 h.", key: UUID | None = None) -> NotSent | None:
    house.clock.push(seconds=1)
    return answer_person(house.rt, house.id, latest(house), text, key or uuid4(), STAFF)


def test_the_answer_leaves_from_the_number_they_wrote_to(house: House) -> None:
    add_sender(house, Kind.LONG_CODE_09, "+33937000001")
    code = add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("À quelle heure ?")

    assert answer(house) is None

    (message,) = house.messages()
    assert (message.sender_id, message.category, message.kind) == (code, "conversational", "reply")
    assert (message.state, message.channel, message.plan) == ("queued", "sms", ["sms"])
    house.pipeline.run("dispatch_sender")
    assert house.message(message.id).state == "submitted"
    said = talk(house).spoken
    assert [(one.ours, one.text, one.state) for one in said] == [
        (False, "À quelle heure ?", ""),
        (True, "Il est 9 h.", "submitted"),
    ]
    assert (talk(house).sender, talk(house).refusal) == (SENDER, "")


def test_where_the_number_is_not_known_the_rules_choose(house: House) -> None:
    chosen = add_sender(house, Kind.LONG_CODE_09, "+33937000001")
    add_sender(house, Kind.SHORT_CODE_36, SENDER, State.DISABLED)
    house.hears("À quelle heure ?")
    assert answer(house) is None
    assert house.messages()[0].sender_id == chosen


def test_who_wrote_in_the_chat_of_a_card_is_answered_there(house: House) -> None:
    add_sender(house, Kind.LONG_CODE_09, "+33937000001")
    house.hears("À quelle heure ?", to="Atelier Exemple")
    assert talk(house).channel == "rcs"
    assert answer(house) is None
    message = house.messages()[0]
    assert (message.channel, message.plan) == ("rcs", ["rcs", "sms"])
    house.pipeline.run("dispatch_sender")
    assert house.message(message.id).state == "submitted"


def test_a_card_too_full_of_signs_is_refused_in_words(house: House) -> None:
    house.hears("À quelle heure ?", to="Atelier Exemple")
    refused = answer(house, "😀" * 1_100)
    assert refused is not None
    assert refused.code in ("text_refused", "text_too_long")
    assert house.messages() == []


def test_a_name_answers_nobody(house: House) -> None:
    house.hears("À quelle heure ?")
    assert talk(house).refusal == "sender_not_for_category"
    assert answer(house) == NotSent("sender_not_for_category")
    assert house.messages() == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ([], None),
        ([Fact.STOP], None),
        ([Fact.OBJECTION_ALL], "consent-objection-all"),
    ],
)
def test_consent_is_asked(house: House, facts: list[Fact], code: str | None) -> None:
    add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("À quelle heure ?")
    for fact in facts:
        record_consent(house.rt, house.id, NewConsent(ZOE, fact, Proof(), None), How.STAFF, STAFF)
        house.clock.push(seconds=1)
    assert talk(house).refusal == (code or "")
    assert talk(house).stopped == (Fact.STOP in facts)
    assert answer(house) == (NotSent(code) if code else None)


def test_who_said_stop_gets_an_answer_and_no_offer(house: House) -> None:
    add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("STOP")
    house.hears("À quelle heure ?")
    before = len(house.messages())
    assert answer(house, "Dès 9 h, et profitez de nos soldes !") == NotSent("offer_to_stopped")
    assert len(house.messages()) == before
    assert answer(house, "Dès 9 h.") is None


def test_an_answer_that_is_too_long_is_refused(house: House) -> None:
    add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("À quelle heure ?")
    refused = answer(house, "a" * 1531)
    assert refused is not None
    assert (refused.code, [one.problem for one in refused.findings]) == ("text_refused", ["too_long"])
    with pytest.raises(InvalidInput):
        answer(house, "  ")


def test_a_form_sent_twice_sends_once(house: House) -> None:
    add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("À quelle heure ?")
    key = uuid4()
    assert answer(house, key=key) is None
    assert answer(house, key=key) is None
    assert len(house.messages()) == 1


def test_what_was_only_to_be_read_is_answered_and_a_doubt_stays(house: House) -> None:
    add_sender(house, Kind.SHORT_CODE_36, SENDER)
    house.hears("Merci")
    house.hears("laissez-moi tranquille")
    house.hears("À quelle heure ?")
    assert answer(house) is None
    waiting = show_inbox(house.rt, house.id, waiting=True, offset=0, limit=10)
    assert [line.text for line in waiting.lines] == ["laissez-moi tranquille"]
    everything = show_inbox(house.rt, house.id, waiting=False, offset=0, limit=10)
    assert [line.decision for line in everything.lines] == ["answered", "", "answered"]


def test_the_conversation_of_another_organisation_is_not_found(house: House) -> None:
    house.hears("À quelle heure ?")
    with pytest.raises(NotFound):
        show_conversation(house.rt, uuid4(), latest(house))
    with pytest.raises(NotFound):
        answer_person(house.rt, uuid4(), latest(house), "Bonjour", uuid4(), STAFF)
