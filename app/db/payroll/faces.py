"""What a screen shows of a person's line: the sealed columns of a document, opened."""

import unicodedata
from dataclasses import dataclass

from app.crypto.vault import Vault
from app.db.models import Document
from app.db.payroll.lines import read_staff_number


@dataclass(frozen=True)
class Face:
    """Name, staff number and phone (E.164) of a line; each empty when the line has none."""

    name: str
    staff_number: str
    phone: str


def read_face(vault: Vault, document: Document) -> Face:
    """Open the three columns of one line."""

    def opened(column: str, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return vault.columns.open_column(document.organisation_id, "document", column, document.id, sealed)

    return Face(
        opened("name", document.name_sealed),
        read_staff_number(vault, document),
        opened("phone", document.phone_sealed),
    )


class Search:
    """What somebody types to find a line: words of a name, a staff number, or digits of a phone.

    Case and accents do not count. Inside a batch lines are opened and compared in memory, so no index of names exists.
    """

    def __init__(self, typed: str) -> None:
        self._words = _plain(typed).split()
        self._number = "".join(self._words)
        digits = "".join(character for character in typed if character.isdigit())
        # As people write French numbers: 06 12 ... is +33 6 12 ...
        self._digits = digits.removeprefix("33").lstrip("0") if len(digits) > 3 else ""

    def __bool__(self) -> bool:
        return bool(self._words)

    def finds(self, face: Face) -> bool:
        """Whether the line is meant."""
        name = _plain(face.name)
        return (
            all(word in name for word in self._words)
            or self._number in _plain(face.staff_number)
            or bool(self._digits and self._digits in face.phone)
        )


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
