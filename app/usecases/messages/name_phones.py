"""Whose phones these are, as far as what was sent to them tells."""

from collections.abc import Sequence
from uuid import UUID

from app.db.payroll.faces import read_face
from app.db.queries import watching
from app.runtime import Runtime


def name_phones(rt: Runtime, organisation_id: UUID, numbers: Sequence[str]) -> dict[str, str]:
    """Number (E.164) to the name of the person whose document was last sent there; to several names where one phone
    serves several people. Numbers that got no document are missing. Read only."""
    by_index = {rt.vault.phone_index(organisation_id, number): number for number in numbers}
    with rt.read() as session:
        found = watching.last_sent_to(session, organisation_id, list(by_index))
    names = {
        by_index[index]: dict.fromkeys(read_face(rt.vault, document).name for document in documents)
        for index, documents in found.items()
    }
    return {number: ", ".join(filter(None, given)) for number, given in names.items()}
