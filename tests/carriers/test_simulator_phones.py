"""What a person does with a simulated phone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.carriers.base import Inbound, Report, Submission
from app.carriers.simulated.phones import PREVIEW_MAX, PhoneAct
from app.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from rcs.cards import OpenLink, Remind, Reply, document_card, to_agent_message
from tests.carriers.simulated import ORDINARY, SECRET, SENDER, World, add_organisation


def delivered(world: World, channel: str = "sms", number: str = ORDINARY) -> None:
    world.send(number, channel)  # type: ignore[arg-type]
    world.wait(2)


def test_reading_reports_cards_only_and_once(world: World) -> None:
    delivered(world, "sms")
    attempt = world.send(channel="rcs")
    world.wait(2)
    phone = world.phone().summary
    assert phone.unread == 2

    at = world.now
    assert world.phones.mark_read(world.organisation, phone.id, at) == 2
    assert world.phones.mark_read(world.organisation, phone.id, at) == 0
    assert world.wait(60) == [Report(attempt, "read", "read", "", at)]
    assert world.phone().summary.unread == 0
    assert {message.read_at for message in world.phone().messages} == {at}


def test_looking_at_a_phone_changes_nothing(world: World) -> None:
    delivered(world, "rcs")
    world.phone()

    assert world.phone().summary.unread == 1
    assert world.wait(60) == []


def test_an_answer_reaches_the_sender(world: World) -> None:
    delivered(world)
    at = world.now
    world.phones.reply(world.organisation, world.phone().summary.id, SENDER, "  STOP\n", at)

    (event,) = world.wait(60)
    assert isinstance(event, Inbound)
    assert event == Inbound(world.organisation, ORDINARY, SENDER, "STOP", at, event.event_key)
    latest = world.phone().messages[0]
    assert (latest.incoming, latest.text, latest.sender) == (False, "STOP", SENDER)
    assert world.phone().summary.preview == "STOP"
    assert world.phones.mark_read(world.organisation, world.phone().summary.id, at) == 1


def test_two_equal_answers_are_two_events(world: World) -> None:
    delivered(world)
    for _ in range(2):
        world.phones.reply(world.organisation, world.phone().summary.id, SENDER, "STOP", world.now)

    events = world.wait(1)
    assert len({event.event_key for event in events}) == 2


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [(" \n", InvalidInput, "empty_reply"), ("x" * 1_001, TooLarge, "reply_too_long")],
)
def test_an_answer_that_is_empty_or_too_long_is_not_sent(
    world: World, text: str, error: type[InvalidInput], code: str
) -> None:
    delivered(world)
    with pytest.raises(error) as raised:
        world.phones.reply(world.organisation, world.phone().summary.id, SENDER, text, world.now)

    assert raised.value.code == code
    assert world.wait(1) == []


def test_one_answers_only_who_wrote(world: World) -> None:
    delivered(world)
    with pytest.raises(NotFound) as raised:
        world.phones.reply(world.organisation, world.phone().summary.id, "Other", "STOP", world.now)
    assert raised.value.code == "no_such_sender"


def test_a_phone_that_is_off_sends_nothing(world: World) -> None:
    delivered(world, "rcs")
    phone = world.phone()
    world.phones.set_power(world.organisation, phone.summary.id, False)

    with pytest.raises(Conflict):
        world.phones.reply(world.organisation, phone.summary.id, SENDER, "STOP", world.now)
    with pytest.raises(Conflict):
        world.phones.tap(world.organisation, phone.messages[0].id, 0, world.now)
    assert world.wait(1) == []


def test_tapping_the_link_gives_it_and_marks_the_card_read(world: World) -> None:
    delivered(world, "rcs")
    tapped = world.phones.tap(world.organisation, world.phone().messages[0].id, 0, world.now)

    assert isinstance(tapped, OpenLink)
    assert tapped.url.endswith(f"#{SECRET}")
    read, answer = sorted(world.wait(1), key=lambda event: isinstance(event, Inbound))
    assert isinstance(read, Report)
    assert isinstance(answer, Inbound)
    assert read.state == "read"
    assert (answer.text, answer.postback) == ("Ouvrir le document", "open7K3MQ2X9")
    assert all(message.incoming for message in world.phone().messages), (
        "an action is nothing the person wrote"
    )


def test_tapping_not_for_me_answers_with_the_postback(world: World) -> None:
    delivered(world, "rcs")
    message = world.phone().messages[0]
    world.phones.mark_read(world.organisation, world.phone().summary.id, world.now)
    world.wait(1)
    tapped = world.phones.tap(world.organisation, message.id, 1, world.now)

    assert isinstance(tapped, Reply)
    (answer,) = world.wait(1)
    assert isinstance(answer, Inbound)
    assert (answer.text, answer.postback) == ("Ce n’est pas pour moi", "nope7K3MQ2X9")
    assert world.phone().messages[0].text == "Ce n’est pas pour moi"


def test_what_a_button_makes_the_phone_do_shows_on_it_and_is_told(world: World) -> None:
    reminds_at = world.now + timedelta(days=3)
    card = document_card(
        language="fr",
        sender_name="Atelier Exemple",
        title="Un document vous attend",
        description="Votre bulletin de novembre.",
        link=f"https://d.example.fr/7K3MQ2X9#{SECRET}",
        ref="7K3MQ2X9",
        phone="+33180000000",
        remind_at=reminds_at,
    )
    body = to_agent_message(card, "TRANSACTION", 900)
    submission = Submission(uuid4(), world.organisation, "rcs", SENDER, ORDINARY, "", body, 900)
    world.carrier.submit(submission, world.now)
    world.wait(2)
    message = world.phone().messages[0]
    assert message.card is not None
    reminder = message.card.suggestions[2]
    assert isinstance(reminder, Remind)
    assert reminder.start == reminds_at
    for position, label, act in (
        (1, "Appeler l’expéditeur", PhoneAct("+33180000000", "", None)),
        (2, "Me le rappeler", PhoneAct("", "Lire mon document", reminds_at)),
    ):
        world.phones.tap(world.organisation, message.id, position, world.now)
        (answer,) = [event for event in world.wait(1) if isinstance(event, Inbound)]
        assert answer.text == label
        latest = world.phone().messages[0]
        assert (latest.incoming, latest.act) == (False, act)


@pytest.mark.parametrize("position", [-1, 2])
def test_a_suggestion_that_is_not_there_cannot_be_tapped(world: World, position: int) -> None:
    delivered(world, "rcs")
    with pytest.raises(NotFound) as raised:
        world.phones.tap(world.organisation, world.phone().messages[0].id, position, world.now)
    assert raised.value.code == "no_such_suggestion"


def test_an_sms_has_no_suggestion(world: World) -> None:
    delivered(world, "sms")
    with pytest.raises(NotFound) as raised:
        world.phones.tap(world.organisation, world.phone().messages[0].id, 0, world.now)
    assert raised.value.code == "no_such_suggestion"


def test_a_phone_of_another_organisation_is_not_found(world: World) -> None:
    delivered(world, "rcs")
    phone = world.phone()
    stranger = add_organisation(world.database, "other")
    attempts = (
        lambda: world.phones.show(stranger, phone.summary.id),
        lambda: world.phones.set_power(stranger, phone.summary.id, False),
        lambda: world.phones.set_rcs(stranger, phone.summary.id, False),
        lambda: world.phones.mark_read(stranger, phone.summary.id, world.now),
        lambda: world.phones.reply(stranger, phone.summary.id, SENDER, "STOP", world.now),
        lambda: world.phones.tap(stranger, phone.messages[0].id, 0, world.now),
        lambda: world.phones.show(world.organisation, uuid4()),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()

    assert world.phone() == phone


def test_the_list_shows_the_latest_first_in_pages(world: World) -> None:
    for number in ("+33611096001", "+33611096002", "+33611096003"):
        delivered(world, "sms", number)
    delivered(world, "rcs", "+33611096001")

    first = world.phones.recent(world.organisation, limit=2, offset=0)
    second = world.phones.recent(world.organisation, limit=2, offset=2)
    assert [phone.number for phone in first + second] == ["+33611096001", "+33611096003", "+33611096002"]
    assert [phone.unread for phone in first + second] == [2, 1, 1]
    assert first[0].preview == "Un document vous attend"
    assert first[0].latest_at == world.phone("+33611096001").messages[0].at
    assert world.phones.count(world.organisation) == 3


def test_a_long_text_is_shortened_in_the_list(world: World) -> None:
    world.submit(text="x" * 200)
    world.wait(2)

    preview = world.phone().summary.preview
    assert len(preview) == PREVIEW_MAX
    assert preview.endswith("…")


def test_a_phone_whose_messages_all_wait_has_no_preview(world: World) -> None:
    world.send()
    summary = world.phone().summary

    assert (summary.preview, summary.latest_at, summary.waiting, summary.unread) == ("", None, 1, 0)


def test_the_list_names_the_magic_number(world: World) -> None:
    world.send("+33612000004")
    world.send()

    magic = world.phone("+33612000004").summary.magic
    assert magic is not None
    assert magic.key == "slow"
    assert world.phone().summary.magic is None
