"""The webhook of an RCS agent (F2, by number), and the whole way of a card through the running service."""

import json
import logging
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from app.crypto.signing import Rs256
from app.db.models import Attempt, CallbackEvent, ConsentRecord, InboundMessage
from app.main import create_app
from app.messaging.permission.optout_words import Intent
from app.settings import Settings
from app.usecases.accounts.create_user import create_user
from app.usecases.accounts.log_in import LoggedIn, log_in
from rcs.webhook import sign
from tests.cli.processes import free_port
from tests.rcs.platform import Platform
from tests.stories.agency import AGENT, CONNECTION, TOKEN, Agency, agency
from tests.stories.payroll import NOEL, ZOE, e164

PHONE = e164(ZOE.phone)
# The published example of the platform: token, event, signature.
VECTOR_TOKEN = "SJENCPGJESMGUFPY"
VECTOR = (
    '{"senderPhoneNumber":"+33612345678","eventType":"DELIVERED","eventId":"e-1",'
    '"messageId":"7d3f6a1e-2f0b-4b6e-9a55-0d6a9c1f5e10","agentId":"demo-agent",'
    '"sendTime":"2026-11-22T07:00:00.123456Z"}'
)
VECTOR_SIGNATURE = "WMhZc9Fu5m5h8/xiF044y2ZTt+w1C1ExRlSBQkOtQS0IQOttYOkaxJzRfXIaBa7DxlV7mEEa1ESj1MtZ5hDTNQ=="


@contextmanager
def served(office: Agency, folder: Path, port: int) -> Iterator[str]:
    """The service on a port of this machine; the address of the webhook. No job runs unless the test says so."""
    app = create_app(Settings(data_dir=folder, port=port), office.story.pipeline.application)
    app.state.runtime = office.story.rt
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    hook = f"http://localhost:{port}/callbacks/{CONNECTION}"
    try:
        for _ in range(200):
            if server.started:
                break
            threading.Event().wait(0.05)
        yield hook
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Agency]:
    """On SQLite only: what the door does does not depend on the kind of database."""
    with agency(tmp_path / "data", port=free_port()) as made:
        yield made


@pytest.fixture
def hook(office: Agency, tmp_path: Path) -> Iterator[str]:
    port = int(office.story.rt.policies.public_url.rpartition(":")[2])
    with served(office, tmp_path / "data", port) as address:
        yield address


def login(office: Agency) -> str:
    """A clerk of the office, logged in."""
    rt, password = office.story.rt, "une phrase assez longue"
    create_user(
        rt,
        office.story.id,
        email="ines@exemple.test",
        name="Inès",
        password=password,
        role="clerk",
        language="fr",
        actor="operator",
        now=rt.now(),
    )
    logged = log_in(rt, "ines@exemple.test", password, "192.0.2.0/24", rt.now())
    assert isinstance(logged, LoggedIn)
    return logged.token


def envelope(data: str) -> bytes:
    return json.dumps({"message": {"data": b64encode(data.encode()).decode()}}).encode()


def post(hook: str, body: bytes, signature: str | None) -> httpx.Response:
    headers = {} if signature is None else {"X-Goog-Signature": signature}
    return httpx.post(hook, content=body, headers=headers, trust_env=False, timeout=60)


def event(**fields: str) -> str:
    return json.dumps({"agentId": AGENT, "eventId": "e-1", "senderPhoneNumber": PHONE, **fields})


def rows(office: Agency, table: Any) -> list[Any]:
    with office.story.rt.read() as session:
        return list(session.scalars(sa.select(table)))


def test_a_card_goes_from_the_release_to_the_phone_and_back_to_the_page_of_the_batch(
    office: Agency, hook: str, google: Platform
) -> None:
    batch = office.sent(ZOE, NOEL)
    google.world.read(office.card_of(office.story.messages_of(batch)[ZOE.staff]).id)
    assert google.tell(hook, times=2) == [200] * 6
    assert office.story.states(batch) == {ZOE.staff: "read", NOEL.staff: "delivered"}
    office.story.timers()
    assert office.story.pipeline.batch(batch.id).state == "finished"
    base = hook.removesuffix(f"/callbacks/{CONNECTION}")
    page = httpx.get(
        f"{base}/app/batches/{batch.id}", cookies={"pli-console": login(office)}, trust_env=False, timeout=60
    )
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert "Remis 2 100" in words
    assert words.count(" RCS Remis ") == 2


