"""What the mapping screen asks about a people sheet, and how the clerk's answer is kept for next month."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import InvalidInput
from app.documents.people.headings import Field, fold_heading
from app.documents.people.model import NeedsMapping, SheetLimits, SheetPreview, SheetRead, SheetRefused
from app.documents.people.process import read_people_in_child

_ALWAYS = (Field.STAFF_NUMBER, Field.PHONE)


def required_fields(password_policy: str) -> tuple[Field, ...]:
    """Fields that must have a column of their own: codes from the sheet need the column that holds them."""
    return (*_ALWAYS, Field.ACCESS_CODE) if password_policy == "sheet" else _ALWAYS


@dataclass(frozen=True)
class Answer:
    """What the clerk chose: column of each field, from 0. `header_row` 0 means that the sheet has no headings."""

    sheet: str
    header_row: int
    columns: Mapping[Field, int]


def ask_again(
    data: bytes, limits: SheetLimits, remembered: Mapping[str, str], password_policy: str
) -> NeedsMapping:
    """The question for this sheet, even when it could be read without an answer. `remembered` names the field of a
    folded heading. Raises InvalidInput `sheet_<code>` when the sheet cannot be read at all."""
    outcome = read_people_in_child(
        data,
        limits,
        remembered={heading: Field(name) for heading, name in remembered.items()},
        needed=required_fields(password_policy),
        ask=True,
    )
    if isinstance(outcome, SheetRefused):
        raise InvalidInput(f"sheet_{outcome.code}", outcome.detail)
    if isinstance(outcome, SheetRead):
        raise TypeError("a sheet that is asked about cannot come back as read")
    return outcome


def check_answer(question: NeedsMapping, answer: Answer, password_policy: str) -> SheetPreview:
    """The sheet that was chosen. Raises InvalidInput `access_code_column_missing` when only that column is missing, or
    `bad_mapping` when the answer does not fit the sheet."""
    chosen = next((sheet for sheet in question.sheets if sheet.name == answer.sheet), None)
    columns = list(answer.columns.values())
    missing = [field for field in required_fields(password_policy) if field not in answer.columns]
    if (
        chosen is None
        or any(field in _ALWAYS for field in missing)
        or len(set(columns)) < len(columns)
        or any(not 0 <= column < len(chosen.headings) for column in columns)
        or answer.header_row != chosen.header_row
    ):
        raise InvalidInput(
            "bad_mapping", "say which columns hold the staff number and the mobile, each column once"
        )
    if missing:
        raise InvalidInput(
            "access_code_column_missing",
            "say which column holds the access codes: this batch opens with them",
        )
    return chosen


def headings_to_remember(sheet: SheetPreview, answer: Answer) -> dict[str, str]:
    """Folded heading to field; a heading that nobody wanted is not asked about again, nor taken for what it is not."""
    field_of = {column: field for field, column in answer.columns.items()}
    remembered = {}
    for column, heading in enumerate(sheet.headings):
        if folded := fold_heading(heading):
            wanted = field_of.get(column)
            if wanted is not None or heading in sheet.doubtful or column in sheet.suggested.values():
                remembered[folded] = (wanted or Field.IGNORED).value
    return remembered
