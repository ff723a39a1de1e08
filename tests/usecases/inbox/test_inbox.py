"""The inbox: what waits for a person, and what a decision does."""

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound
from app.messaging.permission.categories import Category
from app.messaging.permission.consent import Denial, Denied, decide
from app.usecases.inbox.settle_answer import settle_answer
from app.usecases.inbox.show_inbox import Inbox, show_inbox
from tests.usecases.house import ZOE, House


def _inbox(house: House, *, waiting: bool = True, offset: int = 0, limit: int = 10) -> Inbox:
    return show_inbox(house.rt, house.id, waiting=waiting, offset=offset, limit=limit)


def _settle(house: House, place: int, decision: str) -> None:
    house.clock.push(seconds=1)
    settle_answer(house.rt, house.id, _inbox(house).lines[place].id, decision, "user:1")


def test_keywords_need_nobody_and_doubts_come_first(house: House) -> None:
    house.hears("laissez-moi tranquille")
    house.hears("Merci")
    house.hears("STOP")
    house.hears("CONTACT")
    found = _inbox(house)
    assert [line.text for line in found.lines] == ["laissez-moi tranquille", "Merci"]
    assert (found.total, found.doubtful) == (2, 1)
    assert found.lines[0].number == ZOE
    assert _inbox(house, waiting=False).total == 4


def test_pages(house: House) -> None:
    for number in range(5):
        house.hears(f"Bonjour {number}")
    assert [line.text for line in _inbox(house, offset=2, limit=2).lines] == ["Bonjour 2", "Bonjour 1"]
    assert _inbox(house, offset=2, limit=2).total == 5


@pytest.mark.parametrize(
    ("decision", "facts"),
    [
        ("opt_out", ["doubtful_answer", "stop", "answer_settled"]),
        ("object_all", ["doubtful_answer", "objection_all", "answer_settled"]),
        ("keep", ["doubtful_answer", "answer_settled"]),
    ],
)
def test_a_decision_is_written_once(house: House, decision: str, facts: list[str]) -> None:
    house.hears("laissez-moi tranquille")
    first = _inbox(house).lines[0].id
    _settle(house, 0, decision)
    assert sorted(house.facts()) == sorted(facts)
    assert _inbox(house).total == 0
    assert _inbox(house, waiting=False).lines[0].decision == decision
    with pytest.raises(Conflict):
        settle_answer(house.rt, house.id, first, "keep", "user:2")


def test_the_doubt_lasts_while_another_answer_is_unread(house: House) -> None:
    house.hears("laissez-moi tranquille")
    house.hears("fichez-moi la paix")
    _settle(house, 0, "keep")
    doubt = decide(Category.MARKETING, house.ledger(), "36105", "sms", house.clock())
    assert doubt == Denied(Denial.DOUBTFUL, "consent-doubtful-answer")
    _settle(house, 0, "keep")
    assert decide(Category.MARKETING, house.ledger(), "36105", "sms", house.clock()) != doubt


def test_the_words_stay_beside_the_decision_as_its_proof(house: House) -> None:
    house.hears("laissez-moi tranquille")
    _settle(house, 0, "opt_out")
    stop = next(record for record in house.records() if record.fact == "stop")
    assert (stop.how, stop.recorded_by) == ("staff", "user:1")
    assert stop.raw_text_sealed is not None


def test_what_does_not_exist_is_refused(house: House) -> None:
    house.hears("Merci")
    with pytest.raises(NotFound):
        settle_answer(house.rt, house.id, house.id, "keep", "user:1")
    with pytest.raises(InvalidInput):
        settle_answer(house.rt, house.id, _inbox(house).lines[0].id, "maybe", "user:1")
