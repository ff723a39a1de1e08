"""F1.7 to 10: one message to one phone, whatever the platform answers."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcs.capabilities import Capabilities, MemoryCache, Pace
from rcs.cards import Card, Text
from rcs.degrade import DIAL, STANDALONE, WEBVIEW
from rcs.limits import RcsError
from rcs.messenger import Messenger
from rcs.outcomes import (
    Accepted,
    InDoubt,
    Invalid,
    NotPermitted,
    SendOutcome,
    Throttled,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from rcs.retries import Patience
from tests.rcs.conftest import HOSTS, PHONE, Office
from tests.rcs.making import LINK, announcement, message, open_link, reply
from tests.rcs.platform import ALL_FEATURES, Fault, Handset, Platform

NOW = datetime.now(UTC)
NOBODY = "+33700000000"


def submit(office: Office, to: str = PHONE, message_id: UUID | None = None) -> SendOutcome:
    return office.messenger.submit(to, message_id or uuid4(), message(), NOW)


def ids(google: Platform) -> list[str]:
    return [call.query["messageId"] for call in google.calls("send")]


def shown(google: Platform) -> list[int]:
    return [stored.shown for stored in google.world.messages.values()]


@pytest.mark.parametrize("fault", [Fault(500, taken=True), Fault(503, taken=True), Fault(0, taken=True)])
def test_f1_07_accepted_with_a_broken_answer_is_sent_again_with_the_same_id(
    office: Office, google: Platform, fault: Fault
) -> None:
    message_id = uuid4()
    google.plan("send", fault)

    assert submit(office, message_id=message_id) == Accepted(message_id)
    assert ids(google) == [str(message_id)] * 2
    assert shown(google) == [1]
    assert google.calls("revoke") == []


def test_f1_07_accepted_with_an_answer_that_is_too_late_is_sent_again_with_the_same_id(
    hasty: Office, google: Platform
) -> None:
    message_id = uuid4()
    google.plan("send", Fault(taken=True, after=1.5))

    assert submit(hasty, message_id=message_id) == Accepted(message_id)
    assert ids(google) == [str(message_id)] * 2
    assert shown(google) == [1]


def test_f1_08_a_429_is_obeyed(office: Office, google: Platform) -> None:
    patient = Messenger(office.client, office.capabilities, HOSTS, Patience())
    message_id = uuid4()
    google.plan("send", Fault(429, retry_after="1"))

    assert patient.submit(PHONE, message_id, message(), NOW) == Accepted(message_id)
    first, second = google.calls("send")
    assert second.at - first.at >= 1.0
    assert ids(google) == [str(message_id)] * 2


def test_f1_08_the_tries_after_429_are_bounded(office: Office, google: Platform) -> None:
    google.plan("send", *[Fault(429, retry_after="1")] * 20)

    assert submit(office) == Throttled(1.0)
    assert len(google.calls("send")) == 4
    assert office.waits == [1.0] * 3


def test_f1_08_without_a_retry_after_the_pauses_grow(office: Office, google: Platform) -> None:
    google.plan("send", *[Fault(429)] * 20)

    assert submit(office) == Throttled(None)
    assert office.waits == [1.0, 2.0, 4.0]


def test_f1_08_a_pause_beyond_our_patience_is_the_callers_to_judge(office: Office, google: Platform) -> None:
    google.plan("send", Fault(429, retry_after="60"))

    assert submit(office) == Throttled(60.0)
    assert office.waits == []


def test_f1_09_a_404_ends_it(office: Office, google: Platform) -> None:
    google.plan("send", Fault(404))

    assert submit(office) == Unreachable()
    assert len(google.calls("send")) == 1
    assert submit(office) == Unreachable()
    assert len(google.calls("send")) == 1


def test_f1_09_a_phone_that_says_no_is_sent_nothing(office: Office, google: Platform) -> None:
    assert submit(office, NOBODY) == Unreachable()
    assert google.calls("send") == []


def test_f1_09_the_same_body_is_not_sent_again_after_a_400(office: Office, google: Platform) -> None:
    google.plan("send", *[Fault(400)] * 20)

    assert submit(office) == Invalid("400: planned")
    sent = [call.body for call in google.calls("send")]
    assert len(sent) == len(set(sent)) == 3
    assert len(set(ids(google))) == 1
    assert LINK in sent[-1].decode()
    assert "richCard" not in sent[-1].decode()


def test_f1_09_a_card_refused_for_a_feature_arrives_as_a_simpler_one(
    office: Office, google: Platform
) -> None:
    google.plan("capability", Fault(500))
    google.world.handsets[PHONE] = Handset(ALL_FEATURES - {DIAL})
    message_id = uuid4()

    assert submit(office, message_id=message_id) == Accepted(message_id)
    assert len(google.calls("send")) == 2
    stored = google.world.messages[str(message_id)]
    assert "richCard" in stored.body["contentMessage"]
    assert shown(google) == [1]


def test_f1_09_a_403_ends_it_with_its_reason(office: Office, google: Platform) -> None:
    google.plan("send", Fault(403))

    assert submit(office) == NotPermitted("403: planned")
    assert len(google.calls("send")) == 1


def test_f1_06_an_address_that_is_not_ours_is_refused_before_any_call(
    office: Office, google: Platform
) -> None:
    for code, made in {
        "foreign_address": message(announcement(link="https://bit.example/7K3MQ2X9")),
        "document_address": message(announcement(link="https://d.example.fr/payslip.pdf")),
    }.items():
        with pytest.raises(RcsError) as error:
            office.messenger.submit(PHONE, uuid4(), made, NOW)
        assert error.value.code == code
    with pytest.raises(RcsError) as error:
        submit(office, "0612345678")
    assert error.value.code == "phone"
    assert google.requests == []


@pytest.mark.parametrize("lacking", [WEBVIEW, STANDALONE])
def test_f1_10_a_phone_is_sent_what_it_can_show(office: Office, google: Platform, lacking: str) -> None:
    google.world.handsets[PHONE] = Handset(ALL_FEATURES - {lacking})
    made = message(Card("Titre", "Texte", (open_link(opens_in="webview_full"), reply())))

    assert isinstance(office.messenger.submit(PHONE, uuid4(), made, NOW), Accepted)
    (sent,) = google.calls("send")
    assert b"WEBVIEW" not in sent.body
    assert (b"richCard" in sent.body) == (lacking != STANDALONE)
    assert LINK.encode() in sent.body


def test_a_text_without_buttons_needs_no_question(office: Office, google: Platform) -> None:
    assert isinstance(office.messenger.submit(PHONE, uuid4(), message(Text("Bonjour")), NOW), Accepted)
    assert google.calls("capability") == []


def test_a_phone_that_cannot_be_asked_is_sent_the_message_as_it_is(office: Office, google: Platform) -> None:
    google.plan("capability", Fault(429))

    assert isinstance(submit(office), Accepted)
    (sent,) = google.calls("send")
    assert sent.json() == message().body()


def test_a_message_nothing_simpler_can_be_made_of_is_not_sent_where_it_cannot_be_shown(
    office: Office, google: Platform
) -> None:
    google.world.handsets[PHONE] = Handset(frozenset())
    buttons = tuple(open_link("https://d.example.fr/" + letter * 1_000) for letter in "abcd")
    outcome = office.messenger.submit(PHONE, uuid4(), message(Card("Titre", "", buttons)), NOW)

    assert isinstance(outcome, Invalid)
    assert google.calls("send") == []


def test_a_doubt_that_does_not_end_stays_one(office: Office, google: Platform) -> None:
    google.plan("send", Fault(500, taken=True), *[Fault(503)] * 20)

    assert isinstance(submit(office), InDoubt)
    assert len(google.calls("send")) == 4
    assert google.calls("revoke") == []


@pytest.mark.parametrize("last", [Fault(429, retry_after="60"), Fault(404, plain=True)])
def test_a_later_no_of_the_moment_does_not_hide_a_doubt(
    office: Office, google: Platform, last: Fault
) -> None:
    google.plan("send", Fault(500, taken=True), *[last] * 20)

    assert isinstance(submit(office), InDoubt)


@pytest.mark.parametrize("no", [404, 403])
def test_what_is_refused_after_a_doubt_is_taken_back(office: Office, google: Platform, no: int) -> None:
    google.world.handsets[PHONE].on = False
    google.plan("send", Fault(500, taken=True), Fault(no))

    assert isinstance(submit(office), Unreachable if no == 404 else NotPermitted)
    (stored,) = google.world.messages.values()
    assert (stored.state, stored.shown) == ("revoked", 0)


def test_what_is_refused_after_a_doubt_and_cannot_be_taken_back_stays_in_doubt(
    office: Office, google: Platform
) -> None:
    google.plan("send", Fault(500), Fault(404))
    google.plan("revoke", Fault(500))

    assert isinstance(submit(office), InDoubt)


def test_credentials_that_are_refused_after_a_doubt_leave_it(office: Office, google: Platform) -> None:
    google.plan("send", Fault(500, taken=True), Fault(401), Fault(401))
    google.plan("revoke", Fault(401), Fault(401))

    assert isinstance(submit(office), InDoubt)


def test_time_that_passes_in_calls_counts_too(hasty: Office, google: Platform) -> None:
    patience = Patience(seconds=4.0)
    messenger = Messenger(hasty.client, hasty.capabilities, HOSTS, patience, hasty.waits.append, lambda: 0.0)
    google.plan("send", *[Fault(after=1.5)] * 20)

    assert isinstance(messenger.submit(PHONE, uuid4(), message(), NOW), InDoubt)
    # Two answers waited for and one pause leave less than the next pause, of two seconds.
    assert len(google.calls("send")) == 2


def test_a_submission_after_a_crash_is_taken_once(office: Office, google: Platform) -> None:
    message_id = uuid4()
    google.plan("send", *[Fault(0, taken=True)] * 4)

    assert isinstance(submit(office, message_id=message_id), InDoubt)
    assert submit(office, message_id=message_id) == Accepted(message_id)
    assert shown(google) == [1]


faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from([0, 200, 400, 401, 403, 404, 408, 429, 500, 503]),
        st.booleans(),
        st.just(0.0),
        st.sampled_from(["", "0", "1", "90"]),
    ),
    max_size=8,
)


@given(faults, st.lists(st.sampled_from([200, 429, 500]).map(Fault), max_size=2), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_goes_wrong_a_message_is_shown_once_at_most_and_a_no_is_a_no(
    office: Office, google: Platform, sends: list[Fault], revokes: list[Fault], on: bool
) -> None:
    _start_anew(google, on)
    # A status of the 400s is a refusal: the platform that says it has not taken the message.
    google.plan(
        "send",
        *[fault if fault.status in (0, 200, 408, 500, 503) else Fault(fault.status) for fault in sends],
    )
    google.plan("revoke", *revokes)
    message_id = uuid4()
    capabilities = Capabilities(office.client, MemoryCache(), Pace())
    fresh = Messenger(office.client, capabilities, HOSTS, Patience(), office.waits.append, lambda: 0.0)
    outcome = fresh.submit(PHONE, message_id, message(), NOW)

    stored = google.world.messages.get(str(message_id))
    assert stored is None or stored.shown <= 1
    if isinstance(outcome, Accepted):
        assert stored is not None
    if isinstance(outcome, Throttled | Unavailable | Invalid):
        assert stored is None
    if isinstance(outcome, Unreachable | NotPermitted | Unauthorized) and stored is not None:
        # It had been shown before the refusal, or it was taken back: it will not be shown any more.
        assert stored.state != "waiting"
    assert len(google.calls("send")) <= 24


def _start_anew(google: Platform, on: bool) -> None:
    google.faults.clear()
    google.requests.clear()
    google.world.messages.clear()
    google.world.handsets[PHONE] = Handset(on=on)
