import hashlib
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import ovh.client
import pytest

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.http.calls import Answer, CallbackRequest, NotAuthentic, Reply, StatusNote, Unknown
from app.carriers.http.carrier import HttpCarrier
from app.carriers.http.ovh import STATUSES, Ovh, OvhSettings, read_callback, signature
from tests.carriers.http.conftest import ATTEMPT, CALLBACKS, NOW, OTHERS, OURS, asked, submission, vectors
from tests.carriers.http.double import Double, Say, Sent

VECTOR = vectors("signatures.json")["ovh"]
JOBS = "/sms/sms-ab123-1/jobs"
OK = json.dumps(
    {"totalCreditsRemoved": 1, "ids": [4711], "validReceivers": ["+33612345678"], "invalidReceivers": []}
).encode()


def settings(**changed: Any) -> OvhSettings:
    given = {
        "service": "sms-ab123-1",
        "application_key": "AK",
        "application_secret": "AS",
        "consumer_key": "CK",
    }
    return OvhSettings.model_validate({**given, **changed})


def carrier(provider: Double, client: httpx.Client) -> HttpCarrier:
    return HttpCarrier("ovh", Ovh(settings(address=provider.base), OURS), OURS, client)


def strict(provider: Double, ahead: int) -> None:
    """Answers as OVH does: its own clock, and a signature over exactly what arrived."""
    at = int(NOW.timestamp()) + ahead

    def check(sent: Sent) -> Say:
        headers = sent.headers
        if abs(int(headers["x-ovh-timestamp"]) - at) > 5:
            return Say(400, b'{"errorCode": "QUERY_TIME_OUT", "message": "Query out of time"}')
        text = "+".join(
            (
                "AS",
                "CK",
                sent.method,
                provider.base + sent.path,
                sent.body.decode(),
                headers["x-ovh-timestamp"],
            )
        )
        right = "$1$" + hashlib.sha1(text.encode()).hexdigest()
        if headers["x-ovh-signature"] != right or headers["x-ovh-application"] != "AK":
            return Say(400, b'{"errorCode": "INVALID_SIGNATURE", "message": "Invalid signature"}')
        return Say(200, OK)

    provider.answers = {"/auth/time": Say(200, str(at).encode()), JOBS: check}


def test_the_signature_is_the_vendors_vector() -> None:
    assert (
        signature(
            VECTOR["secret"],
            VECTOR["consumer"],
            VECTOR["method"],
            VECTOR["address"],
            VECTOR["body"],
            VECTOR["timestamp"],
        )
        == VECTOR["signature"]
    )


