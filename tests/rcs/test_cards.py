"""Cards within the platform's limits, and nothing else."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from rcs.cards import (
    LABELS,
    STOP_LABELS,
    AgentMessage,
    Card,
    Carousel,
    Dial,
    HostedFile,
    Language,
    Media,
    OpenLink,
    OutOfRange,
    RcsError,
    Reply,
    Text,
    UploadedFile,
    agent_message_text,
    check_addresses,
    postback,
    read_agent_message,
    text_card,
    to_agent_message,
    unsubscribe,
)
from rcs.limits import check_media_file
from tests.rcs.judges import problems
from tests.rcs.making import (
    COVER,
    LINK,
    NINE,
    announcement,
    carousel,
    message,
    open_link,
    remind,
    reply,
)
from tests.rcs.strategies import messages

VECTORS = Path(__file__).parent.parent / "vectors" / "rcs"


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
        message(Card("Titre", "", (open_link(LINK), remind(**{text: f"voir {LINK}"}))))

    assert code_of(error) == "secret_leaks"


def test_a_postback_with_the_secret_is_refused() -> None:
    with pytest.raises(RcsError) as error:
        message(Card("Titre", "", (open_link("https://d.example.fr/x#abcd"), reply(data="xxabcdxx"))))

    assert code_of(error) == "secret_leaks"


LIMITS = [
    ("text", 3_072, Text),
    ("title", 200, lambda text: Card(text, "", ())),
    ("description", 2_000, lambda text: Card("", text, ())),
    ("label", 25, lambda text: reply(label=text)),
    ("calendar_title", 100, lambda text: remind(title=text)),
    ("calendar_description", 500, lambda text: remind(description=text)),
]


@pytest.mark.parametrize(("what", "longest", "make"), LIMITS, ids=[limit[0] for limit in LIMITS])
def test_f1_04_a_text_passes_at_its_limit_and_not_above(what: str, longest: int, make: Any) -> None:
    make("é" * longest)
    for text in ("é" * (longest + 1), "😀" * (longest // 2) + "é" * (1 + longest % 2)):
        with pytest.raises(OutOfRange) as error:
            make(text)
        assert code_of(error) == f"{what}_too_long"
        assert (error.value.field, error.value.value, error.value.highest) == (what, longest + 1, longest)
        assert text not in error.value.message


def test_f1_04_a_postback_passes_at_its_limit_and_not_above() -> None:
    reply(data="A" * 2_048)
    with pytest.raises(RcsError) as error:
        reply(data="A" * 2_049)
    assert code_of(error) == "postback_too_long"


def test_f1_04_an_address_passes_at_its_limit_and_not_above() -> None:
    start = "https://d.example.fr/"
    open_link(start + "a" * (2_048 - len(start)))
    with pytest.raises(RcsError) as error:
        open_link(start + "a" * (2_049 - len(start)))
    assert code_of(error) == "address_too_long"


def test_f1_04_four_suggestions_pass_and_five_do_not() -> None:
    Card("Titre", "", (reply(),) * 4)
    with pytest.raises(RcsError) as error:
        Card("Titre", "", (reply(),) * 5)
    assert code_of(error) == "too_many_suggestions"


def test_an_empty_card_and_an_empty_label_are_refused() -> None:
    with pytest.raises(RcsError) as card:
        Card("", "", (reply(),))
    with pytest.raises(RcsError) as blank:
        Card("\r", " \n", (reply(),))
    with pytest.raises(RcsError) as label:
        reply(label="")
    assert (code_of(card), code_of(blank), code_of(label)) == ("empty_card", "empty_card", "label_empty")


def test_a_calendar_entry_has_a_title_and_may_do_without_more() -> None:
    with pytest.raises(RcsError) as error:
        remind(title="")
    assert code_of(error) == "calendar_title_empty"
    assert "description" not in message(Card("T", "", (remind(description=""),))).text


def test_a_service_number_can_be_dialled() -> None:
    assert Dial("Appeler", "call7K3MQ2X9", "*31#3639").phone == "*31#3639"


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
def test_f1_05_a_lifetime_out_of_range_is_refused(ttl: int) -> None:
    with pytest.raises(RcsError) as error:
        to_agent_message(announcement(), "TRANSACTION", ttl)
    assert code_of(error) == "ttl"


@pytest.mark.parametrize("ttl", [10, 1_296_000])
def test_f1_05_a_lifetime_at_its_ends_passes(ttl: int) -> None:
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
    assert code_of(error) in {"not_a_card", "unreadable"}


def test_a_calendar_time_that_is_no_instant_is_not_read() -> None:
    body = to_agent_message(Card("Titre", "", (remind(),)), "TRANSACTION", 900)
    content = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    content["suggestions"][0]["action"]["createCalendarEventAction"]["startTime"] = "demain"

    with pytest.raises(RcsError) as error:
        read_agent_message(body)
    assert code_of(error) == "calendar_time"


@pytest.mark.parametrize("count", [2, 10])
def test_f1_04_a_carousel_of_two_to_ten_cards_passes(count: int) -> None:
    body = message(carousel(count)).body()

    assert len(body["contentMessage"]["richCard"]["carouselCard"]["cardContents"]) == count


@pytest.mark.parametrize("count", [0, 1, 11])
def test_f1_04_a_carousel_of_another_count_is_refused(count: int) -> None:
    with pytest.raises(OutOfRange) as error:
        carousel(count)
    assert (code_of(error), error.value.value, error.value.lowest, error.value.highest) == (
        "carousel_cards",
        count,
        2,
        10,
    )


def test_f1_04_eleven_chips_pass_and_twelve_do_not() -> None:
    message(chips=(reply(),) * 11)
    with pytest.raises(OutOfRange) as error:
        message(chips=(reply(),) * 12)
    assert code_of(error) == "too_many_chips"


def test_f1_04_a_message_of_more_than_250_kilobytes_is_refused() -> None:
    full = Card("", "D" * 2_000, (reply("L", "A" * 2_048),) * 4)
    message(Carousel((full,) * 10), tuple(reply(f"L{at}", "A" * 2_048) for at in range(11)))
    emoji = "😀" * 1_000
    wide = Card(
        emoji[:100], emoji, tuple(open_link(url) for url in ["https://d.example.fr/" + "é" * 2_027] * 4)
    )
    with pytest.raises(OutOfRange) as error:
        message(Carousel((wide,) * 10))
    assert (code_of(error), error.value.highest) == ("message_too_large", 250_000)
    assert error.value.value > 250_000


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("media_height", lambda: Media(HostedFile("https://d.example.fr/a.png"), "HUGE")),  # type: ignore[arg-type]
        ("media_height", lambda: Carousel((Card("T", "", media=replace(COVER, height="TALL")),) * 2)),
        ("card_width", lambda: carousel(2, width="LARGE")),
        ("image_side", lambda: Card("T", "", media=COVER, image_side="TOP")),  # type: ignore[arg-type]
        ("image_side", lambda: Card("T", "", image_side="LEFT")),
        ("image_side", lambda: Carousel((Card("T", "", media=COVER, image_side="LEFT"),) * 2)),
        ("empty_text", lambda: Text(" \n")),
        ("uploaded_file", lambda: UploadedFile("")),
        ("uploaded_file", lambda: UploadedFile("abc")),
        ("uploaded_file", lambda: UploadedFile("files/abc", "def")),
    ],
)
def test_what_the_platform_does_not_know_is_refused(code: str, make: Callable[[], Any]) -> None:
    with pytest.raises(RcsError) as error:
        make()
    assert code_of(error) == code


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("media_address", "http://d.example.fr/cover.png"),
        ("media_address", "https://d.example.fr/cover.png?t=abc"),
        ("media_address", "https://d.example.fr/cover.png?"),
        ("media_address", "https://d.example.fr/cover.png#abc"),
        ("media_address", "https://d.example.fr/33612345678/cover.png"),
        ("media_address", "https://d.example.fr/Ren%C3%A9e.png"),
        ("media_address", "https://d.example.fr/Jean Dupont.png"),
        ("media_address", "https://user:word@d.example.fr/cover.png"),
        ("media_address_too_long", "https://d.example.fr/" + "a" * 2_000 + ".png"),
        ("media_type", "https://d.example.fr/cover.svg"),
        ("media_type", "https://d.example.fr/payslip.pdf"),
        ("media_type", "https://d.example.fr/cover"),
    ],
)
def test_an_address_of_media_is_plain_and_public(code: str, url: str) -> None:
    with pytest.raises(RcsError) as error:
        HostedFile(url)
    assert code_of(error) == code


def test_a_thumbnail_is_a_picture() -> None:
    HostedFile("https://d.example.fr/film.mp4", "https://d.example.fr/film.jpeg")
    with pytest.raises(RcsError) as error:
        HostedFile("https://d.example.fr/film.mp4", "https://d.example.fr/film.webm")
    assert code_of(error) == "media_type"


@pytest.mark.parametrize(
    ("code", "path"), [("personal_media", "7K3MQ2X9"), ("secret_leaks", "s3cretS3cretS3cret")]
)
def test_media_named_like_the_link_are_refused(code: str, path: str) -> None:
    with pytest.raises(RcsError) as error:
        message(announcement(media=Media(HostedFile(f"https://d.example.fr/rcs/{path}.png"))))
    assert code_of(error) == code


def test_f1_06_what_is_fetched_is_told_to_be_kept() -> None:
    body = message(announcement(media=COVER)).body()
    media = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]["media"]

    assert media["contentInfo"] == {
        "fileUrl": "https://d.example.fr/rcs/cover-3.png",
        "thumbnailUrl": "https://d.example.fr/rcs/cover-3-thumb.png",
        "forceRefresh": False,
    }


def test_f1_06_addresses_are_ours_and_say_nothing_of_the_person() -> None:
    ours, person = {"d.example.fr"}, ("+33612345678", "Dupont")
    check_addresses(message(announcement(media=COVER)), ours, person)
    check_addresses(message(Text("Bonjour")), ours, person)
    named = Media(HostedFile("https://d.example.fr/rcs/dupont.png"))
    for code, wrong in {
        "foreign_address": message(announcement(link="https://bit.example/7K3MQ2X9")),
        "personal_media": message(announcement(media=named)),
        "document_address": message(announcement(link="https://d.example.fr/payslip.PDF#secret")),
    }.items():
        with pytest.raises(RcsError) as error:
            check_addresses(wrong, ours, person)
        assert code_of(error) == code
    foreign_media = Media(HostedFile("https://cdn.example.com/cover.png"))
    with pytest.raises(RcsError) as error:
        check_addresses(message(announcement(media=foreign_media)), ours)
    assert code_of(error) == "foreign_address"


@pytest.mark.parametrize(
    ("size", "kind", "thumbnail", "code"),
    [
        (100 * 1024 * 1024, "video/mp4", False, ""),
        (100 * 1024 * 1024 + 1, "video/mp4", False, "media_file_too_large"),
        (0, "image/png", False, "media_file_too_large"),
        (100_000, "image/png", True, ""),
        (100_001, "image/png", True, "thumbnail_too_large"),
        (10, "video/mp4", True, "media_type"),
        (10, "application/pdf", False, "media_type"),
    ],
)
def test_a_file_is_of_a_kind_and_size_a_card_can_show(
    size: int, kind: str, thumbnail: bool, code: str
) -> None:
    found = ""
    try:
        check_media_file(size, kind, thumbnail=thumbnail)
    except RcsError as error:
        found = error.code
    assert found == code


def test_a_card_is_written_as_text_and_read_back_as_a_phone_draws_it() -> None:
    card = announcement(media=COVER)
    text = agent_message_text(card, "TRANSACTION", 900)

    assert json.loads(text) == to_agent_message(card, "TRANSACTION", 900)
    assert read_agent_message(json.loads(text)) == card


@pytest.mark.parametrize(
    "told", [{"application": "APP"}, {"application": "WEBVIEW"}, {"webviewViewMode": "TALL"}]
)
def test_a_link_that_opens_in_what_we_do_not_know_opens_in_what_the_phone_chooses(
    told: dict[str, str],
) -> None:
    body = message(Card("T", "", (open_link(opens_in="default"),))).body()
    card = body["contentMessage"]["richCard"]["standaloneCard"]["cardContent"]
    card["suggestions"][0]["action"]["openUrlAction"] |= told

    (link,) = read_agent_message(body).suggestions
    assert isinstance(link, OpenLink)
    assert link.opens_in == "default"


@pytest.mark.parametrize(
    "change",
    [
        {"ttl": "soon"},
        {"ttl": 900},
        {"messageTrafficType": None},
        {"contentMessage": {}},
        {"contentMessage": 7},
    ],
)
def test_what_is_no_message_is_not_read(change: dict[str, Any]) -> None:
    with pytest.raises(RcsError):
        AgentMessage.read(message().body() | change)


@given(messages)
@settings(max_examples=150, deadline=None)
def test_a_message_is_read_back_as_it_was_written(written: AgentMessage) -> None:
    body = json.loads(written.text)

    assert AgentMessage.read(body) == written
    assert problems(body) == []


@given(messages)
@settings(max_examples=150, deadline=None)
def test_f1_05_a_lifetime_is_whole_seconds_and_never_beside_an_instant(written: AgentMessage) -> None:
    body = written.body()

    assert re.fullmatch(r"[0-9]+s", body["ttl"])
    assert set(body) == {"contentMessage", "messageTrafficType", "ttl"}


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


def test_the_way_out_of_a_promotion_may_be_a_chip() -> None:
    message(Text("Deux tartes"), (unsubscribe("fr", "7K3MQ2X9"),), traffic="PROMOTION")
    with pytest.raises(RcsError) as error:
        message(Text("Deux tartes"), (reply(),), traffic="PROMOTION")
    assert code_of(error) == "no_way_out"
