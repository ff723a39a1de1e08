"""Whoever holds a row does not stop those who only point at it."""

from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.db.models import Block
from app.db.queries import batches
from tests.databases import PostgresDatabases
from tests.pipeline import pipeline


@pytest.mark.postgres
def test_a_row_may_point_at_a_batch_that_is_held(
    postgres_databases: PostgresDatabases, tmp_path: Path
) -> None:
    """A recall holds its batch and then its messages, dispatch its messages first: a plain lock lets both wait for ever."""
    with postgres_databases.migrated() as url, pipeline(tmp_path, database_url=url) as made:
        batch = made.receive({"paie.pdf": b"%PDF-1.7"}, ("people.csv", b"Matricule;Mobile\n"))
        block = Block(
            id=uuid4(),
            organisation_id=batch.organisation_id,
            batch_id=batch.id,
            kind="announce",
            position=0,
            created_at=made.rt.now(),
        )
        with made.rt.begin() as holder:
            assert batches.lock(holder, batch.id) is not None
            with made.rt.begin() as other:
                other.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
                other.add(block)
                other.flush()