def test_the_vendors_own_client_signs_the_same_call_in_the_same_way(
    client: httpx.Client, provider: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict(provider, ahead=0)
    assert carrier(provider, client).submit(submission(), NOW) == Accepted("4711")
    monkeypatch.setitem(ovh.client.ENDPOINTS, "double", provider.base)
    monkeypatch.setattr(time, "time", lambda: NOW.timestamp())
    judge = ovh.client.Client("double", "AK", "AS", "CK")
    (ours,) = provider.to(JOBS)
    judge.post(JOBS, **json.loads(ours.body))
    _, theirs = provider.to(JOBS)
    names = ("x-ovh-application", "x-ovh-consumer", "x-ovh-timestamp", "x-ovh-signature")
    assert theirs.body == ours.body
    assert [theirs.headers[name] for name in names] == [ours.headers[name] for name in names]


def test_the_call_is_the_documented_one() -> None:
    built = Ovh(settings(), OURS).build(submission("Prêt ✅", ttl_seconds=900), NOW)
    assert built.url == "https://eu.api.ovh.com/1.0/sms/sms-ab123-1/jobs"
    assert json.loads(built.content) == {
        "message": "Prêt ✅",
        "receivers": ["+33612345678"],
        "sender": "PLI",
        "noStopClause": True,
        "charset": "UTF-8",
        "coding": "8bit",
        "priority": "high",
        "validityPeriod": 15,
    }


def test_a_short_code_is_ovhs_own_and_a_marketing_connection_lets_ovh_add_its_mention() -> None:
    built = Ovh(settings(stop_clause=True), OURS).build(submission("abc", sender="36111"), NOW)
    body = json.loads(built.content)
    assert body["senderForResponse"] is True
    assert "sender" not in body
    assert body["noStopClause"] is False
    assert body["coding"] == "7bit"


@pytest.mark.parametrize("ahead", [-3600, -40, 0, 40, 3600])
def test_a_clock_that_differs_is_corrected_for(client: httpx.Client, provider: Double, ahead: int) -> None:
    strict(provider, ahead)
    sending = carrier(provider, client)
    assert sending.submit(submission(), NOW) == Accepted("4711")
    assert sending.submit(submission("Été"), NOW) == Accepted("4711")
    assert len(provider.to("/auth/time")) == 1


def test_a_clock_that_moved_later_is_measured_again(client: httpx.Client, provider: Double) -> None:
    strict(provider, ahead=0)
    sending = carrier(provider, client)
    assert sending.submit(submission(), NOW) == Accepted("4711")
    strict(provider, ahead=600)
    with pytest.raises(CarrierError) as failed:
        sending.submit(submission(), NOW)
    assert (failed.value.code, failed.value.retryable, failed.value.in_doubt) == (
        "carrier_clock",
        True,
        False,
    )
    assert sending.submit(submission(), NOW) == Accepted("4711")


def test_a_time_nobody_tells_leaves_nothing_in_doubt(client: httpx.Client, provider: Double) -> None:
    for say in (Say(after=5), Say(500), Say(cut=True), Say(200, b"<html>")):
        provider.answers = {"/auth/time": say, JOBS: Say(200, OK)}
        with pytest.raises(CarrierError) as failed:
            carrier(provider, client).submit(submission(), NOW)
        assert (failed.value.retryable, failed.value.in_doubt) == (True, False)
    assert not provider.to(JOBS)


def test_a_number_among_the_invalid_ones_is_a_failure_although_the_answer_is_200() -> None:
    body = {"ids": [], "validReceivers": [], "invalidReceivers": ["+33612345678"], "totalCreditsRemoved": 0}
    assert Ovh(settings(), OURS).read(Answer(200, json.dumps(body).encode())) == Refused("unknown_number")


@pytest.mark.parametrize(
    ("status", "body", "code", "in_doubt"),
    [
        (403, {"errorCode": "INVALID_CREDENTIAL"}, "carrier_credentials", False),
        (403, {"errorCode": "NOT_GRANTED_CALL"}, "carrier_credentials", False),
        (400, {"errorCode": "INVALID_SIGNATURE"}, "carrier_credentials", False),
        (404, {}, "carrier_misconfigured", False),
        (402, {}, "carrier_account", False),
        (500, {}, "carrier_error", True),
        (200, {"ids": []}, "carrier_error", True),
    ],
)
def test_what_says_nothing_of_the_message(status: int, body: object, code: str, in_doubt: bool) -> None:
    with pytest.raises(CarrierError) as failed:
        Ovh(settings(), OURS).read(Answer(status, json.dumps(body).encode()))
    assert (failed.value.code, failed.value.in_doubt, failed.value.retryable) == (
        code,
        in_doubt,
        not in_doubt,
    )


def test_a_bad_parameter_is_a_refusal() -> None:
    assert Ovh(settings(), OURS).read(Answer(400, b'{"message": "bad sender"}')) == Refused("refused")


def callback(query: dict[str, str], form: dict[str, str] | None = None) -> CallbackRequest:
    return CallbackRequest(CALLBACKS, query, tuple((form or {}).items()), {}, b"")


PROOF = asked(OURS.of_connection()).query["k"]


@pytest.mark.parametrize("ptt", sorted(STATUSES))
def test_every_code_becomes_a_report_found_by_ovhs_id(ptt: int) -> None:
    note = read_callback(OURS, callback({"k": PROOF, "id": "4711", "ptt": str(ptt), "date": "x"}))
    assert note == StatusNote(*STATUSES[ptt], event_key=f"4711:{ptt}", reference="4711")
    assert note.state != "delivered" or ptt == 4


def test_a_code_nobody_knows_is_a_failure_without_a_known_cause() -> None:
    note = read_callback(OURS, callback({"k": PROOF, "id": "4711", "ptt": "9999"}))
    assert note == StatusNote("failed", "undelivered", event_key="4711:9999", reference="4711")


def test_a_reply_comes_by_get_or_by_post() -> None:
    fields = {"id": "9", "senderid": "0033612345678", "message": "Stop", "shortcode": "36111", "tag": ""}
    expected = Reply("0033612345678", "36111", "Stop", "9:reply")
    assert read_callback(OURS, callback({"k": PROOF, **fields})) == expected
    assert read_callback(OURS, callback({"k": PROOF}, fields)) == expected


def test_anything_else_is_unknown_and_a_wrong_token_is_refused() -> None:
    assert isinstance(read_callback(OURS, callback({"k": PROOF, "hello": "1"})), Unknown)
    for wrong in (
        "",
        "x",
        asked(OTHERS.of_connection()).query["k"],
        asked(OURS.of_attempt(ATTEMPT)).query["k"],
    ):
        with pytest.raises(NotAuthentic):
            read_callback(OURS, callback({"k": wrong, "id": "4711", "ptt": "4"}))


def service(provider: Double, **changed: object) -> None:
    body = {"creditsLeft": 50.0, "callBack": OURS.of_connection(), **changed}
    provider.answers["/sms/sms-ab123-1"] = Say(200, json.dumps(body).encode())


def test_the_check_says_what_is_wrong(client: httpx.Client, provider: Double) -> None:
    provider.answers["/auth/time"] = Say(200, str(int(NOW.timestamp())).encode())

    def words(later: timedelta = timedelta()) -> str:
        return " ".join(r.words for r in carrier(provider, client).check(NOW + later) if not r.well)

    service(provider)
    assert words() == ""
    assert "120 seconds ahead of" in words(timedelta(seconds=120))
    assert "120 seconds behind" in words(timedelta(seconds=-120))
    service(provider, callBack="https://elsewhere.example/")
    assert "accepted by the operator" in words()
    service(provider, creditsLeft=0)
    assert "no credit" in words()
    provider.answers["/sms/sms-ab123-1"] = Say(404, b'{"message": "This service does not exist"}')
    assert "knows no SMS service named sms-ab123-1" in words()
    provider.answers["/sms/sms-ab123-1"] = Say(403, b'{"errorCode": "INVALID_CREDENTIAL"}')
    assert "make all three anew" in words()
    provider.answers["/sms/sms-ab123-1"] = Say(403, b'{"errorCode": "NOT_GRANTED_CALL"}')
    assert "rights" in words()
    provider.answers["/auth/time"] = Say(404)
    assert "Check the address" in words() or "firewall" in words()
