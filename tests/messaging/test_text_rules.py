"""What a text must and must not say."""

from dataclasses import replace

import pytest

from app.messaging.permission.categories import Category
from app.messaging.permission.category_rules import CATEGORY_RULES
from app.messaging.texts.text_rules import BLOCKING, Circumstances, Problem, text_findings
from tests.growth import MOST, times_longer

SHOP = Circumstances(names=("Boulangerie Épi", "EPI"), stop_code="36105")
GOOD = "EPI : 2 tartes pour 1 samedi 28 mars. STOP au 36105"


def _problems(text: str, category: Category = Category.MARKETING, how: Circumstances = SHOP) -> set[Problem]:
    return {finding.problem for finding in text_findings(text, category, how)}


def test_a_good_marketing_text_passes() -> None:
    assert text_findings(GOOD, Category.MARKETING, SHOP) == ()


@pytest.mark.parametrize(
    "text",
    [
        "2 tartes pour 1 samedi. STOP au 36105",
        "Epinards en fête, 2 pour 1. STOP au 36105",
        "Dépité ? 2 tartes pour 1. STOP au 36105",
    ],
)
def test_marketing_that_does_not_show_who_sends_it_is_refused(text: str) -> None:
    (finding,) = text_findings(text, Category.MARKETING, SHOP)
    assert (finding.problem, finding.blocking, finding.rule) == (
        Problem.NO_SENDER,
        True,
        "category-marketing",
    )
    assert finding.detail == "Boulangerie Épi"


def test_the_name_is_found_whatever_its_case_and_accents() -> None:
    assert _problems("BOULANGERIE EPI: tartes en promo. Stop 36105") == set()


@pytest.mark.parametrize(
    "way_out",
    [
        "STOP au 36105",
        "Stop 36105",
        "STOP: 36105",
        "stop sms au 36105",
        "désabonnement au 36105",
        "STOP\n36105",
    ],
)
def test_ways_out_by_code(way_out: str) -> None:
    assert _problems(f"EPI, deux tartes offertes samedi {way_out}") == set()


@pytest.mark.parametrize(
    "text",
    [
        "EPI, deux tartes offertes samedi",
        "EPI, deux tartes offertes, ouvert non-stop",
        "EPI, tartes non stop samedi au 36 rue du Bac",
        "EPI, deux tartes offertes samedi 36105",
        "EPI, deux tartes offertes. STOP au 36111",
        "EPI, deux tartes offertes, répondez STOP",
        "EPI, deux tartes offertes. Arrêt de bus Bac",
    ],
)
def test_without_a_way_out_that_arrives_it_is_refused(text: str) -> None:
    assert Problem.NO_WAY_OUT in _problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "EPI, deux tartes. Pour se désabonner, répondez STOP.",
        "EPI, deux tartes. Envoyez le mot STOP pour ne plus rien recevoir",
        "EPI, two pies on Saturday. Reply STOP to end",
        "EPI, deux tartes samedi. STOP",
    ],
)
def test_an_answer_is_a_way_out_where_answers_arrive(text: str) -> None:
    assert Problem.NO_WAY_OUT not in _problems(text, how=replace(SHOP, can_reply=True))
    assert Problem.NO_WAY_OUT in _problems(text)


def test_an_address_or_a_button_is_a_way_out() -> None:
    text = "EPI, deux tartes samedi. https://pli.example/o/7Yk3mQ9x2A"
    assert Problem.NO_WAY_OUT not in _problems(text, how=replace(SHOP, links=("https://pli.example/o/",)))
    assert Problem.NO_WAY_OUT in _problems(text)
    assert Problem.NO_WAY_OUT not in _problems("EPI, deux tartes samedi", how=replace(SHOP, has_button=True))


@pytest.mark.parametrize("text", ["Bonjour, EPI. STOP au 36105", "EPI https://epi.example STOP au 36105"])
def test_a_text_without_a_purpose_only_warns(text: str) -> None:
    (finding,) = text_findings(text, Category.MARKETING, SHOP)
    assert (finding.problem, finding.blocking) == (Problem.NO_PURPOSE, False)


