"""The name check looks at text that strangers write, in the process that serves everybody."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.match.findings import NameCheck
from app.documents.match.names import _can_be, name_on_page

GLYPH = "\ufffd"


@settings(max_examples=200, deadline=None)
@given(st.text(f"AB{GLYPH}", min_size=1, max_size=6), st.text("AB ", max_size=10))
def test_a_glyph_stands_for_up_to_three_letters(word: str, run: str) -> None:
    assert _can_be(word, run) == bool(re.fullmatch(word.replace(GLYPH, ".{0,3}"), run))


def test_a_line_of_unreadable_glyphs_does_not_stop_the_service() -> None:
    """A regular expression would need longer than the universe has lasted."""
    page = "BULLETIN DE PAIE DU MOIS " * 4 + (GLYPH * 60 + "Q") * 40
    assert name_on_page(page, "JEAN VALJEANNOT DUPONTEL") is not NameCheck.MATCH


def test_what_is_too_long_to_search_goes_to_a_person() -> None:
    assert name_on_page("DUPONTEL X " * 50_000, "JEAN DUPONTEL") is NameCheck.UNREADABLE
    assert name_on_page(f"{GLYPH * 5} " * 15_000, "JEAN DUPONTEL MARIE") is NameCheck.UNREADABLE
    assert name_on_page("DUPONTEL", "JEAN " * 30_000) is NameCheck.UNREADABLE
