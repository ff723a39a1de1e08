"""What is looked for on a page is found in one pass, however long the page repeats a blank or a beginning."""

from time import process_time

import pytest

from app.documents.match.numbers import numbers_on_page
from app.documents.match.pages import PageFacts, single_slip
from app.documents.match.periods import period_on_page

LONG = 100_000
LABELS = (
    "Période", "Période :", "Période du", "Période de paie", "Période de", "Période 01", "Période : septembre", "Pay period",
    "Période du mois de", "Bulletin de paie de", "Mois de paie", "Matricule", "Matricule n°", "Matricule :", "N° salarié",
    "N°", "numéro de", "Employee number", "code", "Page", "Page 1", "Page 1 sur", "Page :",
)  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("filling", [" ", "\n", "\t ", " \n"])
def test_a_page_of_blanks_behind_a_label_is_read_at_once(label: str, filling: str) -> None:
    for page in (label + filling * LONG, (label + filling * 50) * (LONG // 50), label * (LONG // 10)):
        begun = process_time()
        period_on_page(page)
        numbers_on_page(page, None)
        single_slip([PageFacts(0, page)])
        assert process_time() - begun < 5


def test_wide_layouts_are_still_read() -> None:
    gap = " " * 120
    assert period_on_page(f"Période{gap}:{gap}septembre{gap}2025") == "2025-09"
    assert period_on_page(f"Période{gap}du{gap}01/09/2025") == "2025-09"
    assert numbers_on_page(f"Matricule{gap}n°{gap}:{gap}00100042", None) == ("00100042",)
    assert numbers_on_page(f"Matricule{gap}00100042", None) == ("00100042",)
