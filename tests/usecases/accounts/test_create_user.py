from uuid import UUID, uuid4

import pytest

from app.core.accounts import ROLES, Permission, may
from app.core.errors import Conflict, InvalidInput, NotFound
from app.db.queries import accounts, journal
from app.runtime import Runtime
from app.usecases.accounts.create_user import create_user
from app.usecases.accounts.disable_user import disable_user
from app.usecases.accounts.set_password import set_password
from tests.usecases.accounts.conftest import EMAIL, PASSWORD
from tests.usecases.accounts.runtime import NOW, add_organisation

GOOD = {"email": EMAIL, "name": "Marie Curie", "password": PASSWORD, "role": "clerk", "language": "fr"}


def create(rt: Runtime, organisation_id: UUID, **changes: str) -> UUID:
    return create_user(rt, organisation_id, **(GOOD | changes), actor="user:1", now=NOW)


def test_the_password_is_stored_as_an_argon2id_hash(rt: Runtime, organisation_id: UUID) -> None:
    create(rt, organisation_id, email=EMAIL.upper())

    with rt.begin() as session:
        (user,) = accounts.users(session, organisation_id)
    assert user.email == EMAIL
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "marie"}, "email_invalid"),
        ({"email": "a b@example.com"}, "email_invalid"),
        ({"email": f"{'x' * 64}@{'y' * 250}.fr"}, "email_invalid"),
        ({"name": "  "}, "name_invalid"),
        ({"name": "n" * 121}, "name_invalid"),
        ({"role": "root"}, "role_unknown"),
        ({"language": "de"}, "language_unknown"),
        ({"password": "short"}, "password_too_short"),
        ({"password": "abcdefgh" * 20}, "password_too_long"),
        ({"password": "aaaaaaaaaaaaaa"}, "password_too_simple"),
        ({"password": EMAIL}, "password_too_simple"),
    ],
)
def test_what_cannot_be_used_is_refused(
    rt: Runtime, organisation_id: UUID, change: dict[str, str], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(rt, organisation_id, **change)
    assert refused.value.code == code


def test_an_address_has_one_account_in_all_organisations(rt: Runtime, organisation_id: UUID) -> None:
    create(rt, organisation_id)
    with pytest.raises(Conflict):
        create(rt, add_organisation(rt, "Martin SARL"), email=EMAIL.title())


def test_an_unknown_organisation_gets_no_account(rt: Runtime) -> None:
    with pytest.raises(NotFound):
        create(rt, uuid4())


def test_a_new_password_obeys_the_same_rule(rt: Runtime, user_id: UUID) -> None:
    with pytest.raises(InvalidInput):
        set_password(rt, user_id, "short", actor="user:1", now=NOW)
    with pytest.raises(NotFound):
        set_password(rt, uuid4(), PASSWORD, actor="user:1", now=NOW)


def test_the_journal_tells_who_did_what_to_an_account_and_not_whose_it_is(
    rt: Runtime, organisation_id: UUID
) -> None:
    user_id = create(rt, organisation_id)
    set_password(rt, user_id, "another long password", actor="user:2", now=NOW)
    for _ in range(2):
        disable_user(rt, organisation_id, user_id, actor="operator", now=NOW)

    with rt.begin() as session:
        told = journal.about(session, rt.vault, organisation_id, [user_id])
    assert [(event.tag, dict(event.body or {})) for event in told] == [
        (tag, {"tag": tag, "subject": user_id.hex, "role": "clerk", "by": actor})
        for tag, actor in (
            ("account:created", "user:1"),
            ("account:password_changed", "user:2"),
            ("account:disabled", "operator"),
        )
    ]


def test_who_may_release() -> None:
    assert {role for role in ROLES if may(role, Permission.RELEASE)} == {
        "owner",
        "admin",
        "clerk",
        "releaser",
    }


def test_an_auditor_only_reads_and_a_stranger_nothing() -> None:
    assert {p for p in Permission if may("auditor", p)} == {Permission.READ}
    assert not any(may("unknown", p) for p in Permission)


def test_only_owners_and_admins_configure() -> None:
    assert {role for role in ROLES if may(role, Permission.CONFIGURE)} == {"owner", "admin"}
