"""F4, point 23: what becomes of a submission."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue

import pytest

from app.carriers.base import Accepted, CarrierError, Refused
from app.carriers.smpp.codec import RESPONSE, Pdu
from app.core import clock
from app.db.session import Database
from tests.carriers.smpp.double import Acts, Smsc, Submitted, accept, eventually, smsc
from tests.carriers.smpp.office import QUICK, office, submission


def refuse(status: int, times: int = 10**6) -> Acts:
    """Refuse so many submissions, then accept."""
    left = [times]

    def acts(centre: Smsc, one: Submitted) -> None:
        if left[0] > 0:
            left[0] -= 1
            one.connection.answer(one.pdu, status)
        else:
            accept(centre, one)

    return acts


@contextmanager
def answers_after(seconds: float) -> Iterator[Acts]:
    """A centre that takes so long for each answer. One thread gives all of them, in the order of the submissions: a
    thread for each would cost more than what is measured."""
    waiting: SimpleQueue[tuple[float, Smsc, Submitted] | None] = SimpleQueue()

    def answer() -> None:
        while (due := waiting.get()) is not None:
            at, centre, one = due
            time.sleep(max(0.0, at - time.monotonic()))
            accept(centre, one)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield lambda centre, one: waiting.put((time.monotonic() + seconds, centre, one))
    finally:
        waiting.put(None)
        thread.join()


def silent(_centre: Smsc, _one: Submitted) -> None:
    """Say nothing."""


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_23_a_throttled_bind_slows_down_and_the_message_is_accepted_once(
    sqlite: Database, status: int
) -> None:
    with smsc(refuse(status, 3)) as centre, office(sqlite, centre.port) as opened:
        opened.send()
        at = [one.at for one in centre.submitted]

        assert len(at) == 4
        assert [
            later - earlier > pause
            for earlier, later, pause in zip(at, at[1:], (0.09, 0.19, 0.39), strict=False)
        ] == [True] * 3


def test_23_one_throttled_message_slows_the_whole_bind(sqlite: Database) -> None:
    throttled: list[float] = []

    def acts(centre: Smsc, one: Submitted) -> None:
        if one.to.endswith("80") and len(throttled) < 4:
            throttled.append(one.at)
            one.connection.answer(one.pdu, 0x58)
        else:
            accept(centre, one)

    with smsc(acts) as centre, office(sqlite, centre.port) as opened:
        numbers = ["+33600000080", *[f"+336000001{n:02}" for n in range(20)]]
        outcomes = opened.carrier.submit_all([submission(to) for to in numbers], clock.now())
        others = [one.at for one in centre.submitted if not one.to.endswith("80")]

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        # after the first window nobody passes while the bind pauses
        assert not [at for at in others if any(0.05 < at - since < 0.09 for since in throttled)]
        assert len({one.to for one in centre.submitted}) == 21


def test_23_a_bind_that_stays_throttled_gives_the_message_back_for_later(sqlite: Database) -> None:
    with (
        smsc(refuse(0x58)) as centre,
        office(sqlite, centre.port, pauses=replace(QUICK, patience=0.5)) as opened,
    ):
        _, outcome = opened.outcome()

        assert isinstance(outcome, CarrierError)
        assert (outcome.code, outcome.retryable, outcome.in_doubt) == ("carrier_throttled", True, False)
        assert len(centre.submitted) >= 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0x0B, "unknown_number"),
        (0x0A, "sender_refused"),
        (0x01, "text_too_long"),
        (0x45, "refused"),
        (0x33, "refused"),
        (0x401, "blocked"),
        (0x402, "refused"),
    ],
)
def test_23_a_refusal_is_permanent_after_one_submit(sqlite: Database, status: int, code: str) -> None:
    with smsc(refuse(status)) as centre, office(sqlite, centre.port, statuses={"0x401": "blocked"}) as opened:
        attempt, outcome = opened.outcome()

        assert outcome == Refused(code)
        assert len(centre.submitted) == 1
        assert [(part.state, part.vendor) for part in opened.parts(attempt)] == [("refused", f"0x{status:x}")]


def test_23_a_system_error_gets_a_few_spaced_retries(sqlite: Database) -> None:
    with smsc(refuse(0x08)) as centre, office(sqlite, centre.port) as opened:
        _, outcome = opened.outcome()
        at = [one.at for one in centre.submitted]

        assert isinstance(outcome, CarrierError)
        assert (outcome.code, outcome.in_doubt, len(at)) == ("network_failure", False, 3)
        assert at[1] - at[0] > 0.4
        assert at[2] - at[1] > 0.9


@pytest.mark.parametrize("dies", [True, False])
def test_23_no_answer_is_unknown_and_never_sent_again(sqlite: Database, dies: bool) -> None:
    def acts(_centre: Smsc, one: Submitted) -> None:
        if dies:
            one.connection.cut()

    with smsc(acts) as centre, office(sqlite, centre.port, answer_seconds=0.3) as opened:
        attempt, outcome = opened.outcome()
        assert isinstance(outcome, CarrierError)
        assert (outcome.code, outcome.in_doubt, outcome.retryable) == ("no_answer", True, False)

        assert opened.carrier.link.wait_bound(5)
        centre.acts = accept
        opened.send("+33699999999")
        assert [one.to for one in centre.submitted] == ["33612345678", "33699999999"]

        # a receipt on the next bind, with an id that was never given to us, settles it
        centre.receipt(centre.submitted[0], "00CAFE00", connection=centre.connections[-1])
        eventually(lambda: opened.told.states(attempt) == ["delivered"])


def test_23_a_late_answer_is_still_heard(sqlite: Database) -> None:
    with smsc(silent) as centre, office(sqlite, centre.port, answer_seconds=0.2) as opened:
        attempt, outcome = opened.outcome()
        assert isinstance(outcome, CarrierError)
        one = centre.submitted[0]
        one.connection.answer(one.pdu, message_id="0000BEEF")
        eventually(lambda: opened.told.states(attempt) == ["enroute"])

        assert [(part.state, part.reference) for part in opened.parts(attempt)] == [("taken", "0000BEEF")]


def test_23_what_never_reached_the_wire_may_be_sent_again(sqlite: Database) -> None:
    with smsc(silent) as centre, office(sqlite, centre.port, window=1) as opened:
        with ThreadPoolExecutor() as threads:
            both = threads.submit(
                opened.carrier.submit_all,
                [submission("+33600000001"), submission("+33600000002")],
                clock.now(),
            )
            eventually(lambda: centre.submitted)
            centre.connections[-1].cut()
            first, second = both.result()

        assert isinstance(first, CarrierError)
        assert isinstance(second, CarrierError)
        assert (first.in_doubt, second.in_doubt) == (True, False)
        assert (second.code, second.retryable) == ("carrier_unreachable", True)


@pytest.mark.parametrize("window", [1, 3, 10])
def test_23_never_more_unanswered_than_the_window(sqlite: Database, window: int) -> None:
    waiting: list[Submitted] = []
    most = [0]
    lock = threading.Lock()

    def acts(centre: Smsc, one: Submitted) -> None:
        with lock:
            waiting.append(one)
            most[0] = max(most[0], len(waiting))

        def answer() -> None:
            with lock:
                waiting.remove(one)
            accept(centre, one)

        threading.Timer(0.03, answer).start()

    with smsc(acts) as centre, office(sqlite, centre.port, window=window) as opened:
        outcomes = opened.carrier.submit_all([submission(f"+3360000{n:04}") for n in range(40)], clock.now())

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert most[0] == window


@pytest.mark.alone
def test_23_a_window_of_ten_with_answers_after_20_ms_carries_350_a_second(sqlite: Database) -> None:
    with (
        answers_after(0.02) as acts,
        smsc(acts) as centre,
        office(sqlite, centre.port, window=10) as opened,
    ):
        opened.send()
        outcomes = opened.carrier.submit_all([submission(f"+3360000{n:04}") for n in range(400)], clock.now())
        at = [one.at for one in centre.submitted[1:]]

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert 399 / (at[-1] - at[0]) >= 350


def test_a_contract_rate_holds_in_every_second(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port, rate=50, window=100) as opened:
        opened.carrier.submit_all([submission(f"+3360000{n:04}") for n in range(120)], clock.now())
        at = [one.at for one in centre.submitted]
        busiest = max(sum(start <= one < start + 1 for one in at) for start in at)

        assert busiest <= 50
        assert 2.0 < at[-1] - at[0] < 3.0


def test_messages_from_several_threads_share_the_window(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened, ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda n: opened.outcome(f"+3360000{n:04}")[1], range(80)))

        assert all(isinstance(outcome, Accepted) for outcome in done)
        assert len({one.message.destination for one in centre.submitted}) == 80


def test_a_long_message_is_one_submission_with_all_its_parts(sqlite: Database) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        attempt, outcome = opened.outcome(text="é" * 400)

        assert isinstance(outcome, Accepted)
        assert [(part.number, part.total, part.state) for part in opened.parts(attempt)] == [
            (1, 3, "taken"),
            (2, 3, "taken"),
            (3, 3, "taken"),
        ]
        assert outcome.reference == opened.parts(attempt)[0].reference
        assert len({one.message.text[3] for one in centre.submitted}) == 1


def test_a_message_whose_second_part_is_refused_has_failed(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        if one.message.text[5] == 2:
            one.connection.answer(one.pdu, 0x0B)
        else:
            accept(centre, one)

    with smsc(acts) as centre, office(sqlite, centre.port) as opened:
        assert opened.outcome(text="é" * 200)[1] == Refused("unknown_number")


@pytest.mark.parametrize(
    ("sender", "text", "code"),
    [
        ("Société", "x", "sender_refused"),
        ("PLI", "", "content_refused"),
        ("PLI", "\ud83d", "content_refused"),
    ],
)
def test_what_cannot_be_written_is_refused_without_a_word_to_the_centre(
    sqlite: Database, sender: str, text: str, code: str
) -> None:
    with smsc() as centre, office(sqlite, centre.port) as opened:
        good, bad = submission(), submission(sender=sender, text=text)
        outcomes = opened.carrier.submit_all([bad, good], clock.now())

        assert outcomes[0] == Refused(code)
        assert isinstance(outcomes[1], Accepted)
        assert len(centre.submitted) == 1


def test_a_stop_lets_what_is_on_its_way_be_answered(sqlite: Database) -> None:
    def acts(centre: Smsc, one: Submitted) -> None:
        threading.Timer(0.3, accept, (centre, one)).start()

    with smsc(acts) as centre, office(sqlite, centre.port) as opened, ThreadPoolExecutor() as threads:
        sent = threads.submit(opened.outcome)
        eventually(lambda: centre.submitted)
        time.sleep(0.05)
        opened.carrier.stop()

        assert isinstance(sent.result()[1], Accepted)


def test_an_id_that_is_longer_than_the_protocol_allows_fits_our_columns(sqlite: Database) -> None:
    def acts(_centre: Smsc, one: Submitted) -> None:
        body = b"9" * 200 + b"\0"
        one.connection.send(Pdu(one.pdu.command | RESPONSE, 0, one.pdu.sequence, body))

    with smsc(acts) as centre, office(sqlite, centre.port) as opened:
        assert opened.outcome()[1] == Accepted("9" * 80)
