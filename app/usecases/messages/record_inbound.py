"""Write down what a person answered, beside the document it is about, and act on a refusal at once."""

from app.carriers.base import Inbound
from app.db.models import InboundMessage
from app.db.queries import journal, messages, people
from app.evidence.tags import Tag
from app.messaging.optout import read_answer
from app.runtime import Runtime
from rcs.cards import POSTBACK_PREFIX

# What an answer does to the ledger: kind of objection, and whether it is taken back.
_LEDGER = {"opt_out": ("marketing", False), "opt_in": ("marketing", True), "doubtful": ("doubtful", False)}


def record_inbound(rt: Runtime, inbound: Inbound) -> None:
    """The same answer twice is kept once. STOP closes marketing; notices of documents go on, as the rules say. A tapped
    button that answers nothing is an event of the document, and no answer."""
    now = rt.now()
    organisation_id = inbound.organisation_id
    index = rt.vault.phone_index(organisation_id, inbound.from_)
    action, ref = _tapped(inbound.postback)
    intent = _intent(inbound.text, action)
    with rt.begin() as session:
        if messages.inbound_exists(session, organisation_id, inbound.event_key):
            return
        about = messages.answered_about(session, organisation_id, index, ref)
        row = InboundMessage(
            organisation_id=organisation_id,
            event_key=inbound.event_key,
            from_sealed=b"",
            from_index=index,
            text_sealed=b"",
            intent=intent,
            pictures=inbound.pictures,
            document_id=about[0] if about else None,
            batch_id=about[1] if about else None,
            received_at=inbound.received_at,
        )
        seal = rt.vault.columns.seal_column
        row.from_sealed = seal(organisation_id, "inbound_message", "from", row.id, inbound.from_)
        row.text_sealed = seal(organisation_id, "inbound_message", "text", row.id, inbound.text)
        session.add(row)
        entries = []
        if about and intent == messages.TAPPED:
            entries.append(journal.Entry(Tag.CARD_TAPPED, about[0], {"button": action}))
        elif about:
            entries.append(
                journal.Entry(Tag.REPLY_RECEIVED, about[0], {"intent": intent, "answer": row.id.hex})
            )
        if intent in _LEDGER:
            kind, withdrawn = _LEDGER[intent]
            people.record_objection(session, organisation_id, index, kind, "reply", now, withdrawn=withdrawn)
            entries.append(journal.Entry(Tag.CONSENT_CHANGED, row.id, {"intent": intent, "how": "reply"}))
        journal.append(session, rt.vault, organisation_id, entries, now)


def _tapped(postback: str) -> tuple[str, str]:
    """Which button of a card, and the ref of its document; empty when none of ours was tapped."""
    for action, prefix in POSTBACK_PREFIX.items():
        if postback.startswith(prefix):
            return action, postback.removeprefix(prefix)
    return "", ""


def _intent(text: str, action: str) -> str:
    if action:
        return messages.NOT_FOR_ME if action == "not_for_me" else messages.TAPPED
    answer = read_answer(text)
    return answer.value if answer else ""