def test_an_expiry_told_over_http_ends_in_one_sms(office: Agency, hook: str, google: Platform) -> None:
    batch = office.sent(ZOE, on=False)
    google.world.expire(office.card_of(office.only(batch)).id)
    assert google.tell(hook, times=3) == [200] * 3
    office.story.let_network_work()
    assert [one.channel for one in office.story.phone(ZOE.phone)] == ["sms"]
    assert office.only(batch).state == "delivered"


@pytest.fixture
def google(office: Agency) -> Platform:
    return office.google


def test_f2_12_the_greeting_is_answered_with_its_secret_and_nothing_else(hook: str, google: Platform) -> None:
    right = google.greet(hook, TOKEN, "1234567890")
    assert (right.status_code, right.content) == (200, b"1234567890")
    assert right.headers["content-type"].startswith("text/plain")
    wrong = google.greet(hook, "another", "1234567890")
    assert wrong.status_code == 403
    assert b"1234567890" not in wrong.content
    assert TOKEN.encode() not in wrong.content


def test_f2_13_the_published_example_is_taken(office: Agency, hook: str) -> None:
    assert TOKEN == VECTOR_TOKEN
    assert post(hook, envelope(VECTOR), VECTOR_SIGNATURE).status_code == 200
    assert [row.kind for row in rows(office, CallbackEvent)] == ["unknown"]  # nobody here sent that message


def refused() -> dict[str, tuple[bytes, str | None]]:
    """Calls that are not the platform's."""
    data, body = event(eventType="UNSUBSCRIBE"), envelope(event(eventType="UNSUBSCRIBE"))
    right = sign(data.encode(), TOKEN)
    other = event(eventType="UNSUBSCRIBE", agentId="another")
    return {
        "an octet altered": (envelope(data.replace("e-1", "e-2")), right),
        "signed as a whole": (body, sign(body, TOKEN)),
        "another token": (body, sign(data.encode(), "another token")),
        "no signature": (body, None),
        "hexadecimal": (body, sign(data.encode(), TOKEN).encode().hex()),
        "another agent": (envelope(other), sign(other.encode(), TOKEN)),
        "no JSON": (b"\xff{", right),
        "no data": (b'{"message": {}}', right),
        "nothing": (b"", right),
    }


@pytest.mark.parametrize("name", refused())
def test_f2_13_what_is_not_signed_by_the_platform_changes_nothing(
    office: Agency, hook: str, name: str
) -> None:
    answer = post(hook, *refused()[name])
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [*rows(office, ConsentRecord), *rows(office, InboundMessage), *rows(office, CallbackEvent)]


