"""Change what an organisation chose about its messages."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from app.db.queries import journal, organisations, rules
from app.evidence.tags import Tag
from app.messaging.permission.consent import StopScope
from app.runtime import Runtime

_SHORT_CODE = re.compile(r"3\d{4}")
DEAREST_SEGMENT = Decimal(10)


@dataclass(frozen=True)
class NewChoices:
    """As they were typed. `segment_price` is a decimal number, with a point or a comma."""

    stop_code: str = ""
    stop_scope: str = StopScope.ORGANISATION
    one_segment_marketing: bool = False
    segment_price: str = ""


def change_choices(rt: Runtime, organisation_id: UUID, new: NewChoices, actor: str) -> Mapping[str, str]:
    """What is wrong, as a code by field; empty when everything was saved. Raises NotFound."""
    now = rt.now()
    micro = _micro(new.segment_price)
    problems = {}
    if new.stop_code and _SHORT_CODE.fullmatch(new.stop_code) is None:
        problems["stop_code"] = "stop_code_invalid"
    if new.stop_scope not in list(StopScope):
        problems["stop_scope"] = "stop_scope_unknown"
    if micro is None:
        problems["segment_price"] = "segment_price_invalid"
    if problems or micro is None:
        return problems
    with rt.begin() as session:
        organisations.require(session, organisation_id)
        choices = rules.choices(session, organisation_id)
        choices.stop_code = new.stop_code
        choices.stop_scope = new.stop_scope
        choices.one_segment_marketing = new.one_segment_marketing
        choices.segment_micro = micro
        session.add(choices)
        entry = journal.Entry(
            Tag.ORGANISATION_CHANGED, organisation_id, {"fields": sorted(asdict(new)), "by": actor}
        )
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return {}


def _micro(typed: str) -> int | None:
    """Millionths; 0 for nothing typed, None for what is no price."""
    if not typed.strip():
        return 0
    try:
        price = Decimal(typed.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not price.is_finite() or not 0 <= price <= DEAREST_SEGMENT:
        return None
    return int(price * 1_000_000)
