"""The same message for a lesser phone: never a feature it lacks, never without the link."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcs.cards import AgentMessage, Card, Carousel, OpenLink, RcsError, Reply, Text, unsubscribe
from rcs.degrade import CALENDAR, CAROUSEL, DIAL, OPEN_URL, STANDALONE, WEBVIEW, degrade, needs, rungs
from tests.rcs.judges import schema_problems
from tests.rcs.making import COVER, LINK, announcement, carousel, message, open_link, reply
from tests.rcs.strategies import messages

ALL = frozenset({STANDALONE, CAROUSEL, OPEN_URL, WEBVIEW, DIAL, CALENDAR})
phones = st.sets(st.sampled_from(sorted(ALL))).map(frozenset)


def text_of(made: AgentMessage) -> str:
    assert isinstance(made.content, Text)
    return made.content.text


def test_a_phone_that_can_do_all_gets_the_message_itself() -> None:
    made = message(announcement(media=COVER))

    assert degrade(made, ALL) is made


def test_f1_10_without_a_webview_nothing_says_where_a_link_opens() -> None:
    made = message(Card("Titre", "", (open_link(opens_in="webview_tall"), reply())))
    less = degrade(made, ALL - {WEBVIEW})

    assert "WEBVIEW" in made.text
    assert "application" not in less.text
    assert "webviewViewMode" not in less.text
    assert len(list(less.suggestions())) == 2


@pytest.mark.parametrize(("lacking", "gone"), [(DIAL, "call7K3MQ2X9"), (CALENDAR, "date7K3MQ2X9")])
def test_a_button_the_phone_cannot_act_on_is_left_out(lacking: str, gone: str) -> None:
    less = degrade(message(), ALL - {lacking})

    assert isinstance(less.content, Card)
    assert {one.postback for one in message().suggestions()} - {
        one.postback for one in less.suggestions()
    } == {gone}


@pytest.mark.parametrize("lacking", [STANDALONE, OPEN_URL])
def test_f1_10_without_a_card_or_a_button_for_the_link_it_stands_in_a_text(lacking: str) -> None:
    less = degrade(message(announcement(media=COVER), (unsubscribe("fr", "7K3MQ2X9"),)), ALL - {lacking})

    title, words, link = text_of(less).split("\n")
    assert (title, link) == ("Un document vous attend", LINK)
    assert words.endswith("30/12/2026.")
    assert [one.postback[:4] for one in less.chips] == ["stop", "call", "date", "nope"]


def test_a_phone_without_any_feature_still_gets_the_link_and_can_answer() -> None:
    less = degrade(message(), frozenset())

    assert text_of(less).endswith(f"\n{LINK}")
    assert [type(one) for one in less.chips] == [Reply]


@pytest.mark.parametrize("lacking", [CAROUSEL, OPEN_URL])
def test_a_carousel_becomes_a_text_of_all_its_cards(lacking: str) -> None:
    cards = tuple(
        Card(f"Offre {at}", "Texte", (open_link(f"https://d.example.fr/c/{at}"),)) for at in range(3)
    )
    less = degrade(message(Carousel(cards)), ALL - {lacking})

    assert text_of(less).split("\n\n") == [
        f"Offre {at}\nTexte\nhttps://d.example.fr/c/{at}" for at in range(3)
    ]


def test_a_carousel_keeps_its_cards_without_what_is_lacking() -> None:
    less = degrade(message(carousel(3)), ALL - {WEBVIEW})

    assert isinstance(less.content, Carousel)
    assert len(less.content.cards) == 3
    assert WEBVIEW not in needs(less)


def test_the_link_under_a_text_is_written_into_it_once() -> None:
    below = (open_link(), open_link(LINK, label="Encore"))

    assert text_of(degrade(message(Text("Bonjour"), below), frozenset())) == f"Bonjour\n{LINK}"
    assert text_of(degrade(message(Text(f"Voir {LINK}"), below), frozenset())) == f"Voir {LINK}"


def test_a_way_out_is_not_among_the_buttons_that_are_cut() -> None:
    full = Card("Offre", "", tuple(reply(f"Choix {at}", f"abc{at}") for at in range(4)))
    last = Card("Offre", "", (reply("Encore", "abcd"), unsubscribe("fr", "7K3MQ2X9")))
    less = degrade(message(Carousel((full, full, full, last)), traffic="PROMOTION"), frozenset())
    many = degrade(
        message(
            Carousel(
                (
                    *[
                        replace(full, suggestions=tuple(reply(f"C{n}{at}", f"ab{n}{at}") for at in range(4)))
                        for n in range(4)
                    ],
                    last,
                )
            ),
            traffic="PROMOTION",
        ),
        frozenset(),
    )

    assert less.chips[0] == many.chips[0] == unsubscribe("fr", "7K3MQ2X9")
    assert (len(less.chips), len(many.chips)) == (6, 11)


def test_words_are_cut_at_a_space_and_the_link_is_not() -> None:
    link = "https://d.example.fr/" + "a" * 1_500
    less = degrade(message(Card("Titre", "mot " * 500, (open_link(link),))), frozenset())

    words, _, end = text_of(less).rpartition("\n")
    assert end == link
    assert words.endswith("mot…")
    assert 3_000 < len(text_of(less)) <= 3_072


def test_links_that_fit_no_text_are_refused() -> None:
    buttons = tuple(open_link("https://d.example.fr/" + letter * 1_000) for letter in "abcd")

    with pytest.raises(RcsError) as error:
        degrade(message(Card("Titre", "", buttons)), frozenset())
    assert error.value.code == "text_too_long"


def test_after_a_refusal_there_is_a_simpler_card_and_then_a_text() -> None:
    made = list(rungs(message(), None))

    assert made[0] == message()
    assert [type(one.content) for one in made] == [Card, Card, Text]
    assert needs(made[1]) == {STANDALONE, OPEN_URL}


def test_a_text_without_buttons_has_nothing_simpler() -> None:
    plain = message(Text("Bonjour"))

    assert list(rungs(plain, None)) == [plain]


def test_a_picture_without_words_or_a_link_cannot_become_a_text() -> None:
    with pytest.raises(RcsError) as error:
        degrade(message(Card("\r", "", (reply(),), COVER)), frozenset())
    assert error.value.code == "empty_text"


@given(messages, phones)
@settings(max_examples=200, deadline=None)
def test_what_is_left_needs_nothing_the_phone_lacks_and_has_every_link(
    made: AgentMessage, features: frozenset[str]
) -> None:
    less = degrade(made, features)

    assert needs(less) <= features
    assert degrade(less, features) == less
    assert schema_problems(less.body()) == []
    assert (less.traffic_type, less.ttl) == (made.traffic_type, made.ttl)
    for suggestion in made.suggestions():
        if isinstance(suggestion, OpenLink):
            assert suggestion.url in less.text
    ways_out = {one.postback for one in made.chips if isinstance(one, Reply)}
    assert ways_out <= {one.postback for one in less.suggestions()}


@given(messages, st.one_of(st.none(), phones))
@settings(max_examples=100, deadline=None)
def test_no_two_rungs_are_the_same_and_each_needs_less(
    made: AgentMessage, features: frozenset[str] | None
) -> None:
    ladder = list(rungs(made, features))

    assert len({one.text for one in ladder}) == len(ladder)
    assert all(needs(lower) < needs(higher) for higher, lower in pairwise(ladder))
    assert not needs(ladder[-1])
