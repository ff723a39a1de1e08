"""A payslip announced through a carrier that passes national tables on: letters arrive as the office wrote them."""

from dataclasses import dataclass, field

import pytest

from app.db.models import Organisation
from app.messaging.texts.segmentation import PLAIN, CarrierOptions
from app.usecases.batches.show_release import show_release
from tests.stories.carriers import ScriptedCarrier
from tests.stories.payroll import ZOE
from tests.stories.story import Story


@dataclass
class Tabled(ScriptedCarrier):
    """A carrier with options of its own."""

    text_options: CarrierOptions = field(default=PLAIN)


@pytest.mark.parametrize(
    ("options", "name"),
    [(CarrierOptions(("turkish",)), "Beşiktaş Ağaç"), (PLAIN, "Besiktas Agac")],
    ids=["with tables", "without"],
)
def test_the_name_of_the_office_arrives_as_it_is_where_the_carrier_takes_its_letters(
    story: Story, options: CarrierOptions, name: str
) -> None:
    carrier = Tabled(text_options=options)
    story.use_carrier(carrier)
    with story.rt.begin() as session:
        session.get_one(Organisation, story.id).name = "Beşiktaş Ağaç"
    batch = story.upload([ZOE], channels=("sms",))
    (shown,) = show_release(story.rt, story.id, batch.id).previews
    story.release(batch)
    story.pipeline.run()
    (sent,) = carrier.submitted
    assert name in shown.text
    assert name in sent.text
    assert shown.segments == story.only_message(batch).segments
