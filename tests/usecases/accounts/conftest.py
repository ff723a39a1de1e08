from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.crypto.passwords import Argon2Pool
from app.db.session import Database
from app.runtime import Runtime
from app.usecases.accounts.create_user import create_user
from tests.usecases.accounts.runtime import NOW, Clock, add_organisation, make_runtime

EMAIL = "marie.curie@example.com"
PASSWORD = "sous la pluie de novembre"


@pytest.fixture(scope="session")
def passwords() -> Iterator[Argon2Pool]:
    pool = Argon2Pool(threads=2, queue=100)
    yield pool
    pool.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rt(database: Database, passwords: Argon2Pool, tmp_path: Path, clock: Clock) -> Runtime:
    return make_runtime(database, passwords, tmp_path, clock)


@pytest.fixture
def organisation_id(rt: Runtime) -> UUID:
    return add_organisation(rt)


@pytest.fixture
def user_id(rt: Runtime, organisation_id: UUID) -> UUID:
    return create_user(
        rt,
        organisation_id,
        email=EMAIL,
        name="Marie Curie",
        password=PASSWORD,
        role="clerk",
        language="en",
        actor="operator",
        now=NOW,
    )
