"""A payroll by HTTP -> the real Kannel -> SMPP -> a simulated SMSC -> receipt -> Kannel -> our callbacks door."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from app.carriers.base import CarrierError
from app.carriers.http.calls import Callbacks, make_client
from app.carriers.http.carrier import HttpCarrier
from app.carriers.http.kannel import Kannel, KannelSettings
from app.db.sending import connections
from app.db.sending.connections import NewConnection
from app.main import create_app
from app.settings import Settings
from tests.carriers.http import kannel
from tests.carriers.http.conftest import NOW, submission
from tests.carriers.smpp.simulators import NotHere, Simulator, node
from tests.pipeline import pipeline
from tests.stories.payroll import ZOE, Employee
from tests.stories.story import Clock, Story

pytestmark = pytest.mark.xdist_group("kannel")
WAIT_SECONDS = 30.0

# The last two digits of a number tell the SMSC what to do; what the message must come to, and why.
OUTCOMES = {
    "78": ("delivered", ""),
    "82": ("failed", "unknown_number"),
    "84": ("failed", "sender_refused"),
    "89": ("submitted", ""),
    "92": ("failed", "undelivered"),
    "93": ("expired", "expired"),
    "94": ("failed", "refused"),
    "95": ("submitted", ""),
    "96": ("delivered", ""),
}


@dataclass
class Street:
    """From our queue to the phone and back, all of it running."""

    story: Story
    smsc: Simulator
    smsbox: str
    callbacks: Callbacks


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("kannel")
    ours, sendsms = kannel.free_ports(2)
    smsbox = f"http://127.0.0.1:{sendsms}"
    with ExitStack() as running:
        try:
            installed = kannel.find()
            smsc = running.enter_context(node(folder, DLR_MS="20"))
        except (kannel.NoKannel, NotHere) as why:
            pytest.skip(str(why))
        clock = Clock()
        made = running.enter_context(pipeline(folder / "data", now=clock, port=ours))
        story = Story(made, clock, folder / "data")
        settings = {"address": smsbox, "username": kannel.USERNAME, "password": kannel.PASSWORD}
        callbacks = connect(story, settings)
        replies = f"{callbacks.of_connection()}&from=%p&to=%P&text=%b&id=%I"
        running.enter_context(kannel.running(installed, folder, smsc.port, sendsms, replies))
        app = create_app(Settings(data_dir=folder / "data", port=ours), made.application)
        app.state.runtime = story.rt
        running.enter_context(served(app, ours))
        yield Street(story, smsc, smsbox, callbacks)


def connect(story: Story, settings: dict[str, str]) -> Callbacks:
    columns = story.rt.vault.columns
    new = NewConnection("kannel", "kannel", json.dumps(settings), rate=100.0)
    with story.rt.begin() as session:
        row_id = connections.add(session, columns, new, story.rt.now())
    story.change_sender("sms", carrier="kannel")
    return Callbacks.at(story.rt.policies.public_url, "kannel", connections.callback_secret(columns, row_id))


@contextmanager
def served(app: FastAPI, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def employee(digits: str) -> Employee:
    return replace(
        ZOE,
        staff=f"001000{digits}",
        last=f"NUMÉRO{digits}",
        phone=f"06 12 34 56 {digits}",
        code=f"T8{digits}-QX4M",
    )


def test_every_outcome_of_the_network_comes_back_by_callback(street: Street) -> None:
    batch = street.story.upload([employee(digits) for digits in OUTCOMES], channels=("sms",))
    street.story.release(batch)
    street.story.pipeline.run()
    expected = {f"001000{digits}": outcome for digits, outcome in OUTCOMES.items()}

    def found() -> dict[str, tuple[str, str]]:
        messages = street.story.messages_of(batch)
        return {staff: (message.state, message.reason) for staff, message in messages.items()}

    def numbers() -> set[str]:
        return {event["dst"][-2:] for event in street.smsc.events("submit_sm")}

    until = time.monotonic() + WAIT_SECONDS
    while (found(), numbers()) != (expected, set(OUTCOMES)) and time.monotonic() < until:
        time.sleep(0.1)
    assert found() == expected
    assert numbers() == set(OUTCOMES)
    assert {event["src"] for event in street.smsc.events("submit_sm")} == {"ATELIER"}


@contextmanager
def carrier(street: Street, **changed: str) -> Iterator[HttpCarrier]:
    given: dict[str, Any] = {
        "address": street.smsbox,
        "username": kannel.USERNAME,
        "password": kannel.PASSWORD,
    }
    provider = Kannel(KannelSettings.model_validate({**given, **changed}), street.callbacks)
    with make_client() as client:
        yield HttpCarrier("kannel", provider, street.callbacks, client)


def test_the_check_knows_a_right_account_from_a_wrong_one(street: Street) -> None:
    before = len(street.smsc.events("submit_sm"))
    with carrier(street) as right:
        assert [remark.well for remark in right.check(NOW)][1:] == [True, True, True]
    with carrier(street, password="wrong") as mistaken:
        *_, wrong = mistaken.check(NOW)
    assert "sendsms-user" in wrong.words
    assert len(street.smsc.events("submit_sm")) == before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"password": "wrong"}, "carrier_credentials"),
        ({"address": "http://127.0.0.1:9"}, "carrier_unreachable"),
    ],
)
def test_what_kannel_did_not_take_may_go_another_way(
    street: Street, changed: dict[str, str], code: str
) -> None:
    with carrier(street, **changed) as failing, pytest.raises(CarrierError) as failed:
        failing.submit(submission(), NOW)
    assert (failed.value.code, failed.value.in_doubt) == (code, False)


def test_a_long_text_in_ucs2_arrives_whole(street: Street) -> None:
    text = "Prêt ✅ votre bulletin " * 8
    with carrier(street) as sending:
        sending.submit(submission(text, to="+33612345677"), NOW)
    until = time.monotonic() + WAIT_SECONDS
    while len(parts := sent_to(street, "33612345677")) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert "".join(part["text"] for part in parts) == text
    assert {part["dc"] for part in parts} == {8}


def sent_to(street: Street, number: str) -> list[dict[str, Any]]:
    return [event for event in street.smsc.events("submit_sm") if event["dst"] == number]
