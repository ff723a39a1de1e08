"""What an answer means beyond single vectors: languages, switches, and substrings that never count."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.messaging.permission.optout import compile_lexicon, fold, read_answer
from app.messaging.permission.optout_words import COURTESY, KEYWORDS, LINKS, PHRASES, Intent


def test_a_language_that_is_off_takes_its_words_along() -> None:
    french = compile_lexicon(["fr"])
    assert read_answer("UNSUBSCRIBE", french) is None
    assert read_answer("DESABONNER", french) is Intent.OPT_OUT
    assert read_answer("STOP", french) is Intent.OPT_OUT


def test_a_word_that_is_switched_off_means_nothing() -> None:
    without_end = tuple(replace(row, enabled=row.words != "end") for row in KEYWORDS)
    assert read_answer("END", compile_lexicon(keywords=without_end)) is None
    assert read_answer("END") is Intent.OPT_OUT


def test_a_lexicon_without_words_hears_nothing() -> None:
    silent = compile_lexicon(languages=[])
    assert read_answer("STOP", silent) is None


def test_tables_are_written_folded() -> None:
    assert all(fold(words) == words for words in (*COURTESY, *LINKS, *(row.words for row in KEYWORDS)))
    assert all(row.meaning for row in (*KEYWORDS, *PHRASES))


@pytest.mark.parametrize(
    "row", [row for row in KEYWORDS if row.intent is Intent.OPT_OUT], ids=lambda row: row.words
)
@given(
    st.sampled_from(
        ["{}", " {} !", "{}.", "{} merci", "Bonjour, {} svp", "{} 36105", "«{}»", "\u00a0{}\u200b"]
    )
)
@settings(deadline=None, max_examples=20)
def test_every_keyword_is_a_request_in_any_dress(row: object, dress: str) -> None:
    words = getattr(row, "words")  # noqa: B009
    for form in (words, words.upper(), words.title()):
        assert read_answer(dress.format(form)) is Intent.OPT_OUT


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6),
    st.sampled_from(["stop", "arret", "end"]),
)
@settings(deadline=None, max_examples=200)
def test_a_keyword_inside_a_longer_word_is_no_request(letters: str, keyword: str) -> None:
    known = {row.words for row in KEYWORDS}
    for word in (letters + keyword, keyword + letters):
        if word not in known:
            assert read_answer(word) in {None, Intent.DOUBTFUL}


@given(st.text(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_text_gets_an_answer(text: str) -> None:
    assert read_answer(text) in {*Intent, None}


def test_a_letter_that_mentions_stop_goes_to_a_person_not_to_the_list() -> None:
    letter = "stop " + "je vous explique pourquoi " * 200
    assert read_answer(letter) is Intent.DOUBTFUL
