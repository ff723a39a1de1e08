from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from app.core.errors import InvalidInput, NotFound
from app.crypto.keyring import AppKeys, KeyRing
from app.db.models import ApiKey
from app.db.queries import accounts, journal
from app.runtime import Runtime
from app.usecases.accounts.create_api_key import create_api_key
from app.usecases.accounts.identify_client import identify_client
from app.usecases.accounts.revoke_api_key import revoke_api_key
from tests.usecases.accounts.runtime import KEYS, NOW, add_organisation


def create(rt: Runtime, organisation_id: UUID, name: str = "Payroll robot") -> tuple[str, ApiKey]:
    text = create_api_key(rt, organisation_id, name=name, mode="test", actor="user:1", now=NOW)
    with rt.begin() as session:
        return text, accounts.api_keys(session, organisation_id)[0]


def test_a_key_tells_organisation_and_mode(rt: Runtime, organisation_id: UUID) -> None:
    text, key = create(rt, organisation_id)

    client = identify_client(rt, text)
    assert client is not None
    assert (client.key_id, client.organisation_id, client.mode) == (key.id, organisation_id, "test")
    assert client.actor == f"key:{key.id}"


def test_the_text_of_a_key_is_not_stored(rt: Runtime, organisation_id: UUID) -> None:
    text, key = create(rt, organisation_id)

    assert text.startswith(f"{key.prefix}_")
    assert text.removeprefix(key.prefix) not in str(key.model_dump())


@pytest.mark.parametrize(
    "change", [lambda k: k[:-1] + ("1" if k[-1] != "1" else "2"), lambda k: k[:-1], lambda _: ""]
)
def test_another_text_is_nobody(rt: Runtime, organisation_id: UUID, change: object) -> None:
    text, _ = create(rt, organisation_id)
    assert callable(change)
    assert identify_client(rt, change(text)) is None


def test_a_revoked_key_stops_at_once_and_the_journal_says_so(rt: Runtime, organisation_id: UUID) -> None:
    text, key = create(rt, organisation_id)
    for _ in range(2):
        revoke_api_key(rt, organisation_id, key.id, actor="user:1", now=NOW)

    assert identify_client(rt, text) is None
    with rt.begin() as session:
        told = journal.about(session, rt.vault, organisation_id, [key.id])
    assert [event.tag for event in told] == ["api_key:created", "api_key:revoked"]


def test_an_organisation_cannot_revoke_the_keys_of_another(rt: Runtime, organisation_id: UUID) -> None:
    text, key = create(rt, organisation_id)
    with pytest.raises(NotFound):
        revoke_api_key(rt, add_organisation(rt, "Martin SARL"), key.id, actor="user:1", now=NOW)
    assert identify_client(rt, text) is not None


def test_a_key_survives_the_rotation_of_the_application_key(rt: Runtime, organisation_id: UUID) -> None:
    text, _ = create(rt, organisation_id)
    rotated = KeyRing(AppKeys(2, bytes(32)), (KEYS.current,))

    assert identify_client(replace(rt, vault=replace(rt.vault, ring=rotated)), text) is not None


def test_a_key_needs_a_name_and_an_organisation(rt: Runtime, organisation_id: UUID) -> None:
    with pytest.raises(InvalidInput):
        create(rt, organisation_id, name=" ")
    with pytest.raises(NotFound):
        create(rt, uuid4())
