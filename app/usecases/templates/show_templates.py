"""The texts of an organisation, and one of them for the editor."""

from dataclasses import dataclass
from uuid import UUID

from app.core.errors import NotFound
from app.db.queries import organisations, rules, templates
from app.messaging.permission.categories import Category, Kind
from app.messaging.permission.category_rules import default_category
from app.messaging.rule_rows import RuleKind, kind_rules
from app.messaging.texts.drafts import Draft, built_in
from app.runtime import Runtime


@dataclass(frozen=True)
class Kept:
    """A text that is kept. `fixed` tells that the service sends it itself, so that its purpose cannot change."""

    draft: Draft
    fixed: bool


@dataclass(frozen=True)
class Kinds:
    """The category each kind of message starts in, by the rules in force."""

    default: dict[Kind, Category]


def show_templates(rt: Runtime, organisation_id: UUID) -> list[Kept]:
    """Read only. Raises NotFound."""
    with rt.read() as session:
        organisations.require(session, organisation_id)
        found = templates.every(session, organisation_id)
    return [
        Kept(
            Draft(
                row.key,
                row.channel,
                row.language,
                Category(row.category),
                Kind(row.kind),
                row.text,
                row.title,
            ),
            built_in(row.key) is not None,
        )
        for row in found
    ]


def show_template(rt: Runtime, organisation_id: UUID, key: str, channel: str, language: str) -> Kept:
    """Read only. Raises NotFound."""
    for kept in show_templates(rt, organisation_id):
        draft = kept.draft
        if (draft.key, draft.channel, draft.language) == (key, channel, language):
            return kept
    raise NotFound("template_unknown", "this text does not exist")


def show_kinds(rt: Runtime, organisation_id: UUID) -> Kinds:
    """Read only."""
    with rt.read() as session:
        changed = kind_rules(rules.rows(session, organisation_id, RuleKind.KIND))
    today = rt.now().date()
    return Kinds({kind: default_category(kind, today, changed) for kind in Kind})
