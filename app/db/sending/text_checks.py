"""The circumstances of an organisation's texts, and what its fields can hold: asked by every door that takes a text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from app.db.models import MessagingChoices, Organisation, Sender
from app.db.queries import connections, organisations, rules
from app.db.sending.roads import ROUTED
from app.db.sending.sorting import Sorting
from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CategoryRule, KindRule
from app.messaging.rule_rows import RuleKind, category_rules, kind_rules
from app.messaging.sending.senders import PROFILES, Kind
from app.messaging.texts import notices
from app.messaging.texts.content import StopMention
from app.messaging.texts.drafts import SMS, Draft, Judged, asked_fields, built_in, judge
from app.messaging.texts.segmentation import PLAIN, CarrierOptions
from app.messaging.texts.text_rules import Circumstances
from links.text import ALPHABET, REF_LENGTH

LONGEST_SECRET = 22
OPT_OUT_TOKEN = "X" * 10
FILLED_IN = frozenset({"sender", "contact", "period", "until", "link", "hint", "stop"})
# The month and the day whose names are longest decide; the year does not.
_SOME_YEAR = 2026
# Any number of mainland France: an editor does not know yet who will read.
_SOMEBODY = "+33600000000"


@dataclass(frozen=True)
class TextRules:
    """What an organisation's texts are held to. `options_of` tells what a carrier passes on beyond the plain
    alphabets."""

    organisation: Organisation
    choices: MessagingChoices
    sorting: Sorting
    categories: tuple[CategoryRule, ...]
    kinds: tuple[KindRule, ...]
    opt_out_url: str
    longest: int
    options_of: Callable[[str], CarrierOptions]

    def circumstances(
        self, channel: str, category: Category, sender: Sender | None, opt_out_link: str
    ) -> Circumstances:
        """How a text leaves by this channel and sender. `opt_out_link` is the opt-out address of whoever reads, empty
        when the text holds none of ours. Every card that advertises has a button that ends it."""
        kind = sender.kind if sender is not None else ""
        return Circumstances(
            names=(self.organisation.name, self.organisation.sender_name),
            stop_code=self.choices.stop_code,
            can_reply=kind != "" and PROFILES[Kind(kind)].replies,
            links=(opt_out_link,),
            has_button=channel != SMS and category is Category.MARKETING,
            sender_kind=kind,
            longest=self.longest,
            longest_marketing=1 if self.choices.one_segment_marketing else self.longest,
            options=self.options(sender),
        )

    def options(self, sender: Sender | None) -> CarrierOptions:
        """How texts of a sender are counted: as the connection it leaves by sends them."""
        return self.options_of(sender.carrier if sender is not None else "")

    def mention(self, language: str, opt_out_link: str) -> StopMention:
        """The way out that is added to marketing: the short code when there is one, else the page of one tap."""
        if self.choices.stop_code:
            return StopMention(f"STOP {'au' if language == 'fr' else 'to'} {self.choices.stop_code}")
        return StopMention(f"STOP: {opt_out_link}")

    def values(self, language: str, link_url: str) -> dict[str, list[str]]:
        """What each field Pli fills in can hold, so that the longest can be counted."""
        letter = max(ALPHABET)
        return {
            "sender": [self.organisation.name],
            "contact": [self.organisation.contact],
            "period": [notices.period_label(f"{_SOME_YEAR}-{month:02d}", language) for month in range(1, 13)],
            "until": [notices.date_label(date(_SOME_YEAR, month, 28), language) for month in range(1, 13)],
            "link": [f"{link_url}/{letter * REF_LENGTH}#{letter * LONGEST_SECRET}"],
            "hint": [text for (_, lang), text in notices.PASSWORD_HINTS.items() if lang == language],
            "stop": [f"{self.opt_out_url}{OPT_OUT_TOKEN}"],
        }

    def own_fields(self, draft: Draft) -> tuple[str, ...]:
        """The fields that only the organisation's own list can fill: none in a text the service sends itself, which is
        never sent for a list."""
        if built_in(draft.key) is not None:
            return ()
        return tuple(name for name in asked_fields(draft) if name not in FILLED_IN)

    def judge(self, draft: Draft, lists: Mapping[str, Sequence[str]], link_url: str, on: date) -> Judged:
        """Count a draft and say what is wrong with it. `lists` are the values of its own fields in the list it is for;
        a field without values is counted by its name."""
        values = self.values(draft.language, link_url)
        for name in self.own_fields(draft):
            given = [value for value in lists.get(name, ()) if value.strip()]
            values[name] = given or [name]
        sender = self.sorting.first_sender(draft.channel, draft.category, _SOMEBODY)
        longest_link = f"{self.opt_out_url}{OPT_OUT_TOKEN}"
        return judge(
            draft,
            values,
            self.circumstances(draft.channel, draft.category, sender, longest_link),
            self.mention(draft.language, longest_link) if draft.channel == SMS else None,
            on,
            self.categories,
            self.choices.segment_micro,
        )


def _routed(
    session: Session, organisation_id: UUID, options_of: Callable[[str], CarrierOptions]
) -> Callable[[str], CarrierOptions]:
    """Where no connection is named texts are written for those that are asked first, if all of these cut alike."""
    roads = [row for row in connections.of_organisation(session, organisation_id) if SMS in row.channels]
    first = min((row.rank for row in roads), default=0)
    asked = {options_of(row.name) for row in roads if row.rank == first}
    shared = asked.pop() if len(asked) == 1 else PLAIN
    return lambda carrier: shared if carrier == ROUTED else options_of(carrier)


def text_rules(
    session: Session,
    organisation_id: UUID,
    opt_out_url: str,
    longest: int,
    options_of: Callable[[str], CarrierOptions],
    now: datetime,
) -> TextRules:
    """Load them. Raises NotFound."""
    organisation = organisations.require(session, organisation_id)
    changed = rules.rows(session, organisation_id, RuleKind.CATEGORY, RuleKind.KIND)
    sorting = Sorting.load(session, organisation_id, now)
    if sorting.leaves_by(ROUTED):
        options_of = _routed(session, organisation_id, options_of)
    return TextRules(
        organisation,
        rules.choices(session, organisation_id),
        sorting,
        category_rules(changed),
        kind_rules(changed),
        opt_out_url,
        longest,
        options_of,
    )
