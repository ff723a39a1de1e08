"""One message at its hour: scheduled at an instant or at a local time, held by a window, over before it opens.

On SQLite and on PostgreSQL, with a clock that the test pushes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.core.errors import Conflict, InvalidInput
from app.db.models import Message
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How, Proof
from app.messaging.rule_rows import RuleKind, RuleRow
from app.messaging.timing.scheduling import LocalTime
from app.usecases.consents.record_consent import NewConsent, record_consent
from app.usecases.messages.release_held import release_held
from app.usecases.messages.send_message import NewMessage, Taken, TextRefused, send_message
from app.usecases.operations.verify_journal import verify_journal
from app.usecases.operations.wipe_texts import wipe_texts
from app.usecases.rules.save_rule import save_rule
from tests.usecases.house import ZOE, House, open_house

PARIS = ZoneInfo("Europe/Paris")
REUNION = "+262692123456"
SATURDAY_EVENING = datetime(2026, 11, 28, 19, 30, tzinfo=PARIS)
MONDAY_MORNING = datetime(2026, 11, 30, 10, tzinfo=PARIS)
OFFER = "Atelier Exemple : deux vases pour un. Répondez STOP ou STOP au 36105"


@pytest.fixture
def house(tmp_path: Path, empty_database_url: str) -> Iterator[House]:
    with open_house(tmp_path / "data", empty_database_url) as opened:
        yield opened


def agree(house: House, number: str = ZOE) -> None:
    proof = Proof("offers", "2026-1", "J'accepte.", "case cochée")
    record_consent(house.rt, house.id, NewConsent(number, Fact.OPT_IN, proof, None), How.FORM, "user:1")
    house.clock.push(seconds=1)


def send(house: House, new: NewMessage) -> Message:
    taken = send_message(house.rt, house.id, new, "key:1")
    assert isinstance(taken, Taken), taken
    return taken.message


def work(house: House) -> None:
    release_held(house.rt)
    house.pipeline.run()


def now(house: House, message: Message) -> Message:
    return house.message(message.id)


def go_to(house: House, instant: datetime) -> None:
    house.clock.now = instant.astimezone(UTC)


def notice(to: str = ZOE, when: datetime | LocalTime | None = None) -> NewMessage:
    return NewMessage(to, "Votre colis est prêt.", category=Category.TRANSACTIONAL, when=when)


def test_it_leaves_at_its_instant_400_days_ahead_and_not_before(house: House) -> None:
    planned_for = house.clock() + timedelta(days=400)
    message = send(house, notice(when=planned_for))
    assert (message.state, message.reason, message.not_before) == ("held", "scheduled", planned_for)

    go_to(house, planned_for - timedelta(seconds=1))
    work(house)
    assert now(house, message).state == "held"
    go_to(house, planned_for)
    work(house)

    assert now(house, message).state == "submitted"
    assert verify_journal(house.rt, house.id).fault is None
    with pytest.raises(InvalidInput, match="at the latest"):
        send_message(house.rt, house.id, notice(when=house.clock() + timedelta(days=400, seconds=1)), "key:1")


def test_a_local_time_comes_hours_earlier_in_reunion_than_in_paris(house: House) -> None:
    noon = LocalTime(date(2027, 1, 20), time(12))
    here, there = (send(house, notice(to=number, when=noon)) for number in (ZOE, REUNION))
    assert here.not_before == datetime(2027, 1, 20, 11, tzinfo=UTC)
    assert there.not_before == datetime(2027, 1, 20, 8, tzinfo=UTC)

    go_to(house, there.not_before)
    work(house)

    assert [now(house, one).state for one in (here, there)] == ["held", "submitted"]


def test_marketing_planned_for_a_sunday_waits_for_monday_with_the_rule_that_holds_it(house: House) -> None:
    agree(house)
    sunday = LocalTime(date(2026, 11, 29), time(15))
    message = send(house, NewMessage(ZOE, OFFER, category=Category.MARKETING, when=sunday))

    go_to(house, message.not_before)
    work(house)
    held = now(house, message)
    assert (held.state, held.reason) == ("held", "house-marketing")
    assert held.not_before == MONDAY_MORNING

    go_to(house, MONDAY_MORNING)
    work(house)
    assert now(house, message).state == "submitted"


def test_what_would_arrive_after_its_validity_is_cancelled_with_the_rule_and_its_text_forgotten(
    house: House,
) -> None:
    agree(house)
    go_to(house, SATURDAY_EVENING + timedelta(hours=1))
    message = send(
        house,
        NewMessage(ZOE, OFFER, category=Category.MARKETING, expires_at=MONDAY_MORNING - timedelta(minutes=1)),
    )
    work(house)
    over = now(house, message)
    assert (over.state, over.reason) == ("cancelled", "house-marketing")
    assert (over.text_sealed, over.finished_at) == (None, house.clock())
    assert house.pipeline.jobs.waiting == type(house.pipeline.jobs.waiting)()


def test_a_postcode_tells_of_the_holidays_of_alsace(house: House) -> None:
    agree(house)
    saint_stephen = datetime(2026, 12, 26, 15, tzinfo=PARIS)  # a Saturday
    offer = NewMessage(ZOE, OFFER, category=Category.MARKETING, when=saint_stephen)
    here, there = send(house, offer), send(house, replace(offer, postcode="67000"))
    assert (here.territory, there.territory) == ("", "FR-AM")
    go_to(house, saint_stephen)
    work(house)
    assert now(house, here).state == "submitted"
    held = now(house, there)
    assert (held.state, held.reason) == ("held", "house-marketing")
    assert held.not_before == datetime(2026, 12, 28, 10, tzinfo=PARIS)
    with pytest.raises(InvalidInput) as wrong:
        send_message(house.rt, house.id, replace(offer, postcode="6700"), "key:1")
    assert wrong.value.code == "unknown_postcode"


def test_every_message_keeps_the_ground_on_which_it_leaves(house: House) -> None:
    agree(house)
    offer = send(house, NewMessage(ZOE, OFFER, category=Category.MARKETING))
    alert = send(house, NewMessage(REUNION, "Fuite de gaz.", kind=Kind.WARNING))
    town = send(
        house, NewMessage(REUNION, OFFER.replace("deux vases pour un", "conseil"), kind=Kind.INFORMATION)
    )
    work(house)
    assert [now(house, one).ground for one in (offer, alert, town)] == ["opt_in", "alert", "non_commercial"]


def test_a_refusal_before_its_hour_stops_what_is_planned(house: House) -> None:
    agree(house)
    message = send(house, NewMessage(ZOE, OFFER, category=Category.MARKETING, when=MONDAY_MORNING))
    house.hears("STOP")
    assert (now(house, message).state, now(house, message).reason) == ("cancelled", "consent-stop")


def test_an_access_code_that_nobody_took_in_time_is_cancelled(house: House) -> None:
    code = send(house, NewMessage(ZOE, "Code 123456", kind=Kind.ACCESS_CODE))
    assert code.expires_at == house.clock() + timedelta(minutes=15)
    house.clock.push(minutes=16)
    work(house)
    assert (now(house, code).state, now(house, code).reason) == ("cancelled", "validity_over")


def test_a_plan_that_was_never_kept_is_over_and_its_text_forgotten(house: House) -> None:
    message = send(house, notice(when=house.clock() + timedelta(days=1)))
    house.clock.push(days=5)
    wipe_texts(house.rt)
    assert (now(house, message).state, now(house, message).text_sealed) == ("expired", None)


def test_a_text_that_is_refused_leaves_nothing_behind(house: House) -> None:
    agree(house)
    refused = send_message(
        house.rt, house.id, NewMessage(ZOE, "Deux vases", category=Category.MARKETING), "key:1"
    )
    assert isinstance(refused, TextRefused)
    assert {finding.problem for finding in refused.findings} >= {"no_sender", "no_way_out"}
    assert house.messages() == []
    assert list(house.pipeline.jobs.waiting) == []


def test_an_alert_leaves_at_any_hour_and_a_reminder_by_its_default_category(house: House) -> None:
    go_to(house, datetime(2026, 11, 29, 3, tzinfo=PARIS))  # a Sunday night
    alert = send(house, NewMessage(ZOE, "Fuite de gaz : ne rentrez pas.", kind=Kind.WARNING))
    reminder = send(house, NewMessage(ZOE, "Rendez-vous lundi 9 h.", kind=Kind.REMINDER))
    work(house)
    assert [(now(house, one).category, now(house, one).state) for one in (alert, reminder)] == [
        ("alert", "submitted"),
        ("transactional", "submitted"),
    ]


def test_an_abandoned_basket_is_marketing_until_a_rule_says_otherwise(house: House) -> None:
    basket = NewMessage(ZOE, OFFER, kind=Kind.ABANDONED_BASKET)
    with pytest.raises(Conflict) as refused:
        send_message(house.rt, house.id, basket, "key:1")
    assert refused.value.code == "consent-cpce-l34-5"
    row = RuleRow(
        RuleKind.KIND,
        "kind-abandoned-basket",
        {"kind": "abandoned_basket", "category": "transactional", "rank": None, "commercial": False},
        "our lawyer",
    )
    save_rule(house.rt, house.id, row, "user:1")
    assert send(house, basket).category == "transactional"
