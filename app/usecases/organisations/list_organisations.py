"""Every organisation of this installation, for its operator."""

from app.db.models import Organisation
from app.db.queries import organisations
from app.runtime import Runtime


def list_organisations(rt: Runtime) -> list[Organisation]:
    """By short name."""
    with rt.read() as session:
        return organisations.every(session)
