"""Give a person an account."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from app.core.accounts import ROLES, canonical_email, require_good_password
from app.core.errors import Conflict, InvalidInput, NotFound
from app.db.models import User
from app.db.queries import accounts, journal, organisations
from app.evidence.tags import Tag
from app.runtime import Runtime

# Only the shape: whether a mailbox exists is known when it answers.
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
LONGEST_EMAIL: Final = 254
LONGEST_NAME: Final = 120
LANGUAGES: Final = ("fr", "en")


def create_user(
    rt: Runtime,
    organisation_id: UUID,
    *,
    email: str,
    name: str,
    password: str,
    role: str,
    language: str,
    actor: str,
    now: datetime,
) -> UUID:
    """The id of the new account.

    Raises InvalidInput for an address, name, role, language or password that cannot be used, NotFound for an unknown
    organisation, Conflict when the address has an account already.
    """
    email, name = canonical_email(email), " ".join(name.split())
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise InvalidInput("email_invalid", "this is not an e-mail address; write it as name@example.com")
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput("name_invalid", f"give a name of 1 to {LONGEST_NAME} characters")
    if role not in ROLES:
        raise InvalidInput("role_unknown", f"choose one of {', '.join(ROLES)}")
    if language not in LANGUAGES:
        raise InvalidInput("language_unknown", f"choose one of {', '.join(LANGUAGES)}")
    require_good_password(password, email)
    user = User(
        organisation_id=organisation_id,
        email=email,
        name=name,
        password_hash=rt.passwords.hash_account(password),
        role=role,
        language=language,
        created_at=now,
    )
    with rt.begin() as session:
        if organisations.get(session, organisation_id) is None:
            raise NotFound("organisation_unknown", "this organisation does not exist")
        if accounts.user_by_email(session, email) is not None:
            raise Conflict("email_taken", "this address has an account already; use another address")
        session.add(user)
        entry = journal.Entry(Tag.ACCOUNT_CREATED, user.id, {"role": role, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return user.id
