"""Cards within the platform's limits, and nothing else."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.cards import (
    LABELS,
    STOP_LABELS,
    Card,
    Dial,
    Language,
    OpenLink,
    RcsError,
    Remind,
    Reply,
    Suggestion,
    document_card,
    postback,
    read_agent_message,
    text_card,
    to_agent_message,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "rcs"
LINK = "https://d.example.fr/7K3MQ2X9#s3cretS3cretS3cret"
NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def announcement(**changes: Any) -> Card:
    parts: dict[str, Any] = {
        "language": "fr",
        "sender_name": "Atelier Exemple",
        "title": "Un document vous attend",
        "description": "Atelier Exemple vous a déposé un document, disponible jusqu’au 30/12/2026.",
        "link": LINK,
        "ref": "7K3MQ2X9",
        "phone": "+33180000000",
        "remind_at": NINE,
    }
    return document_card(**(parts | changes))


def reply(label: str = "Oui", data: str = "b3Bl") -> Reply:
    return Reply(label, data)


def remind(**changes: Any) -> Remind:
    parts: dict[str, Any] = {
        "label": "Me le rappeler",
        "postback": "date7K3MQ2X9",
        "start": NINE,
        "end": NINE + timedelta(minutes=15),
        "title": "Lire",
        "description": "Le lien est dans le message.",
    }
    return Remind(**(parts | changes))


def open_link(url: str) -> OpenLink:
    return OpenLink("Ouvrir", "open7K3MQ2X9", url, "Ouvrir le document")


def code_of(error: pytest.ExceptionInfo[RcsError]) -> str:
    return error.value.code


def test_the_announcement_of_a_document_is_the_expected_body() -> None:
    expected = json.loads((VECTORS / "document_card.json").read_text("utf-8"))

    assert to_agent_message(announcement(), "TRANSACTION", 900) == expected


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_language_has_labels_that_fit(language: str) -> None:
    card = announcement(language=language)

    assert [s.label for s in card.suggestions] == list(LABELS[language].values())  # type: ignore[index]


def test_call_and_reminder_are_left_out_when_there_is_none() -> None:
    card = announcement(phone=None, remind_at=None)

    assert [type(suggestion) for suggestion in card.suggestions] == [OpenLink, Reply]


def test_only_the_link_itself_holds_the_secret() -> None:
    body = to_agent_message(announcement(), "TRANSACTION", 900)
    content = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    opening, *others = content["suggestions"]

    secret = LINK.partition("#")[2]
    assert secret in json.dumps(opening)
    assert secret not in json.dumps(others)
    assert secret not in opening["action"]["postbackData"]


@pytest.mark.parametrize("text", ["title", "description"])
def test_a_calendar_entry_with_the_secret_is_refused(text: str) -> None:
    with pytest.raises(RcsError) as error:
        Card("Titre", "", (open_link(LINK), remind(**{text: f"voir {LINK}"})))

    assert code_of(error) == "secret_leaks"


def test_a_postback_with_the_secret_is_refused() -> None:
    with pytest.raises(RcsError) as error:
        Card("Titre", "", (open_link("https://d.example.fr/x#abcd"), reply(data="xxabcdxx")))

    assert code_of(error) == "secret_leaks"


LIMITS = [
    ("title", 200, lambda text: Card(text, "", ())),
    ("description", 2_000, lambda text: Card("", text, ())),
    ("label", 25, lambda text: reply(label=text)),
    ("calendar_title", 100, lambda text: remind(title=text)),
    ("calendar_description", 500, lambda text: remind(description=text)),
]


@pytest.mark.parametrize(("what", "longest", "make"), LIMITS, ids=[limit[0] for limit in LIMITS])
def test_a_text_passes_at_its_limit_and_not_above(what: str, longest: int, make: Any) -> None:
    make("é" * longest)
    for text in ("é" * (longest + 1), "😀" * (longest // 2) + "éé"):
        with pytest.raises(RcsError) as error:
            make(text)
        assert code_of(error) == f"{what}_too_long"


def test_a_postback_passes_at_its_limit_and_not_above() -> None:
    reply(data="A" * 2_048)
    with pytest.raises(RcsError) as error:
        reply(data="A" * 2_052)
    assert code_of(error) == "postback_too_long"


def test_an_address_passes_at_its_limit_and_not_above() -> None:
    start = "https://d.example.fr/"
    open_link(start + "a" * (2_048 - len(start)))
    with pytest.raises(RcsError) as error:
        open_link(start + "a" * (2_049 - len(start)))
    assert code_of(error) == "address_too_long"


def test_four_suggestions_pass_and_five_do_not() -> None:
    Card("Titre", "", (reply(),) * 4)
    with pytest.raises(RcsError) as error:
        Card("Titre", "", (reply(),) * 5)
    assert code_of(error) == "too_many_suggestions"


def test_an_empty_card_and_an_empty_label_are_refused() -> None:
    with pytest.raises(RcsError) as card:
        Card("", "", (reply(),))
    with pytest.raises(RcsError) as label:
        reply(label="")
    assert (code_of(card), code_of(label)) == ("empty_card", "label_empty")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(RcsError) as error:
        Card("\ud83d", "", ())
    assert code_of(error) == "title_not_text"


@pytest.mark.parametrize("data", ["", "abc", "abcde", "ab-d", "abé1", "ab d", "abcd\n"])
def test_a_postback_that_is_not_base64_safe_is_refused(data: str) -> None:
    with pytest.raises(RcsError) as error:
        reply(data=data)
    assert code_of(error) == "postback"


@pytest.mark.parametrize(
    "url",
    [
        "http://d.example.fr/x",
        "ftp://d.example.fr/x",
        "javascript:alert(1)",
        "https:///x",
        "d.example.fr/x",
        "https://user:word@d.example.fr/x",
        "https://d.example.fr/a b",
        "https://[broken/x",
        "http://localhost.example.fr/x",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(RcsError) as error:
        open_link(url)
    assert code_of(error) == "address"


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/7K3MQ2X9#x", "http://127.0.0.1/a", "http://[::1]:8000/a"]
)
def test_ones_own_machine_may_do_without_https(url: str) -> None:
    assert open_link(url).url == url


@pytest.mark.parametrize("phone", ["", "01 80 00 00 00", "+33(0)180000000", "tel:12"])
def test_a_number_that_cannot_be_dialled_is_refused(phone: str) -> None:
    with pytest.raises(RcsError) as error:
        Dial("Appeler", "call7K3MQ2X9", phone)
    assert code_of(error) == "dial_number"


@pytest.mark.parametrize(
    "times",
    [
        {"end": NINE},
        {"start": NINE.replace(tzinfo=None)},
        {"end": (NINE + timedelta(hours=1)).replace(tzinfo=None)},
    ],
)
def test_a_calendar_entry_needs_two_aware_instants_in_order(times: dict[str, datetime]) -> None:
    with pytest.raises(RcsError) as error:
        remind(**times)
    assert code_of(error) == "calendar_time"


def test_calendar_times_leave_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    entry = remind(
        start=datetime(2026, 12, 1, 10, tzinfo=paris), end=datetime(2026, 12, 1, 10, 15, tzinfo=paris)
    )
    body = to_agent_message(Card("Titre", "", (entry,)), "TRANSACTION", 900)
    content = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]

    written = content["suggestions"][0]["action"]["createCalendarEventAction"]
    assert (written["startTime"], written["endTime"]) == ("2026-12-01T09:00:00Z", "2026-12-01T09:15:00Z")


@pytest.mark.parametrize("ttl", [9, 0, -1, 1_296_001])
def test_a_lifetime_out_of_range_is_refused(ttl: int) -> None:
    with pytest.raises(RcsError) as error:
        to_agent_message(announcement(), "TRANSACTION", ttl)
    assert code_of(error) == "ttl"


@pytest.mark.parametrize("ttl", [10, 1_296_000])
def test_a_lifetime_at_its_ends_passes(ttl: int) -> None:
    assert to_agent_message(announcement(), "TRANSACTION", ttl)["ttl"] == f"{ttl}s"


def test_an_unknown_traffic_type_is_refused() -> None:
    with pytest.raises(RcsError) as error:
        to_agent_message(announcement(), "NEWS", 900)  # type: ignore[arg-type]
    assert code_of(error) == "traffic_type"


def test_a_postback_names_its_button_and_its_message() -> None:
    made = {postback(action, "7K3MQ2X9") for action in LABELS["fr"]}

    assert len(made) == len(LABELS["fr"])
    assert all(data.endswith("7K3MQ2X9") for data in made)


def test_a_token_that_breaks_the_postback_is_refused() -> None:
    with pytest.raises(RcsError):
        postback("open", "7K3MQ2X")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"contentMessage": {"text": "bonjour"}},
        {"contentMessage": []},
        {"contentMessage": {"richCard": {"carouselCard": {}}}},
        {
            "contentMessage": {
                "richCard": {"standaloneCard": {"cardContent": {"title": "a", "suggestions": [{}]}}}
            }
        },
        {"contentMessage": {"richCard": {"standaloneCard": {"cardContent": {"title": 7}}}}},
    ],
)
def test_a_body_without_a_card_is_not_read(body: dict[str, Any]) -> None:
    with pytest.raises(RcsError) as error:
        read_agent_message(body)
    assert code_of(error) == "not_a_card"


def test_a_calendar_time_that_is_no_instant_is_not_read() -> None:
    body = to_agent_message(Card("Titre", "", (remind(),)), "TRANSACTION", 900)
    content = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    content["suggestions"][0]["action"]["createCalendarEventAction"]["startTime"] = "demain"

    with pytest.raises(RcsError) as error:
        read_agent_message(body)
    assert code_of(error) == "calendar_time"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
labels = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
postbacks = st.text("AZaz09", min_size=4, max_size=4)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
suggestions: st.SearchStrategy[Suggestion] = st.one_of(
    st.builds(OpenLink, labels, postbacks, st.just("https://d.example.fr/7K3MQ2X9"), texts),
    st.builds(Dial, labels, postbacks, st.text("0123456789+*#", min_size=1, max_size=12)),
    st.builds(
        lambda label, data, at, title, text: Remind(label, data, at, at + timedelta(minutes=5), title, text),
        labels,
        postbacks,
        instants,
        texts,
        texts,
    ),
    st.builds(Reply, labels, postbacks),
)


@given(labels, texts, st.lists(suggestions, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_card_is_read_back_as_it_was_written(
    title: str, description: str, chosen: list[Suggestion]
) -> None:
    card = Card(title, description, tuple(chosen))
    body = json.loads(json.dumps(to_agent_message(card, "TRANSACTION", 900)))

    assert read_agent_message(body) == card


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_card_advertises_without_a_button_that_ends_it(language: Language) -> None:
    silent = text_card(language, "Deux tartes", "Samedi", "7K3MQ2X9", can_stop=False)
    ending = text_card(language, "Deux tartes", "Samedi", "7K3MQ2X9", can_stop=True)

    with pytest.raises(RcsError) as error:
        to_agent_message(silent, "PROMOTION", 900)
    assert code_of(error) == "no_way_out"
    assert read_agent_message(to_agent_message(silent, "TRANSACTION", 900)) == silent
    (button,) = read_agent_message(to_agent_message(ending, "PROMOTION", 900)).suggestions
    assert (button.label, button.postback) == (STOP_LABELS[language], "stop7K3MQ2X9")
