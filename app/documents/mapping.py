"""What the mapping screen asks about a people sheet, and how the clerk's answer is kept for next month."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.errors import InvalidInput
from app.documents.headings import Field, fold_heading
from app.documents.sheet_process import read_people_in_child
from app.documents.sheets_model import NeedsMapping, SheetLimits, SheetPreview, SheetRead, SheetRefused

REQUIRED = (Field.STAFF_NUMBER, Field.PHONE)


@dataclass(frozen=True)
class Answer:
    """What the clerk chose: column of each field, from 0. `header_row` 0 means that the sheet has no headings."""

    sheet: str
    header_row: int
    columns: Mapping[Field, int]


def ask_again(
    data: bytes, limits: SheetLimits, remembered: Mapping[str, Field]
) -> NeedsMapping | SheetRefused:
    """The question for this sheet, even when it could be read by now because another batch taught its headings."""
    outcome = read_people_in_child(data, limits, remembered=remembered)
    if not isinstance(outcome, SheetRead):
        return outcome
    asked = read_people_in_child(data, limits)
    if isinstance(asked, SheetRead):
        raise InvalidInput("no_mapping_needed", "this sheet needs no mapping")
    if isinstance(asked, SheetRefused):
        return asked
    sheets = tuple(
        replace(sheet, suggested=outcome.columns) if sheet.name == outcome.sheet else sheet
        for sheet in asked.sheets
    )
    return replace(asked, sheets=sheets)


def check_answer(question: NeedsMapping, answer: Answer) -> SheetPreview:
    """The sheet that was chosen. Raises InvalidInput `bad_mapping` when the answer does not fit it."""
    chosen = next((sheet for sheet in question.sheets if sheet.name == answer.sheet), None)
    columns = list(answer.columns.values())
    if (
        chosen is None
        or any(field not in answer.columns for field in REQUIRED)
        or len(set(columns)) < len(columns)
        or any(not 0 <= column < len(chosen.headings) for column in columns)
        or answer.header_row != chosen.header_row
    ):
        raise InvalidInput(
            "bad_mapping", "say which columns hold the staff number and the mobile, each column once"
        )
    return chosen


def headings_to_remember(sheet: SheetPreview, answer: Answer) -> dict[str, str]:
    """Folded heading to field; a heading that nobody wanted is not asked about again."""
    field_of = {column: field for field, column in answer.columns.items()}
    remembered = {}
    for column, heading in enumerate(sheet.headings):
        if folded := fold_heading(heading):
            wanted = field_of.get(column)
            if wanted is not None or heading in sheet.doubtful:
                remembered[folded] = (wanted or Field.IGNORED).value
    return remembered
