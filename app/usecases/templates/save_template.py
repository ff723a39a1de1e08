"""Keep a text, if nothing about it must change first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.models import Template
from app.db.queries import journal, templates
from app.evidence.tags import Tag
from app.messaging.texts.drafts import Draft, Judged
from app.runtime import Runtime


@dataclass(frozen=True)
class Saved:
    """Whether it was kept, and what was found: warnings stay warnings."""

    kept: bool
    judged: Judged


def save_template(
    rt: Runtime, organisation_id: UUID, draft: Draft, lists: Mapping[str, Sequence[str]], actor: str
) -> Saved:
    """It holds for what is sent from now on. Raises NotFound."""
    now = rt.now()
    with rt.begin() as session:
        held_to = rt.text_rules(session, organisation_id)
        judged = held_to.judge(draft, lists, rt.policies.link_url, now.date())
        if judged.refused:
            return Saved(False, judged)
        row = templates.one(session, organisation_id, draft.key, draft.channel, draft.language)
        if row is None:
            row = Template(
                organisation_id=organisation_id,
                key=draft.key,
                channel=draft.channel,
                language=draft.language,
                category=draft.category,
                text=draft.text,
                updated_at=now,
            )
        row.category, row.kind = draft.category, draft.kind
        row.text, row.title, row.updated_at = draft.text, draft.title, now
        session.add(row)
        session.flush()
        entry = journal.Entry(
            Tag.TEMPLATE_CHANGED,
            row.id,
            {"key": draft.key, "channel": draft.channel, "language": draft.language, "by": actor},
        )
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return Saved(True, judged)