def test_calls_that_prove_nothing_do_not_have_the_private_key_checked_again(
    hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    monkeypatch.setattr(Rs256, "__init__", lambda _self, key: checked.append(key))
    for _ in range(3):
        assert post(hook, b"{}", "wrong").status_code == 403
    assert len(checked) <= 1


def test_a_get_and_a_connection_nobody_has_are_refused(hook: str) -> None:
    data = event(eventType="UNSUBSCRIBE")
    assert httpx.get(hook, trust_env=False, timeout=60).status_code == 403
    assert post(f"{hook}-2", envelope(data), sign(data.encode(), TOKEN)).status_code == 403


def test_f2_14_the_same_event_in_other_envelopes_is_one(office: Agency, hook: str) -> None:
    data = event(eventType="UNSUBSCRIBE")
    signature = sign(data.encode(), TOKEN)
    for number in range(5):
        body = json.loads(envelope(data)) | {"subscription": f"projects/{number}"}
        body["message"] |= {"messageId": str(number), "attributes": {"business_id": "another@rbm.goog"}}
        assert post(hook, json.dumps(body).encode(), signature).status_code == 200
    assert len(rows(office, InboundMessage)) == 1


def test_f2_15_the_answer_comes_while_no_job_runs(office: Agency, hook: str, google: Platform) -> None:
    batch = office.sent(ZOE)
    before = len(office.story.pipeline.jobs.waiting)
    ((body, signature),) = google.world.events
    answer = post(hook, body, signature)
    assert answer.status_code == 200
    assert office.only(batch).state == "delivered"
    assert len(office.story.pipeline.jobs.waiting) == before


def test_f2_16_an_unknown_event_is_kept_and_logged_and_changes_nothing(
    office: Agency, hook: str, google: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    google.world.happen(eventType="WAVED", senderPhoneNumber=PHONE)
    with caplog.at_level(logging.WARNING):
        assert google.tell(hook, times=2) == [200, 200]
    assert [row.kind for row in rows(office, CallbackEvent)] == ["unknown"]
    assert PHONE not in caplog.text
    assert not rows(office, InboundMessage)


def test_somebody_who_types_leaves_nothing_behind(office: Agency, hook: str, google: Platform) -> None:
    google.world.happen(eventType="IS_TYPING", senderPhoneNumber=PHONE)
    assert google.tell(hook) == [200]
    assert not [*rows(office, InboundMessage), *rows(office, CallbackEvent)]


def test_f2_16_stop_typed_tapped_or_switched_in_the_menu_closes_advertising(
    office: Agency, hook: str, google: Platform
) -> None:
    office.sent(ZOE)
    google.tell(hook)
    google.world.say(PHONE, "STOP")
    google.world.tap(e164(NOEL.phone), "stop7K3MQ2X9", "Ne plus en recevoir", "REPLY")
    google.world.unsubscribe("+33611001099")
    assert set(google.tell(hook, times=2)) == {200}
    answers = rows(office, InboundMessage)
    assert [one.intent for one in answers] == [Intent.OPT_OUT] * 3
    assert {one.to_sender for one in answers} == {"Atelier Exemple"}
    stops = [line for line in rows(office, ConsentRecord) if line.fact == "stop"]
    assert [line.how for line in stops] == ["reply", "button", "button"]


def test_a_subscription_lifts_what_was_said_there(office: Agency, hook: str, google: Platform) -> None:
    google.world.unsubscribe(PHONE)
    google.world.happen(eventType="SUBSCRIBE", senderPhoneNumber=PHONE)
    google.tell(hook)
    assert [one.intent for one in rows(office, InboundMessage)] == [Intent.OPT_OUT, Intent.OPT_IN]


def test_what_people_do_with_a_card_is_written_beside_its_document(
    office: Agency, hook: str, google: Platform
) -> None:
    batch = office.sent(ZOE)
    suggestions = office.card_of(office.only(batch)).body["contentMessage"]["richCard"]["standaloneCard"]
    postbacks = [
        next(iter(one.values()))["postbackData"] for one in suggestions["cardContent"]["suggestions"]
    ]
    for postback in postbacks:
        google.world.tap(PHONE, postback, "…")
    google.world.say(PHONE, "Merci")
    google.world.happen(
        senderPhoneNumber=PHONE, messageId="m-1", location={"latitude": 48.85, "longitude": 2.35}
    )
    google.world.happen(
        senderPhoneNumber=PHONE, messageId="m-2", userFile={"payload": {"fileUri": "https://x/y.png"}}
    )
    assert set(google.tell(hook)) == {200}
    answers = rows(office, InboundMessage)
    assert {one.document_id for one in answers} == {office.only(batch).document_id}
    assert [one.intent for one in answers] == ["tapped"] * (len(postbacks) - 1) + ["not_for_me", "", "", ""]
    assert [one.pictures for one in answers][-3:] == [0, 0, 1]


def test_an_agent_reports_on_its_own_messages_only(office: Agency, hook: str, google: Platform) -> None:
    batch = office.sent(ZOE, rcs=False)
    (attempt,) = [one for one in rows(office, Attempt) if one.channel == "sms"]
    google.world.happen(eventType="READ", messageId=str(attempt.id), senderPhoneNumber=PHONE)
    assert google.tell(hook) == [200]
    assert office.only(batch).state == "submitted"
