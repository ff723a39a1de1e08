"""Whether two lists speak of the same person: a staff number may pass to somebody else, a name may only be spelt anew."""

import re
import unicodedata

_WORD = re.compile("[A-Z]+")
_EXPANDED = str.maketrans(
    {
        "Œ": "OE",
        "Æ": "AE",
        "Ø": "O",
        "Ł": "L",
        "Đ": "D",
        "ß": "SS",
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
    }
)
TITLES = frozenset({"M", "MR", "MRS", "MS", "MME", "MLLE", "MONSIEUR", "MADAME", "MADEMOISELLE"})


def fold_name(text: str) -> str:
    """Capitals without accents and ligatures; everything else stays."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_EXPANDED))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).upper()


def same_name(one: str, other: str) -> bool:
    """True when every word of the shorter name stands in the longer one, in any order, or its initial does.

    Lists add and drop second first names, names of marriage and titles. Where one of the names is empty nothing can be
    told apart, so nobody is.
    """
    first, second = _words(one), _words(other)
    if not first or not second or "".join(first) == "".join(second):
        return True
    shorter, longer = sorted((first, second), key=len)
    left = list(longer)
    for word in sorted(shorter, key=len, reverse=True):
        found = next((each for each in left if each == word), None) or next(
            (each for each in left if _is_initial(word, each)), None
        )
        if found is None:
            return False
        left.remove(found)
    return True


def _words(name: str) -> list[str]:
    found = _WORD.findall(fold_name(name))
    return [word for word in found if word not in TITLES] or found


def _is_initial(one: str, other: str) -> bool:
    return min(len(one), len(other)) == 1 and one[0] == other[0]
