"""Which pages are one payslip, whose it is, and when nobody may get it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.documents.match.names import name_on_page
from app.documents.match.numbers import numbers_on_page
from app.documents.match.pages import PageFacts, Slip, group_pages, single_slip
from app.documents.match.periods import period_on_page
from app.documents.pdf.text import page_texts
from tests.documents.pdf.files import SAMPLES, sample

VECTORS = Path(__file__).parents[2] / "vectors" / "pdf"
BODY = [
    "Salaire de base 1 200,00",
    "Prime 20,00",
    "Retraite 30,00",
    "Net payé 1 000,00",
    "conservez ce bulletin de paie",
]


def vectors(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return loaded


def slip(number: str, *more: str) -> list[str]:
    return ["BULLETIN DE PAIE", "Période : septembre 2025", f"Matricule : {number}", *more, *BODY]


def grouped(*pages: list[str]) -> list[tuple[tuple[int, ...], str | None, str | None]]:
    slips = group_pages(PageFacts(index, "\n".join(lines)) for index, lines in enumerate(pages))
    return [(one.pages, one.staff_number, one.problem) for one in slips]


@pytest.mark.parametrize("vector", vectors("staff_numbers.json"), ids=lambda vector: repr(vector["text"]))
def test_staff_numbers(vector: dict[str, Any]) -> None:
    assert list(numbers_on_page(vector["text"], vector.get("pattern"))) == vector["numbers"]


@pytest.mark.parametrize(
    "vector", vectors("names.json"), ids=lambda vector: f"{vector['name']} in {vector['text']!r}"
)
def test_names(vector: dict[str, Any]) -> None:
    assert name_on_page(vector["text"], vector["name"]) == vector["verdict"]


@pytest.mark.parametrize("pattern", ["(", "no group", "(two) (groups)", "(" + "a" * 600 + ")"])
def test_a_pattern_that_cannot_work_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        numbers_on_page("Matricule : 1", pattern)
    assert caught.value.code == "staff_pattern_invalid"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("Période : septembre 2025 — Page 1/1", "2025-09"),
        ("P\ufffdriode : f\ufffdvrier 2026", "2026-02"),
        ("Période du 01/09/2025 au 30/09/2025", "2025-09"),
        ("Période de paie : 01 août 2025", "2025-08"),
        ("Mois de paie : 12/2025", "2025-12"),
        ("Pay period: June 2025", "2025-06"),
        ("Entrée le 01/09/2020", ""),
        ("Période : 13/2025", ""),
        ("", ""),
    ],
)
def test_periods(text: str, period: str) -> None:
    assert period_on_page(text) == period


def test_pages_with_the_same_number_side_by_side_are_one_payslip() -> None:
    annex = ["Annexe au bulletin de paie", "Matricule : 1 — Page 2/2"]
    assert grouped(slip("1"), annex, slip("2")) == [((0, 1), "1", None), ((2,), "2", None)]


def test_a_page_without_a_number_is_unmatched_and_never_joined() -> None:
    assert grouped(slip("1"), ["Page 2/2", "suite"], slip("2")) == [
        ((0,), "1", None),
        ((1,), None, "unmatched"),
        ((2,), "2", None),
    ]


def test_the_same_number_with_other_pages_between_is_two_payslips() -> None:
    assert grouped(slip("1"), slip("2"), slip("1")) == [
        ((0,), "1", None),
        ((1,), "2", None),
        ((2,), "1", None),
    ]


def test_two_months_of_one_person_are_two_payslips() -> None:
    october = [line.replace("septembre", "octobre") for line in slip("1")]
    assert grouped(slip("1"), october, slip("2")) == [((0,), "1", None), ((1,), "1", None), ((2,), "2", None)]


def test_two_whole_payslips_of_one_person_and_month_are_two() -> None:
    whole = slip("1", "Page 1/1")
    assert grouped(whole, whole, slip("2"))[:2] == [((0,), "1", None), ((1,), "1", None)]


def test_two_numbers_on_a_page_are_two_people() -> None:
    assert grouped(slip("1"), slip("2") + slip("3"), slip("4"))[1] == ((1,), None, "two_people")


def test_two_headings_on_a_page_are_two_people_though_one_number_shows() -> None:
    cut_before_number = slip("3")[:2]
    pages = grouped(slip("1"), slip("2") + cut_before_number, slip("3")[2:], slip("4"), slip("5"))
    assert pages[1] == ((1,), None, "two_people")


def test_somebody_elses_last_lines_above_the_heading_make_both_nobodys() -> None:
    pages = grouped(slip("1"), slip("2")[:6], slip("2")[6:] + slip("3"), slip("4"), slip("5"))
    assert pages == [
        ((0,), "1", None),
        ((1,), None, "two_people"),
        ((2,), None, "two_people"),
        ((3,), "4", None),
        ((4,), "5", None),
    ]


def test_any_text_above_the_heading_where_others_have_none_is_doubted() -> None:
    assert grouped(slip("1"), ["Un mot de plus", *slip("2")], slip("3"))[1] == ((1,), None, "two_people")


def test_a_heading_that_stands_below_an_address_on_every_page_is_normal() -> None:
    pages = [
        [f"Mme {name}", f"{row} rue {name}", *slip(str(row))]
        for row, name in enumerate(("A", "Bo", "Cy", "Di"), 1)
    ]
    assert [problem for _, _, problem in grouped(*pages)] == [None] * 4


def test_a_foreign_tail_above_an_address_is_still_seen() -> None:
    pages = [
        [f"Mme {name}", f"{row} rue {name}", *slip(str(row))]
        for row, name in enumerate(("A", "Bo", "Cy", "Di"), 1)
    ]
    pages[2] = [*BODY[2:], *pages[2]]
    assert [problem for _, _, problem in grouped(*pages)] == [None, "two_people", "two_people", None]


def test_what_follows_a_page_of_two_people_belongs_to_nobody_either() -> None:
    annex = ["Annexe", "Matricule : 3 — Page 2/2"]
    assert grouped(slip("1"), slip("2") + slip("3"), annex, slip("4"))[2] == ((2,), None, "two_people")


def test_a_running_heading_on_following_pages_is_normal() -> None:
    second = [*slip("1")[:3], "Page 2/2", "Congés 2,00"]
    assert grouped(slip("1", "Page 1/2"), second, slip("2"), slip("3"))[0] == ((0, 1), "1", None)


def test_a_single_is_one_persons_when_it_prints_one_number() -> None:
    pages = [PageFacts(0, "Matricule : 1"), PageFacts(1, "suite")]
    assert single_slip(pages) == Slip((0, 1), "1", None, ("1",))
    assert single_slip([*pages, PageFacts(2, "Matricule : 2")]).problem == "two_people"
    assert single_slip([PageFacts(0, "suite")]).problem == "unmatched"


def _facts(name: str) -> list[PageFacts]:
    return [PageFacts(index, text) for index, text in enumerate(page_texts(sample(name)))]


def test_the_reportlab_sample_falls_into_its_twenty_payslips() -> None:
    slips = group_pages(_facts("reportlab"))
    assert [one.staff_number for one in slips] == [f"{100_000 + 7 * row:08d}" for row in range(1, 21)]
    assert {len(one.pages) for one in slips} == {1, 2}
    assert {(one.problem, one.period) for one in slips} == {(None, "2025-09")}


def test_the_ghostscript_sample_falls_into_its_nineteen_payslips_with_readable_names() -> None:
    facts = _facts("ghostscript")
    slips = group_pages(facts)
    assert [one.staff_number for one in slips] == [f"{100_000 + 7 * row:08d}" for row in range(1, 20)]
    people = _people("ghostscript", "cp1252")
    for one in slips:
        row = people[one.staff_number or ""]
        assert name_on_page(facts[one.pages[0]].text, f"{row['Prénom']} {row['Nom']}") == "match"


def test_only_page_six_of_the_libreoffice_sample_may_be_sent() -> None:
    slips = group_pages(_facts("libreoffice"))
    assert [(one.pages, one.staff_number, one.problem) for one in slips] == [
        *(((page,), None, "two_people") for page in range(5)),
        ((5,), "00100056", None),
    ]


def _people(name: str, encoding: str) -> dict[str, dict[str, str]]:
    text = (SAMPLES / f"people-{name}.csv").read_bytes().decode(encoding)
    return {row["Matricule"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


_pages = st.lists(
    st.sampled_from(
        [
            "BULLETIN DE PAIE",
            "Matricule : 1",
            "Matricule : 2",
            "Matricule : 3",
            "Net payé 3,00",
            "Page 1/2",
            "Page 2/2",
            "x",
        ]
    ),
    max_size=6,
)


@given(st.lists(_pages, max_size=12))
@settings(max_examples=200, deadline=None)
def test_every_page_is_in_exactly_one_slip_and_no_slip_mixes_numbers(pages: list[list[str]]) -> None:
    facts = [PageFacts(index, "\n".join(lines)) for index, lines in enumerate(pages)]
    slips = group_pages(facts)
    assert [page for one in slips for page in one.pages] == list(range(len(pages)))
    for one in slips:
        seen = {number for page in one.pages for number in numbers_on_page(facts[page].text, None)}
        assert set(one.numbers_seen) == seen
        assert (one.staff_number is None) == (one.problem is not None)
        assert one.problem == "two_people" or seen == ({one.staff_number} if one.staff_number else set())
