"""Find an organisation by its short name, for its operator."""

from app.core.errors import NotFound
from app.db.models import Organisation
from app.db.queries import organisations
from app.runtime import Runtime


def find_organisation(rt: Runtime, slug: str) -> Organisation:
    """Raises NotFound."""
    with rt.read() as session:
        found = organisations.by_slug(session, slug)
    if found is None:
        raise NotFound(
            "organisation_unknown", "there is no organisation of that short name; `pli org list` shows them"
        )
    return found
