"""Keep what a carrier told us and what cannot be placed now."""

import logging
from datetime import datetime
from typing import Literal
from uuid import uuid4

from app.carriers.http.calls import CallbackEvent as Received
from app.carriers.http.calls import CallbackRequest, Reply, StatusNote
from app.core.log import fields
from app.db.models import CallbackEvent
from app.db.queries import callback_events
from app.db.sending.connections import HOUSE
from app.runtime import Runtime

MOST_CHARACTERS = 20_000

log = logging.getLogger(__name__)


def keep_event(
    rt: Runtime, carrier: str, event: Received, request: CallbackRequest, now: datetime
) -> Literal["early", "unrouted", "unknown"]:
    """The same event twice is kept once. A report by the carrier's reference may only be early; everything else is for
    a person, and the log says so."""
    kind = _kind(event)
    row = CallbackEvent(id=uuid4(), carrier=carrier, event_key=event.event_key, kind=kind, received_at=now)
    if isinstance(event, StatusNote):
        row.reference, row.state, row.code = event.reference, event.state, event.code
    if kind != "early":
        content = repr((sorted(request.query.items()), request.body.decode("utf-8", "replace")))
        row.content_sealed = rt.vault.columns.seal_column(
            HOUSE, "callback_event", "content", row.id, content[:MOST_CHARACTERS]
        )
    with rt.begin() as session:
        if callback_events.exists(session, carrier, event.event_key):
            return kind
        session.add(row)
    if kind != "early":
        log.warning("a callback could not be placed", extra=fields(carrier=carrier, code=kind))
    return kind


def _kind(event: Received) -> Literal["early", "unrouted", "unknown"]:
    if isinstance(event, Reply):
        return "unrouted"
    early = isinstance(event, StatusNote) and event.attempt_id is None and event.reference
    return "early" if early else "unknown"
