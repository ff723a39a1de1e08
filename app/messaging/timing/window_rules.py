"""The sending windows Pli knows, as dated records.

No statute names an hour for text messages: CPCE L34-5 asks for consent, identity and a free way out. The charters
bind operators, aggregators and publishers by contract. So screens say "house window" or "operators' charter",
never that the law forbids an hour. Code de la consommation D223-9 is about telephone calls and is not used here.
"""

from dataclasses import dataclass
from datetime import date, time

from app.messaging.permission.categories import Category
from app.messaging.records import Certainty, Rule

MONDAY_TO_SATURDAY = frozenset(range(6))
EVERY_DAY = frozenset(range(7))
FUNCTIONAL = frozenset({Category.TRANSACTIONAL, Category.CONVERSATIONAL, Category.ALERT})


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule(Rule):
    """When messages of some categories may leave, in the recipient's local time.

    `opens` and `closes` bound a half-open window, `[opens, closes)`; both None means no hours. `days` are weekdays,
    Monday 0. `name` is how a screen calls it.
    """

    name: str
    categories: frozenset[Category]
    opens: time | None = None
    closes: time | None = None
    days: frozenset[int] = EVERY_DAY
    open_on_holidays: bool = True


HOUSE_MARKETING = WindowRule(
    id="house-marketing",
    name="house window",
    categories=frozenset({Category.MARKETING}),
    opens=time(10),
    closes=time(20),
    days=MONDAY_TO_SATURDAY,
    open_on_holidays=False,
    source="house rule; one vendor (Digitaleo) prints the same hours",
    certainty=Certainty.UNVERIFIED,
    note="Unverified as law: no text with these hours was found.",
)
AF2M_2024 = WindowRule(
    id="af2m-2024",
    name="operators' charter of 2024",
    categories=frozenset({Category.MARKETING}),
    opens=time(8),
    closes=time(22),
    days=MONDAY_TO_SATURDAY,
    open_on_holidays=False,
    valid_from=date(2024, 9, 1),
    valid_to=date(2026, 3, 1),
    source="af2m, announcement of its Business Messaging charter",
    certainty=Certainty.TEXT_READ,
    note='"Jours ouvrables" read as Monday to Saturday without holidays, which is unverified.',
)
AF2M_2026 = WindowRule(
    id="af2m-2026",
    name="operators' charter of 2026",
    categories=frozenset({Category.MARKETING}),
    opens=time(8),
    closes=time(21, 30),
    valid_from=date(2026, 3, 1),
    source="af2m, announcement of 17 February 2026",
    certainty=Certainty.TEXT_READ,
    note="Sundays and holidays tolerated, not recommended. The exact first day is unverified.",
)
FUNCTIONAL_MESSAGES = WindowRule(
    id="functional",
    name="functional messages",
    categories=FUNCTIONAL,
    source="af2m, both charters",
    certainty=Certainty.TEXT_READ,
)
PAYSLIP_NOTICE = WindowRule(
    id="payslip-notice",
    name="notice that a document is ready",
    categories=frozenset({Category.TRANSACTIONAL}),
    source="inferred from the charters' functional messages",
    certainty=Certainty.HOUSE,
)

WINDOW_RULES = (HOUSE_MARKETING, AF2M_2024, AF2M_2026, FUNCTIONAL_MESSAGES, PAYSLIP_NOTICE)
CHARTERS = (AF2M_2024, AF2M_2026)

# Hours some providers keep whatever the charter says, by the kind of connection; a kind that is not here has none.
CONNECTOR_WINDOWS: dict[str, tuple[WindowRule, ...]] = {
    "ovh": (
        WindowRule(
            id="connector-ovh",
            name="hours of the provider OVH",
            categories=frozenset({Category.MARKETING}),
            opens=time(8),
            closes=time(22),
            days=frozenset(range(5)),
            source="OVH, its own pages: closed 22:00 to 08:00 and at week-ends",
            certainty=Certainty.TEXT_READ,
        ),
    ),
}
