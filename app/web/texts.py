"""Every sentence a screen shows, in French and in English.

A sentence lives in `templates/texts/<area>.json` as {"key": {"fr": "...", "en": "..."}} and is asked for as
`t("area.key", name=value)`. It is plain text, not HTML; `{name}` marks a value. What depends on a count has two
entries, `key.one` and `key.other`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.numbers import format_decimal
from markupsafe import Markup, escape

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
# Dates in English are written as in Britain: most who read them work for employers in Europe.
LOCALES: Mapping[Language, str] = {"fr": "fr", "en": "en_GB"}
FOLDER = Path(__file__).resolve().parents[2] / "templates" / "texts"


class MissingTextError(KeyError):
    """A screen asks for a sentence that no catalog has."""


class Texts:
    """The catalogs of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._entries: dict[str, dict[Language, str]] = {}
        for path in sorted(folder.glob("*.json")):
            entries: dict[str, dict[Language, str]] = json.loads(path.read_text(encoding="utf-8"))
            for key, sentence in entries.items():
                self._entries[f"{path.stem}.{key}"] = sentence

    def keys(self) -> list[str]:
        return list(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def sentence(self, key: str, lang: Language) -> str:
        """The sentence with its `{name}` marks. Raises MissingTextError."""
        try:
            return self._entries[key][lang]
        except KeyError:
            raise MissingTextError(f"no {lang} text for {key}") from None

    def translator(self, lang: Language) -> Translator:
        return Translator(self, lang)


class Translator:
    """Sentences of one language. Whole numbers among the values are written as that language writes them."""

    def __init__(self, texts: Texts, lang: Language) -> None:
        self.texts = texts
        self.lang: Language = lang
        self.locale = Locale.parse(lang)

    def __call__(self, key: str, **values: object) -> Markup:
        """The sentence as safe HTML: the values are escaped. Raises MissingTextError; KeyError when a value is missing."""
        shown = {name: escape(self._show(value)) for name, value in values.items()}
        return Markup(escape(self.texts.sentence(key, self.lang)).format_map(shown))  # noqa: S704 - both are escaped

    def plain(self, key: str, **values: object) -> str:
        """The same sentence as plain text, for messages, files and JSON."""
        shown = {name: self._show(value) for name, value in values.items()}
        return self.texts.sentence(key, self.lang).format_map(shown)

    def plural(self, key: str, n: int, **values: object) -> Markup:
        """`key.one` or `key.other`, by the rule of the language (French counts 0 as one); `{n}` is the count."""
        return self(f"{key}.{self._form(n)}", n=n, **values)

    def plain_plural(self, key: str, n: int, **values: object) -> str:
        return self.plain(f"{key}.{self._form(n)}", n=n, **values)

    def has(self, key: str) -> bool:
        return key in self.texts

    def _form(self, n: int) -> str:
        return "one" if self.locale.plural_form(n) == "one" else "other"

    def _show(self, value: object) -> object:
        if isinstance(value, bool | date | datetime) or not isinstance(value, int):
            return value
        return format_decimal(value, locale=self.locale)


@cache
def texts() -> Texts:
    """The product's own catalogs."""
    return Texts(FOLDER)


def choose_language(
    *,
    query: str | None = None,
    cookie: str | None = None,
    person: str | None = None,
    accept_language: str | None = None,
) -> Language:
    """What was asked for in the address, then in the cookie, then the person's language, then the browser's; else
    French."""
    for asked in (query, cookie, person):
        for lang in LANGUAGES:
            if asked == lang:
                return lang
    return _from_browser(accept_language or "")


def _from_browser(header: str) -> Language:
    weights: dict[Language, float] = {}
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        for lang in LANGUAGES:
            if tag.strip().lower().split("-")[0] == lang:
                weights[lang] = max(weights.get(lang, 0.0), _weight(parameters))
    wanted = [lang for lang in LANGUAGES if weights.get(lang, 0.0) > 0.0]
    return max(wanted, key=lambda lang: weights[lang]) if wanted else "fr"


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def placeholders(sentence: str) -> set[str]:
    """The names between braces in a sentence."""
    return {part.partition("}")[0] for part in sentence.split("{")[1:]}


def catalog_problems(catalog: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is wrong with the entries of one catalog: a language missing or empty, or other values than in French."""
    problems = []
    for key, entry in catalog.items():
        if set(entry) != set(LANGUAGES) or not all(text.strip() for text in entry.values()):
            problems.append(f"{key}: needs exactly {' and '.join(LANGUAGES)}, none empty")
        elif placeholders(entry["fr"]) != placeholders(entry["en"]):
            problems.append(f"{key}: the two languages do not use the same values")
    return problems
