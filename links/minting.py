"""A new link as a row, so that hundreds can be inserted in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from links.policy import LinkTerms
from links.ports import Binding, LinkSealer, PasswordKey
from links.text import is_ref


def mint(
    sealer: LinkSealer,
    *,
    link_id: UUID,
    document_id: UUID,
    ref: str,
    secret: str,
    salt: bytes,
    terms: LinkTerms,
    password: PasswordKey,
    dek: bytes,
    wrapped_org: bytes | None,
    recipient: bytes | None,
    now: datetime,
) -> dict[str, Any]:
    """The row of a link that is released at `now`, for `lifecycle.insert_all`.

    `salt` is 16 random bytes. `wrapped_org` is None in the strict profile. The secret is in no column.
    Raises ValueError when the terms end on another day than the sealer's, or the secret is shorter than they ask.
    """
    if terms.hard_day != sealer.hard_day:
        raise ValueError("the link ends on another day than the epoch key it would be sealed with")
    if len(secret) != terms.secret_length or not is_ref(ref):
        raise ValueError("the ref or the secret does not have the length these terms ask for")
    link_key, proof = sealer.prove(secret, salt, ref)
    binding = Binding(
        organisation_id=sealer.organisation_id,
        document_id=document_id,
        link_id=link_id,
        hard_day=sealer.hard_day,
        kdf=password.kdf,
    )
    return {
        "id": link_id,
        "ref": ref,
        "organisation_id": sealer.organisation_id,
        "document_id": document_id,
        "recipient": recipient,
        "version": binding.version,
        "kid": sealer.kid,
        "kdf": password.kdf,
        "salt": salt,
        "salt_password": password.salt,
        "proof": proof,
        "hard_day": sealer.hard_day,
        "epoch_check": sealer.epoch_check,
        "expires_at": terms.expires_at,
        "wrapped_link": sealer.wrap(binding, link_key, password, salt, dek),
        "wrapped_org": wrapped_org,
        "created_at": now,
        "released_at": now,
        "revoked_at": None,
        "revoked_reason": "",
        "frozen_at": None,
        "wiped_at": None,
        "bad": 0,
        "day_bad": 0,
        "day_ends_at": None,
        "blocked_until": None,
        "openings": 0,
        "first_opened_at": None,
        "last_opened_at": None,
    }
