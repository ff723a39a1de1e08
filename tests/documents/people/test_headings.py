import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.people.headings import Field, fold_heading, recognise

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/people/headings.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: "|".join(vector["headings"]))
def test_headings_are_laid_on_fields(vector: dict[str, Any]) -> None:
    found = recognise(vector["headings"])
    assert {str(field): column for field, column in found.columns.items()} == vector["columns"]
    assert [str(field) for field in found.ambiguous] == vector.get("ambiguous", [])
    assert [str(field) for field in found.missing] == vector.get("missing", [])
    assert list(found.unknown) == vector.get("unknown", [])
    assert list(found.doubtful) == vector.get("doubtful", [])
    assert found.complete is vector["complete"]


@pytest.mark.parametrize(
    "heading", ["N° Matricule", "n°matricule", "NO MATRICULE", "Numéro_matricule", "Nº-matricule : "]
)
def test_every_way_to_write_number_folds_alike(heading: str) -> None:
    assert fold_heading(heading) == "numeromatricule"


@given(st.permutations(["Matricule", "Nom", "Prénom", "Portable", "Code d'accès"]))
@settings(max_examples=60, deadline=None)
def test_the_order_of_columns_does_not_matter(headings: list[str]) -> None:
    found = recognise(headings)
    assert found.complete
    assert found.columns[Field.STAFF_NUMBER] == headings.index("Matricule")
    assert found.columns[Field.ACCESS_CODE] == headings.index("Code d'accès")


@given(st.sampled_from(["Téléphone mobile", "Code d'accès", "Prénom", "N° de portable"]), st.data())
@settings(max_examples=100, deadline=None)
def test_case_spaces_dashes_and_underscores_do_not_count(heading: str, data: st.DataObject) -> None:
    space = data.draw(st.sampled_from([" ", "_", "-", "  ", "\u00a0", "\n"]))
    shout = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
    assert fold_heading(f" {shout(heading.replace(' ', space))} ") == fold_heading(heading)


def test_what_a_clerk_decided_before_wins() -> None:
    headings = ["Matricule", "Nom", "Contact", "Souhaite le papier ?"]
    assert not recognise(headings).complete
    remembered = {"contact": Field.PHONE, "souhaitelepapier": Field.IGNORED}
    found = recognise(headings, remembered)
    assert found.complete
    assert found.columns[Field.PHONE] == 2
    assert Field.OBJECTION not in found.columns
