"""Cards by an RCS agent, and the one SMS that may follow. Numbers are those of the behaviours a connector owes (F1 to F3)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rcs.platform import Fault
from tests.stories.agency import Agency, agency
from tests.stories.payroll import ZOE


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    """On both databases."""
    with agency(tmp_path / "data", database_url=database_url) as made:
        yield made


def test_a_card_is_sent_delivered_and_read_and_no_sms_leaves(office: Agency) -> None:
    batch = office.sent(ZOE)
    message = office.only(batch)
    assert (message.state, message.channel) == ("submitted", "rcs")
    office.hear(times=5)
    assert office.only(batch).state == "delivered"
    office.google.world.read(office.card_of(message).id)
    office.hear()
    assert office.only(batch).state == "read"
    office.minutes(40)
    assert office.tries(office.only(batch)) == [("rcs", "read", "")]
    assert office.story.phone(ZOE.phone) == []
    assert office.card_of(message).shown == 1
    assert office.google.calls("revoke") == []
    assert office.story.pipeline.batch(batch.id).state == "finished"


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ((Fault(403),), "no_rcs"),
        ((Fault(404),), "no_rcs"),
        ((Fault(400), Fault(400), Fault(400)), "bad_card"),
    ],
)
def test_f1_9_what_the_platform_refuses_for_certain_is_one_sms_at_once(
    office: Agency, faults: tuple[Fault, ...], code: str
) -> None:
    office.google.plan("send", *faults)
    batch = office.sent(ZOE)
    office.story.let_network_work()
    assert office.tries(office.only(batch)) == [("rcs", "failed", code), ("sms", "delivered", "")]
    sent = office.google.calls("send")
    assert len({one.body for one in sent}) == len(sent) == len(faults)
    assert [one.channel for one in office.story.phone(ZOE.phone)] == ["sms"]


def test_f1_9_a_phone_without_rcs_is_asked_about_once_and_gets_one_sms(office: Agency) -> None:
    batch = office.sent(ZOE, rcs=False)
    office.story.let_network_work()
    assert office.tries(office.only(batch)) == [("rcs", "failed", "no_rcs"), ("sms", "delivered", "")]
    assert office.google.calls("send") == []
    assert len(office.google.calls("capability")) == 1
