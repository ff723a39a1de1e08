"""A pay office that sends by a provider of HTTP, a double of that provider, and the door it calls."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.carriers.http.calls import Callbacks
from app.db.models import CallbackEvent, ConsentRecord, DeliveryReport, InboundMessage
from app.db.sending import connections
from app.db.sending.connections import NewConnection
from app.main import create_app
from app.settings import Settings
from tests.carriers.http.double import Double, double
from tests.pipeline import pipeline
from tests.stories.story import Clock, Story
from tests.web.client import TestClient

PUBLIC = "https://pli.example.fr"


@dataclass
class Office:
    """`provider` plays the carrier; `door` is how it reaches us."""

    story: Story
    provider: Double
    door: TestClient

    def connect(self, kind: str, name: str = "", **settings: Any) -> Callbacks:
        """Set a connection up as an operator does, and let the sender of SMS leave by it."""
        rt, name = self.story.rt, name or kind
        given = json.dumps({"address": self.provider.base, **settings})
        with rt.begin() as session:
            row_id = connections.add(
                session, rt.vault.columns, NewConnection(name, kind, given, rate=100.0), rt.now()
            )
        self.story.change_sender("sms", carrier=name)
        return Callbacks.at(PUBLIC, name, connections.callback_secret(rt.vault.columns, row_id))

    def kept(self) -> list[tuple[str, str]]:
        """What could not be placed: carrier and kind."""
        with self.story.rt.read() as session:
            rows = session.execute(sa.select(CallbackEvent.carrier, CallbackEvent.kind))  # type: ignore[call-overload]
            return [(carrier, kind) for carrier, kind in rows]

    def reports(self) -> list[str]:
        """The state of every report that was stored."""
        with self.story.rt.read() as session:
            return list(session.scalars(sa.select(DeliveryReport.state)))  # type: ignore[call-overload]

    def answers(self) -> list[InboundMessage]:
        """What people answered."""
        with self.story.rt.read() as session:
            return list(session.scalars(sa.select(InboundMessage)))

    def ledger(self) -> list[UUID]:
        """Ids of the lines of the consent ledger."""
        with self.story.rt.read() as session:
            return list(session.scalars(sa.select(ConsentRecord.id)))  # type: ignore[call-overload]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """On SQLite only: what the door does does not depend on the kind of database."""
    clock = Clock()
    given: dict[str, Any] = {"public_url": PUBLIC, "link_url": PUBLIC}
    with double() as provider, pipeline(tmp_path / "data", now=clock, **given) as made:
        story = Story(made, clock, tmp_path / "data")
        app = create_app(Settings(data_dir=tmp_path / "data", **given), made.application)
        app.state.runtime = story.rt
        with TestClient(app, base_url=PUBLIC, raise_server_exceptions=False) as door:
            yield Office(story, provider, door)
        story.check_journal()
