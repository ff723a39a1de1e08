"""One count: what an editor shows, what is queued, priced and paced, and what a carrier is given are the same segments.

A carrier that passes national tables on takes a Turkish text in one segment; any other takes two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.carriers.base import CarrierError
from app.db.models import Attempt, Message, Pace
from app.db.queries import messages, organisations
from app.db.sending import connections
from app.db.sending.connections import NewConnection, Terms
from app.db.sending.roads import ROUTED
from app.messaging.permission.categories import Category, Kind
from app.messaging.texts.drafts import Draft
from app.messaging.texts.segmentation import CarrierOptions
from app.messaging.timing import throttle
from app.usecases.carriers.change_connection import change_connection
from app.usecases.messages.send_message import NewMessage, Taken, send_message
from app.usecases.messages.show_message import show_message
from app.usecases.rules.change_choices import NewChoices, change_choices
from app.usecases.templates.count_draft import count_draft
from tests.senders import move_senders
from tests.stories.carriers import ScriptedCarrier, accept
from tests.usecases.house import ZOE, House, open_house

TURKISH = CarrierOptions(("turkish",), locking=True)
TEXT = "Çağrı merkezimizi arayın, ığdır şubesi açık, lütfen bekleyin. Teşekkürler, iyi günler dileriz efendim"


@dataclass
class Tabled(ScriptedCarrier):
    """A carrier that passes Turkish tables on."""

    text_options: CarrierOptions = field(default=TURKISH)


@pytest.fixture
def house(tmp_path: Path, empty_database_url: str) -> Iterator[House]:
    with open_house(tmp_path / "data", empty_database_url) as opened:
        yield opened


def use(house: House, *carriers: ScriptedCarrier) -> None:
    """These carriers, the first one tried first; the senders leave by its name."""
    by_name = {one.name: one for one in carriers}
    house.pipeline.rt = replace(house.rt, carriers=by_name)
    with house.rt.begin() as session:
        for rank, name in enumerate(by_name):
            new = NewConnection(name, "kannel", "{}", rate=100.0, rank=rank)
            connections.add(session, house.rt.vault.columns, new, house.rt.now())
    move_senders(house.rt, house.id, carriers[0].name)


def sent(house: House, text: str = TEXT) -> Message:
    taken = send_message(house.rt, house.id, NewMessage(ZOE, text, category=Category.TRANSACTIONAL), "key:1")
    assert isinstance(taken, Taken)
    return taken.message


def last_attempt(house: House, message: Message) -> Attempt:
    with house.rt.read() as session:
        return messages.attempts_of(session, message.id)[-1]


def granted(house: House) -> int:
    """Segments of the slots that the sender was given in the last seconds."""
    with house.rt.read() as session:
        (sender,) = (one for one in organisations.every_sender(session, house.id) if one.kind == "name")
        row = session.get(Pace, sender.id)
    assert row is not None
    now = house.rt.timepiece.now()
    return throttle.Pace.read(row.log, sender.rate, now).within(now + 1, 5)[1]


def edited(house: House) -> int:
    draft = Draft("bilgi", "sms", "fr", Category.TRANSACTIONAL, Kind.NOTICE, TEXT)
    counted = count_draft(house.rt, house.id, draft, {}).judged.counted
    assert counted is not None
    return counted.sent.segments


@pytest.mark.parametrize(("kind", "segments"), [(Tabled, 1), (ScriptedCarrier, 2)])
def test_editor_queue_price_and_pace_count_as_the_carrier_does(
    house: House, kind: type[ScriptedCarrier], segments: int
) -> None:
    carrier = kind(name="main")
    use(house, carrier)
    change_choices(house.rt, house.id, NewChoices(segment_price="0.05"), "user:1")
    message = sent(house)
    assert (edited(house), message.segments) == (segments, segments)
    house.pipeline.run("dispatch_sender")
    assert len(carrier.submitted) == 1
    assert last_attempt(house, message).segments == segments
    shown = show_message(house.rt, house.id, message.id)
    assert (shown.message.segments, str(shown.price)) == (segments, f"{0.05 * segments:g}")
    assert granted(house) == segments


def test_another_road_counts_anew(house: House) -> None:
    down = Tabled(lambda _: CarrierError("carrier_down", "down", retryable=True, in_doubt=False), name="main")
    plain = ScriptedCarrier(accept, name="other")
    use(house, down, plain)
    message = sent(house)
    assert message.segments == 1
    house.pipeline.run("dispatch_sender")
    assert (len(down.submitted), len(plain.submitted)) == (1, 1)
    assert last_attempt(house, message).segments == 2
    assert house.message(message.id).segments == 2


LETTERS = (
    "Teşekkürler, bordronuz hazır değil; lütfen şirketinizi arayın.".replace("ı", "i") + " Ağaç ve çiçek" * 3
)
PLAIN_LETTERS = LETTERS.translate(str.maketrans("şğç", "sgc"))


@pytest.mark.parametrize(("kind", "text"), [(Tabled, LETTERS), (ScriptedCarrier, PLAIN_LETTERS)])
def test_letters_leave_as_they_are_where_the_carrier_has_their_tables(
    house: House, kind: type[ScriptedCarrier], text: str
) -> None:
    carrier = kind(name="main")
    use(house, carrier)
    message = sent(house, LETTERS)
    house.pipeline.run("dispatch_sender")
    assert [one.text for one in carrier.submitted] == [text]
    assert (message.segments, house.message(message.id).segments) == (1, 1)


def test_letters_become_plain_for_a_road_without_their_tables(house: House) -> None:
    down = Tabled(lambda _: CarrierError("carrier_down", "down", retryable=True, in_doubt=False), name="main")
    plain = ScriptedCarrier(accept, name="other")
    use(house, down, plain)
    message = sent(house, LETTERS)
    house.pipeline.run("dispatch_sender")
    assert [one.text for one in down.submitted] == [LETTERS]
    assert [one.text for one in plain.submitted] == [PLAIN_LETTERS]
    assert (last_attempt(house, message).segments, house.message(message.id).encoding) == (1, "GSM-7")


@pytest.mark.parametrize(
    ("second", "text"), [(Tabled, LETTERS), (ScriptedCarrier, PLAIN_LETTERS)], ids=["alike", "unlike"]
)
def test_where_no_connection_is_named_letters_stay_if_all_that_are_asked_first_take_them(
    house: House, second: type[ScriptedCarrier], text: str
) -> None:
    carriers = Tabled(name="one"), second(name="two"), ScriptedCarrier(name="three")
    use(house, *carriers)
    change_connection(house.rt, "two", terms=Terms(rank=0))
    move_senders(house.rt, house.id, ROUTED)
    for _ in range(4):
        sent(house, LETTERS)
    house.pipeline.run("dispatch_sender")
    assert {one.text for carrier in carriers[:2] for one in carrier.submitted} == {text}
    assert carriers[2].submitted == []
    assert edited(house) == (1 if second is Tabled else 2)
