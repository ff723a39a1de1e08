"""By which sender a person is answered: the one they wrote to, when people may be answered from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.db.models import InboundMessage, Sender
from app.db.sending.text_checks import TextRules
from app.messaging.numbers.place import place_of
from app.messaging.permission.categories import Category
from app.messaging.sending import senders
from app.messaging.sending.senders import channel_of, same_address
from app.messaging.texts.drafts import RCS, SMS


@dataclass(frozen=True)
class Line:
    """The senders of a conversation by channel; `rcs` only when the person wrote there. `refusal` says why there is
    none."""

    sms: Sender | None
    rcs: Sender | None
    refusal: senders.Refusal | None

    @property
    def first(self) -> Sender | None:
        """The one that answers first."""
        return self.rcs or self.sms


def line_to(held_to: TextRules, known: Iterable[Sender], answered: InboundMessage, number: str) -> Line:
    """How to answer somebody who wrote from `number`. A network that does not tell which sender was written to, or a
    sender that is used no more, leaves the choice to the rules."""
    rule = held_to.sorting.rule(Category.CONVERSATIONAL)
    territory = place_of(number).territory
    spoken_to = next(
        (
            one
            for one in known
            if same_address(one.address, answered.to_sender)
            and senders.objection(one, rule, territory) is None
        ),
        None,
    )
    suits = held_to.sorting.sender(SMS, Category.CONVERSATIONAL, number)
    sms = suits if isinstance(suits, Sender) else None
    if spoken_to is not None and channel_of(spoken_to.kind) == SMS:
        return Line(spoken_to, None, None)
    rcs = spoken_to if spoken_to is not None and channel_of(spoken_to.kind) == RCS else None
    nobody = rcs is None and sms is None and isinstance(suits, senders.Refusal)
    return Line(sms, rcs, suits if nobody and isinstance(suits, senders.Refusal) else None)
