"""What a text in the editor would cost and what is wrong with it: the same rules as for what is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.messaging.texts.drafts import Draft, Judged
from app.runtime import Runtime


@dataclass(frozen=True)
class Counted:
    """`judged` as it stands. `own_fields` are the fields Pli does not fill in itself."""

    judged: Judged
    own_fields: tuple[str, ...]


def count_draft(
    rt: Runtime, organisation_id: UUID, draft: Draft, lists: Mapping[str, Sequence[str]]
) -> Counted:
    """`lists` are the values of the organisation's own fields in the list the text is for. Raises NotFound."""
    with rt.read() as session:
        held_to = rt.text_rules(session, organisation_id)
    judged = held_to.judge(draft, lists, rt.policies.link_url, rt.now().date())
    return Counted(judged, held_to.own_fields(draft))