def test_a_long_text_is_refused_with_its_count() -> None:
    text = "EPI " + "a" * 1530
    (finding,) = text_findings(text, Category.TRANSACTIONAL, SHOP)
    assert (finding.problem, finding.detail) == (Problem.TOO_LONG, "11/10")
    assert text_findings("EPI " + "a" * 1526, Category.TRANSACTIONAL, SHOP) == ()


def test_an_organisation_may_hold_marketing_to_one_segment() -> None:
    one = replace(SHOP, longest_marketing=1)
    long = GOOD + " " + "Venez nombreux. " * 10
    (finding,) = text_findings(long, Category.MARKETING, one)
    assert (finding.problem, finding.detail) == (Problem.MARKETING_TOO_LONG, "2/1")
    assert Problem.MARKETING_TOO_LONG not in _problems(long, Category.TRANSACTIONAL, one)


@pytest.mark.parametrize(
    "text",
    [
        "Votre colis est là. -20 % demain !",
        "Votre facture. Profitez des soldes",
        "Order sent. 10% off next time",
    ],
)
def test_an_offer_inside_a_notice_warns(text: str) -> None:
    (finding,) = text_findings(text, Category.TRANSACTIONAL, SHOP)
    assert (finding.problem, finding.blocking) == (Problem.OFFER_INSIDE, False)
    assert text_findings(text, Category.CONVERSATIONAL, SHOP) == ()


def test_a_stop_code_inside_a_notice_warns() -> None:
    assert _problems("Votre bulletin est prêt. STOP 36105", Category.TRANSACTIONAL) == {Problem.STOP_INSIDE}


def test_public_shorteners_warn() -> None:
    (finding,) = text_findings("Votre bulletin : https://bit.ly/abc", Category.TRANSACTIONAL, SHOP)
    assert (finding.problem, finding.detail) == (Problem.PUBLIC_SHORTENER, "bit.ly")


def test_the_sender_must_carry_the_category() -> None:
    assert Problem.SENDER_KIND in _problems(GOOD, how=replace(SHOP, sender_kind="short_code_38"))
    assert _problems(GOOD, how=replace(SHOP, sender_kind="short_code_36")) == set()


def test_functional_messages_need_no_mention() -> None:
    for category in (Category.TRANSACTIONAL, Category.ALERT, Category.CONVERSATIONAL):
        assert _problems("Votre bulletin est prêt", category) == set()


def test_what_blocks_comes_first() -> None:
    found = text_findings("bit.ly/x", Category.MARKETING, SHOP)
    flags = [finding.blocking for finding in found]
    assert flags == sorted(flags, reverse=True)
    assert {finding.problem for finding in found} & BLOCKING == {Problem.NO_SENDER, Problem.NO_WAY_OUT}


def test_a_rule_may_ask_for_less() -> None:
    loose = [replace(rule, mentions=frozenset()) for rule in CATEGORY_RULES]
    assert not any(
        finding.blocking
        for finding in text_findings("Deux tartes samedi matin", Category.MARKETING, SHOP, None, loose)
    )


@pytest.mark.parametrize(
    "run", ["a-", "a.", "_", "http://", "a-a.", "stop a ", "envoyez a a ", "merci ", "- 1 % ", "é"]
)
@pytest.mark.parametrize("category", [Category.MARKETING, Category.TRANSACTIONAL])
def test_reading_a_text_takes_time_by_its_length_alone(run: str, category: Category) -> None:
    how = replace(SHOP, can_reply=True, longest=255, longest_marketing=255)

    def read(size: int) -> None:
        text_findings((run * size)[:size], category, how)

    assert times_longer(read, 2_000) < MOST


def test_of_a_text_that_is_too_long_nothing_else_is_said() -> None:
    (finding,) = text_findings("x" * 1_531, Category.MARKETING, SHOP)
    assert (finding.problem, finding.detail) == (Problem.TOO_LONG, "11/10")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("EPI www.epi.example/promo-du-jour STOP au 36105", True),
        ("EPI https://epi.example STOP au 36105", True),
        ("EPI deux tartes -epi.example STOP au 36105", False),
        ("EPI deux tartes epi-bac.example. STOP au 36105", False),
    ],
)
def test_an_address_is_no_purpose(text: str, about: bool) -> None:
    assert (Problem.NO_PURPOSE in _problems(text)) is about
