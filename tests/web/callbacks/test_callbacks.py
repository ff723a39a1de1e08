"""The whole way of a message by each provider: sent, reported on, answered."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from app.carriers.http.carrier import HttpCarrier
from app.core.log import JsonLines
from app.db.models import Batch
from app.db.queries import connections
from app.db.session import Database
from app.evidence.tags import Tag
from app.usecases.callbacks.open_connection import open_connection
from app.usecases.carriers.renew_callbacks import renew_callbacks
from app.usecases.documents.show_document import show_document
from app.web.deps import parse_networks
from app.worker import record_early
from tests.carriers.http.double import Say, Sent
from tests.stories.payroll import ZOE, Employee
from tests.web.callbacks.conftest import PUBLIC, Office
from tests.web.client import TestClient

TWILIO = {"account_sid": "ACdouble", "auth_token": "12345"}
TWILIO_PATH = "/2010-04-01/Accounts/ACdouble/Messages.json"
OVH = {"service": "sms-ab123-1", "application_key": "AK", "application_secret": "AS", "consumer_key": "CK"}
OVH_JOBS = "/sms/sms-ab123-1/jobs"
KANNEL = {"username": "tester", "password": "foobar"}
PHONE = "+33611001001"


def send(office: Office, *team: Employee) -> Batch:
    return office.story.sent(*(team or (ZOE,)), channels=("sms",))


def state(office: Office, batch: Batch) -> str:
    return office.story.only_message(batch).state


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Twilio:
    """Sends one message by the double, and calls back as the provider would."""

    def __init__(self, office: Office, name: str = "twilio") -> None:
        self.office = office
        office.provider.answers[TWILIO_PATH] = Say(201, b'{"sid": "SM1", "status": "queued"}')
        self.general = office.connect("twilio", name, **TWILIO).address
        self.batch = send(office)
        form = dict(parse_qsl(office.provider.to(TWILIO_PATH)[-1].body.decode()))
        self.address = form["StatusCallback"]

    def call(self, form: dict[str, str], address: str = "", token: str = "12345") -> Any:
        address = address or self.address
        signed = RequestValidator(token).compute_signature(address, form)
        return self.office.door.post(path_of(address), data=form, headers={"X-Twilio-Signature": signed})

    def says(self, status: str, **more: str) -> Any:
        return self.call({"MessageSid": "SM1", "MessageStatus": status, "To": PHONE, **more})


def test_the_operators_acceptance_is_not_an_arrival_and_the_phones_receipt_is(office: Office) -> None:
    twilio = Twilio(office)
    assert twilio.address.startswith(f"{PUBLIC}/callbacks/twilio?a=")
    for status in ("queued", "sent"):
        answer = twilio.says(status)
        assert (answer.status_code, answer.text) == (200, "<Response/>")
        assert answer.headers["content-type"].startswith("text/xml")
        assert state(office, twilio.batch) == "submitted"
    assert twilio.says("delivered").status_code == 200
    assert state(office, twilio.batch) == "delivered"


def test_a_report_again_late_or_out_of_order_changes_nothing(office: Office) -> None:
    twilio = Twilio(office)
    for status in ("delivered", "sent", "queued", "delivered", "failed", "delivered"):
        assert twilio.says(status).status_code == 200
    assert state(office, twilio.batch) == "delivered"
    assert sorted(office.reports()) == ["delivered", "enroute", "enroute", "failed"]


def test_a_failure_is_told_with_its_reason(office: Office) -> None:
    twilio = Twilio(office)
    assert twilio.says("undelivered", ErrorCode="30005").status_code == 200
    message = office.story.only_message(twilio.batch)
    assert (message.state, message.reason) == ("failed", "unknown_number")


def test_what_is_not_signed_by_the_provider_changes_nothing(office: Office) -> None:
    twilio = Twilio(office)
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    refused = [
        twilio.call(form, token="54321"),
        office.door.post(path_of(twilio.address), data=form),
        office.door.get(path_of(twilio.address)),
        office.door.post("/callbacks/nobody", data=form),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert len({answer.text for answer in refused}) == 1
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert state(office, twilio.batch) == "submitted"
    assert (office.reports(), office.kept()) == ([], [])


def test_a_doubt_is_asked_about_once_and_settled_by_the_report(office: Office) -> None:
    office.provider.answers[TWILIO_PATH] = Say(cut=True)
    office.connect("twilio", **TWILIO)
    batch = send(office)
    message = office.story.only_message(batch)
    assert (message.state, message.reason) == ("unknown", "no_answer")
    (sent,) = office.provider.to(TWILIO_PATH)
    address = dict(parse_qsl(sent.body.decode()))["StatusCallback"]
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    signed = RequestValidator("12345").compute_signature(address, form)
    headers = {"X-Twilio-Signature": signed}
    assert office.door.post(path_of(address), data=form, headers=headers).status_code == 200
    assert state(office, batch) == "delivered"
    assert len(office.provider.to(TWILIO_PATH)) == 1


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of everything in the form it leaves in."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_neither_numbers_nor_tokens_reach_the_log(office: Office, written: io.StringIO) -> None:
    office.provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
    general = path_of(office.connect("kannel", **KANNEL).of_connection())
    send(office)
    office.story.change_sender("sms", carrier="simulator")
    office.door.get(f"{general}&from=%2B33699999999&to=36111&text=hello+there&id=u-1")
    office.door.get(f"{general}x&from=%2B33699999999&to=36111&text=hello+there&id=u-2")
    log = written.getvalue()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line.get("route") for line in lines} >= {"/callbacks/{connection}"}
    assert {"a callback could not be placed", "a callback was refused"} <= {line["event"] for line in lines}
    for secret in ("33699999999", "33611001001", "hello", general.partition("k=")[2], "foobar"):
        assert secret not in log


def test_a_connection_that_is_switched_off_still_hears_of_what_it_sent(office: Office) -> None:
    twilio = Twilio(office)
    with office.story.rt.begin() as session:
        row = connections.by_name(session, "twilio")
        assert row is not None
        row.enabled = False
        session.add(row)
    assert twilio.says("delivered").status_code == 200
    assert state(office, twilio.batch) == "delivered"


def test_a_connection_cannot_report_on_the_messages_of_another(office: Office) -> None:
    twilio = Twilio(office)
    office.connect("twilio", "other", **{**TWILIO, "auth_token": "98765"})
    attempt = urlsplit(twilio.address).query
    forged = f"{PUBLIC}/callbacks/other?{attempt}"
    answer = twilio.call({"MessageSid": "SM1", "MessageStatus": "delivered"}, forged, token="98765")
    assert answer.status_code == 200
    assert state(office, twilio.batch) == "submitted"
    assert office.kept() == [("other", "unknown")]


def test_a_body_that_is_too_large_is_not_read(office: Office) -> None:
    office.connect("twilio", **TWILIO)
    assert office.door.post("/callbacks/twilio", content=b"a" * 70_000).status_code == 413
    many = "&".join(f"f{number}=1" for number in range(500))
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert office.door.post("/callbacks/twilio", content=many, headers=form).status_code == 422
    assert office.door.post("/callbacks/twilio", content=b"a=\xff", headers=form).status_code == 422


def test_what_could_not_be_stored_is_not_acknowledged_and_counts_when_it_comes_again(office: Office) -> None:
    twilio = Twilio(office)
    app: Any = office.door.app
    broken = Database("sqlite:///:memory:")
    app.state.runtime = replace(office.story.rt, database=broken)
    assert twilio.says("delivered").status_code == 500
    broken.close()
    app.state.runtime = office.story.rt
    assert state(office, twilio.batch) == "submitted"
    assert twilio.says("delivered").status_code == 200
    assert state(office, twilio.batch) == "delivered"


def test_an_answer_with_a_picture_is_kept_and_its_text_read_for_stop(office: Office) -> None:
    twilio = Twilio(office)
    form = {"MessageSid": "MM1", "From": PHONE, "To": "ATELIER", "Body": "Stop !", "NumMedia": "1",
            "MediaUrl0": "https://media.example/1"}  # fmt: skip
    for _ in range(3):
        assert twilio.call(form, twilio.general).status_code == 200
    (answer,) = office.answers()
    assert (answer.pictures, answer.intent) == (1, "opt_out")
    assert office.story.journal_tags(*office.ledger()).count(Tag.CONSENT_CHANGED) == 1
    assert office.provider.to("/1") == []
    line = office.story.line(twilio.batch, ZOE.staff)
    told = show_document(office.story.rt, office.story.id, line.id).events
    assert [(event.said, event.pictures) for event in told if event.tag == "reply:opt_out"] == [("Stop !", 1)]


def test_an_answer_to_an_unknown_number_is_for_the_only_user_of_the_connection(office: Office) -> None:
    twilio = Twilio(office)
    form = {"MessageSid": "SM9", "From": "+33699999999", "To": "+3336111", "Body": "STOP"}
    assert twilio.call(form, twilio.general).status_code == 200
    (answer,) = office.answers()
    assert (answer.organisation_id, answer.intent) == (office.story.id, "opt_out")
    assert office.kept() == []


def test_an_answer_that_belongs_to_nobody_is_kept_for_a_person(office: Office) -> None:
    twilio = Twilio(office)
    office.story.change_sender("sms", carrier="simulator")
    form = {"MessageSid": "SM9", "From": "+33699999999", "To": "+3336111", "Body": "Bonjour"}
    for _ in range(2):
        assert twilio.call(form, twilio.general).status_code == 200
    assert (office.answers(), office.kept()) == ([], [("twilio", "unrouted")])


def test_an_event_nobody_knows_is_kept_once_and_changes_nothing(office: Office) -> None:
    twilio = Twilio(office)
    for _ in range(2):
        assert (
            twilio.call({"EventType": "onMoonLanding", "MessageSid": "SM1"}, twilio.general).status_code
            == 200
        )
    assert office.kept() == [("twilio", "unknown")]
    assert state(office, twilio.batch) == "submitted"


def test_ovhs_reports_find_the_message_by_ovhs_id(office: Office) -> None:
    office.provider.answers = {"/auth/time": now(office), OVH_JOBS: Say(200, accepted(4711))}
    address = office.connect("ovh", **OVH).of_connection()
    batch = send(office)
    for ptt, expected in (("3", "submitted"), ("4", "delivered"), ("5", "delivered")):
        assert office.door.get(f"{path_of(address)}&id=4711&ptt={ptt}&date=x").status_code == 200
        assert state(office, batch) == expected
    assert office.door.get(f"{path_of(address)}x&id=4711&ptt=5").status_code == 403


def test_the_check_of_a_stored_connection_names_the_address_to_set(office: Office) -> None:
    office.provider.answers = {
        "/auth/time": now(office),
        "/sms/sms-ab123-1": Say(200, b'{"creditsLeft": 5, "callBack": null}'),
    }
    address = office.connect("ovh", **OVH).of_connection()
    carrier = office.story.rt.carriers["ovh"]
    assert isinstance(carrier, HttpCarrier)
    remarks = list(carrier.check(office.story.rt.now()))
    assert [remark.well for remark in remarks] == [True, True, True, True, False]
    assert "not signed" in remarks[1].words
    assert address in remarks[-1].words


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("ovh", {"service": "sms ab"}),
        ("twilio", {"account_sid": "x"}),
        ("smsmode", {}),
        ("kannel", {"x": "y"}),
    ],
)
def test_settings_that_cannot_work_make_no_carrier_and_stop_no_other(
    office: Office, kind: str, settings: dict[str, str]
) -> None:
    office.connect("smsmode", "good", api_key="KEY")
    office.connect(kind, "bad", **settings)
    office.story.pipeline.application.carriers.refresh()
    assert "good" in office.story.rt.carriers
    assert "bad" not in office.story.rt.carriers


def test_a_report_that_runs_ahead_of_the_answer_is_recorded_after_it(office: Office) -> None:
    address = office.connect("ovh", **OVH).of_connection()
    early: list[int] = []

    def report_first(_sent: Sent) -> Say:
        early.append(office.door.get(f"{path_of(address)}&id=4711&ptt=4").status_code)
        return Say(200, accepted(4711))

    office.provider.answers = {"/auth/time": now(office), OVH_JOBS: report_first}
    batch = send(office)
    assert early == [200]
    assert state(office, batch) == "submitted"
    assert office.kept() == [("ovh", "early")]
    record_early(office.story.rt)
    assert state(office, batch) == "delivered"
    assert office.kept() == []


@pytest.mark.parametrize("written", ["0033611001001", "0611001001", "+33611001001"])
def test_an_answer_to_ovhs_own_short_code_goes_to_whoever_wrote_last(office: Office, written: str) -> None:
    office.provider.answers = {"/auth/time": now(office), OVH_JOBS: Say(200, accepted(4711))}
    address = office.connect("ovh", **OVH).of_connection()
    send(office)
    answer = {"id": "77", "senderid": written, "shortcode": "36111", "message": "STOP", "tag": ""}
    assert office.door.post(path_of(address), data=answer).status_code == 200
    (kept,) = office.answers()
    assert (kept.organisation_id, kept.intent) == (office.story.id, "opt_out")
    assert kept.from_index == office.story.rt.vault.phone_index(office.story.id, PHONE)


def test_smsmode_calls_the_addresses_it_was_given(office: Office) -> None:
    office.provider.answers["/sms/v1/messages"] = Say(201, b'{"messageId": "m-1"}')
    office.connect("smsmode", api_key="KEY")
    batch = send(office)
    sent = json.loads(office.provider.to("/sms/v1/messages")[0].body)
    status = path_of(sent["callbackUrlStatus"])
    body = {"messageId": "m-1", "status": {"value": "ENROUTE"}}
    assert office.door.post(status, json=body).status_code == 200
    assert state(office, batch) == "submitted"
    assert office.door.post(status, json={**body, "status": {"value": "UNDELIVERABLE"}}).status_code == 200
    message = office.story.only_message(batch)
    assert (message.state, message.reason) == ("failed", "undelivered")
    reply = {"messageId": "mo-1", "from": PHONE, "recipient": {"to": "ATELIER"}, "body": {"text": "merci"}}
    assert office.door.post(path_of(sent["callbackUrlMo"]), json=reply).status_code == 200
    assert [answer.intent for answer in office.answers()] == [""]


def test_kannel_fills_in_the_address_it_was_given(office: Office) -> None:
    office.provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
    general = office.connect("kannel", **KANNEL).of_connection()
    batch = send(office)
    query = dict(parse_qsl(urlsplit(office.provider.to("/cgi-bin/sendsms")[0].path).query))
    report: Callable[[int], str] = lambda mask: path_of(  # noqa: E731
        query["dlr-url"].replace("%d", str(mask)).replace("%p", "%2B33611001001").replace("%A", "ACK%2F")
    )
    assert office.door.get(report(8)).status_code == 200
    assert state(office, batch) == "submitted"
    assert office.door.get(report(1)).status_code == 200
    assert state(office, batch) == "delivered"
    answer = office.door.get(f"{path_of(general)}&from=%2B33611001001&to=ATELIER&text=stop&id=u-1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert [kept.intent for kept in office.answers()] == ["opt_out"]
    assert office.door.post(report(1)).status_code == 403


def now(office: Office) -> Say:
    return Say(200, str(int(office.story.rt.now().timestamp())).encode())


def accepted(id_: int) -> bytes:
    return json.dumps({"ids": [id_], "validReceivers": [PHONE], "invalidReceivers": []}).encode()


def test_renewed_addresses_take_the_place_of_those_that_were_read_in_a_log(office: Office) -> None:
    office.provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
    general = path_of(office.connect("kannel", **KANNEL).of_connection())
    answer = "&from=%2B33611001001&to=ATELIER&text=stop&id=u-1"
    renew_callbacks(office.story.rt, "kannel")
    assert office.door.get(general + answer).status_code == 403
    assert office.answers() == []
    opened = open_connection(office.story.rt, "kannel")
    assert opened is not None
    assert office.door.get(path_of(opened[1].of_connection()) + answer).status_code == 200
    office.story.pipeline.application.carriers.refresh()
    batch = send(office)
    query = dict(parse_qsl(urlsplit(office.provider.to("/cgi-bin/sendsms")[0].path).query))
    assert office.door.get(path_of(query["dlr-url"].replace("%d", "1"))).status_code == 200
    assert state(office, batch) == "delivered"


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("185.20.1.9", "", 200),
        ("::ffff:185.20.1.9", "", 200),
        ("2001:db8::7", "", 200),
        ("185.21.0.1", "", 403),
        ("testclient", "", 403),
        ("185.21.0.1", "185.20.1.9", 403),
        ("10.0.0.3", "185.20.1.9", 200),
        ("10.0.0.3", "185.20.1.9, 185.21.0.1", 403),
        ("10.0.0.3", "", 403),
    ],
)
def test_a_callback_from_elsewhere_than_the_networks_of_the_connection_is_refused(
    office: Office, peer: str, forwarded: str, status: int
) -> None:
    """Whatever token it bears. Behind a proxy that is trusted the address is what the proxy says."""
    office.provider.answers["/cgi-bin/sendsms"] = Say(202, b"0: Accepted for delivery")
    office.connect("kannel", **KANNEL, callback_networks=["185.20.0.0/22", "2001:db8::7"])
    app: Any = office.door.app
    app.state.web = replace(app.state.web, trusted_proxies=parse_networks("10.0.0.0/8"))
    batch = send(office)
    query = dict(parse_qsl(urlsplit(office.provider.to("/cgi-bin/sendsms")[0].path).query))
    caller = TestClient(app, base_url=PUBLIC, client=(peer, 5000))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = caller.get(path_of(query["dlr-url"].replace("%d", "1")), headers=headers)
    assert answer.status_code == status
    assert state(office, batch) == ("delivered" if status == 200 else "submitted")
