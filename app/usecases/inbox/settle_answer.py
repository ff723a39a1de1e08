"""A person decides what an answer means."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from app.core.errors import Conflict, InvalidInput, NotFound
from app.db.models import InboxDecision
from app.db.queries import consents, inbox, journal
from app.db.queries.consents import Line
from app.db.sending import opting
from app.evidence.tags import Tag
from app.messaging.permission.consent import Fact
from app.messaging.permission.consent_proof import How
from app.runtime import Runtime

# What each decision writes into the ledger, beside the end of the doubt.
DECISIONS: Final[Mapping[str, Fact | None]] = {
    "opt_out": Fact.STOP,
    "object_all": Fact.OBJECTION_ALL,
    "keep": None,  # it asked for nothing
    "done": None,  # it was an ordinary answer, and was read
}


def settle_answer(rt: Runtime, organisation_id: UUID, inbound_id: UUID, decision: str, actor: str) -> None:
    """Once for each answer; the words of the person stay beside the line as its proof.

    Raises NotFound, InvalidInput `decision_unknown`, Conflict `answer_settled`.
    """
    if decision not in DECISIONS:
        raise InvalidInput("decision_unknown", f"decide one of {', '.join(DECISIONS)}")
    now = rt.now()
    with rt.begin() as session:
        answer = inbox.hold(session, organisation_id, inbound_id)
        if answer is None:
            raise NotFound("answer_unknown", "this answer does not exist")
        if answer.decision is not None:
            raise Conflict("answer_settled", "somebody has decided about this answer already")
        message = answer.message
        opened = rt.vault.columns.open_column
        number = opened(organisation_id, "inbound_message", "from", message.id, message.from_sealed)
        text = opened(organisation_id, "inbound_message", "text", message.id, message.text_sealed)
        consents.waiting_to(session, organisation_id, message.from_index)
        session.add(InboxDecision(inbound_id=inbound_id, decision=decision, decided_by=actor, decided_at=now))
        session.flush()
        if (fact := DECISIONS[decision]) is not None:
            line = Line(fact, How.STAFF, actor, now, raw_text=text)
            opting.record(session, rt.vault, organisation_id, number, line, now)
        if message.intent == inbox.DOUBTFUL and not inbox.doubts_of(session, message):
            settled = Line(Fact.ANSWER_SETTLED, How.STAFF, actor, now)
            consents.append(session, rt.vault, organisation_id, number, settled, now)
        entry = journal.Entry(Tag.ANSWER_SETTLED, inbound_id, {"decision": decision, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
