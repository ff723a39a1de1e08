"""Make a key for a program. Its text is shown once and not stored."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.core.errors import InvalidInput, NotFound
from app.crypto.tokens import KeyMode, new_api_key
from app.db.models import ApiKey
from app.db.queries import journal, organisations
from app.evidence.tags import Tag
from app.runtime import Runtime

LONGEST_NAME: Final = 120


def create_api_key(
    rt: Runtime, organisation_id: UUID, *, name: str, mode: KeyMode, actor: str, now: datetime
) -> str:
    """The key as its owner must keep it. Raises InvalidInput for the name, NotFound for an unknown organisation."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput("name_invalid", f"give the key a name of 1 to {LONGEST_NAME} characters")
    made = new_api_key(rt.vault.ring.current, mode)
    key = ApiKey(
        organisation_id=organisation_id,
        name=name,
        mode=mode,
        prefix=made.prefix,
        key_hash=made.key_hash,
        created_at=now,
    )
    with rt.begin() as session:
        if organisations.get(session, organisation_id) is None:
            raise NotFound("organisation_unknown", "this organisation does not exist")
        session.add(key)
        entry = journal.Entry(Tag.API_KEY_CREATED, key.id, {"mode": mode, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return made.text
