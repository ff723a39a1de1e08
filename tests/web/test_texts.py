"""Screen texts: both languages, the same values, every key used, French typography; and what templates rely on."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from app.web.templating import PageContext, contact_href, environment, icon, ink_on, render
from app.web.texts import (
    FOLDER,
    MissingTextError,
    Texts,
    Translator,
    catalog_problems,
    choose_language,
    texts,
)

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = sorted(FOLDER.glob("*.json"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
QUOTED = re.compile(r"""["']([a-z_]+(?:\.[a-z0-9_]+)*\.?)["'{]""")


def catalog(path: Path) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def mentions() -> set[str]:
    """What templates and code quote that could be a key, or ("console.state.") the beginning of keys."""
    sources = [*TEMPLATES, *(ROOT / "app").rglob("*.py")]
    return {word for path in sources for word in QUOTED.findall(path.read_text(encoding="utf-8"))}


def calls() -> Iterator[tuple[str, str, str]]:
    """Each whole key a template asks for: (template, function, key)."""
    asked = re.compile(r"""\b(t|plural)\(\s*["']([a-z_]+\.[a-z0-9_.]+)["']\s*[,)]""")
    for path in TEMPLATES:
        for function, key in asked.findall(path.read_text(encoding="utf-8")):
            yield path.name, function, key


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_each_text_has_both_languages_and_the_same_values(path: Path) -> None:
    assert catalog_problems(catalog(path)) == []


# What a carrier or a programmer says, and where it may stand: beside the words of everybody, for the operator.
JARGON = re.compile(
    r"\b(segments?|septets?|unités|magiques?|magic|passager|profil (?:standard|strict)|(?:standard|strict) profile|A écrit|GSM-7|UCS-2)\b"
)
IN_SECOND_PLACE = re.compile(r"(Nom technique : |Technical name: |\()[^.()]*[.)]")


@pytest.mark.parametrize(
    "path", [each for each in CATALOGS if each.stem != "senders"], ids=lambda path: path.stem
)
def test_clerks_read_their_own_words(path: Path) -> None:
    said = {
        f"{key} {lang}": IN_SECOND_PLACE.sub("", text.replace("\u202f", " "))
        for key, entry in catalog(path).items()
        for lang, text in entry.items()
    }
    assert [where for where, text in said.items() if JARGON.search(text)] == []


def test_jargon_is_noticed_and_may_stand_in_second_place() -> None:
    assert JARGON.search("Segments tel que saisi".lower())
    assert not JARGON.search(IN_SECOND_PLACE.sub("", "lettres ordinaires (GSM-7)"))
    assert JARGON.search(IN_SECOND_PLACE.sub("", "Peut être refait, profil standard"))


def test_a_catalog_with_a_missing_language_or_other_values_is_noticed() -> None:
    broken = {"a": {"fr": "Un"}, "b": {"fr": "{n} jours", "en": "days"}, "c": {"fr": "Bon", "en": " "}}
    assert [problem.partition(":")[0] for problem in catalog_problems(broken)] == ["a", "b", "c"]


@pytest.mark.parametrize("path", CATALOGS, ids=lambda path: path.stem)
def test_french_follows_its_typography(path: Path) -> None:
    for key, entry in catalog(path).items():
        french = entry["fr"]
        assert "'" not in french, key
        assert not re.search(r"(?<!\u202f)[;!?»](?!\S)|(?<=[^\W\d]):(?!\S)|«(?!\u202f)", french), (
            key,
            french,
        )


def test_each_key_that_a_template_asks_for_exists() -> None:
    known = set(texts().keys())
    asked = list(calls())
    assert len(asked) > 200
    for template, function, key in asked:
        wanted = {key} if function == "t" else {f"{key}.one", f"{key}.other"}
        assert wanted <= known, f"{template} asks for {key}"


def test_no_text_is_left_unused() -> None:
    quoted = mentions()
    beginnings = tuple(
        word for word in quoted if word.endswith(".") and word.count(".") + word.startswith("errors.") > 1
    )
    plurals = {f"{word}{form}" for word in quoted for form in (".one", ".other")}
    unused = [
        key
        for key in sorted(texts().keys())
        if key not in quoted and key not in plurals and not key.startswith(beginnings)
    ]
    assert unused == []


def test_values_are_escaped_and_whole_numbers_written_in_the_language(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"hi": {"fr": "À {who} & {n}", "en": "To {who} & {n}"}}))
    french = Texts(tmp_path).translator("fr")
    assert french("a.hi", who="<b>", n=12345) == Markup("À &lt;b&gt; &amp; 12\u202f345")
    assert french("a.hi", who=Markup("<b>"), n=1) == Markup("À <b> &amp; 1")
    assert Texts(tmp_path).translator("en").plain("a.hi", who="<b>", n=12345) == "To <b> & 12,345"


def test_a_count_takes_the_plural_of_the_language(tmp_path: Path) -> None:
    entries = {"d.one": {"fr": "{n} jour", "en": "{n} day"}, "d.other": {"fr": "{n} jours", "en": "{n} days"}}
    (tmp_path / "a.json").write_text(json.dumps(entries))
    shown = {
        lang: [Texts(tmp_path).translator(lang).plain_plural("a.d", n) for n in (0, 1, 2)]
        for lang in ("fr", "en")
    }
    assert shown == {"fr": ["0 jour", "1 jour", "2 jours"], "en": ["0 days", "1 day", "2 days"]}


def test_a_missing_text_or_value_is_an_error() -> None:
    translator = texts().translator("fr")
    with pytest.raises(MissingTextError):
        translator("common.no_such_text")
    with pytest.raises(KeyError):
        translator("common.page_range", first=1)


@pytest.mark.parametrize(
    ("query", "cookie", "person", "accept", "expected"),
    [
        ("en", "fr", "fr", "fr", "en"),
        (None, "en", "fr", "fr", "en"),
        ("de", None, "en", "fr", "en"),
        (None, None, None, "en-GB,en;q=0.9,fr;q=0.8", "en"),
        (None, None, None, "de, fr;q=0.5, en;q=0.4", "fr"),
        (None, None, None, "en;q=0, fr;q=x", "fr"),
        (None, None, None, "de", "fr"),
        (None, None, None, None, "fr"),
    ],
)
def test_the_language_is_what_was_asked_for_then_the_persons_then_the_browsers(
    query: str | None, cookie: str | None, person: str | None, accept: str | None, expected: str
) -> None:
    assert choose_language(query=query, cookie=cookie, person=person, accept_language=accept) == expected


def shown(source: str, lang: str = "fr", zone: str = "Europe/Paris", **values: object) -> str:
    page = PageContext(lang="en" if lang == "en" else "fr", nonce="n", zone=zone)
    return (
        environment()
        .from_string(source)
        .render({"page": page, "t": Translator(texts(), page.lang), **values})
    )


def test_dates_are_those_of_the_organisations_zone() -> None:
    late = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert shown("{{ at | date }}", at=late) == "31 décembre 2026"
    assert shown("{{ at | date }}", zone="Indian/Reunion", at=late) == "1 janvier 2027"
    assert shown("{{ at | moment }} {{ at | clock }}", at=late) == "31 déc., 23:30 23:30:00"
    assert shown("{{ '2026-09' | month }}") == "septembre 2026"
    assert shown("{{ at | day }}", "en", at=date(2026, 12, 31)) == "31 Dec 2026"


def test_figures_are_written_as_people_read_them() -> None:
    assert shown("{{ 4812 | number }}") == "4\u202f812"
    assert shown("{{ 999 | percent(1000) }}", "en") == "99%"
    assert shown("{{ 0 | percent(0) }}", "en") == "0%"
    assert shown("{{ 2 | percent(3) }}, {{ 1 | percent(8) }}, {{ 3 | percent(3) }}", "en") == "67%, 13%, 100%"
    assert shown("{{ 48123 | size }} {{ 1500000 | size }}", "en") == "48\u00a0kB 1.5\u00a0MB"
    assert shown("{{ '+33611096033' | phone }}") == "06\u00a011\u00a009\u00a060\u00a033"
    assert shown("{{ '+262692123456' | phone }}") == "+262\u00a0692\u00a012\u00a034\u00a056"
    assert shown("{{ 'poste 12' | phone }}") == "poste 12"


@pytest.mark.parametrize(
    ("contact", "href"),
    [
        ("Service paie, 01 23 45 67 89", "tel:+33123456789"),
        ("paie@exemple.test ou 01 23 45 67 89", "mailto:paie@exemple.test"),
        ("Accueil, bureau 12", ""),
        ("", ""),
    ],
)
def test_a_contact_is_reached_in_one_tap_when_it_holds_an_address(contact: str, href: str) -> None:
    assert contact_href(contact) == href


def test_button_text_stays_readable_on_any_brand_colour() -> None:
    assert ink_on("#0b6e63") == "#ffffff"
    assert ink_on("#ffd400") == "#000000"


def test_icons_are_hidden_from_screen_readers_and_unknown_ones_refused() -> None:
    assert 'aria-hidden="true"' in icon("send")
    assert icon("send").count("<svg") == 1
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_a_page_that_lacks_a_value_fails_instead_of_showing_a_gap() -> None:
    with pytest.raises(UndefinedError):
        render("recipient/notice.html", PageContext(lang="fr", nonce="n"), kind="expired")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_templates_hold_nothing_that_the_content_policy_refuses(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js:", source)
    assert not re.search(r"<script(?![^>]*nonce=)|<style(?![^>]*nonce=)", source)
    assert source.startswith("{#"), "says first which context it takes"


def test_the_page_behind_a_link_is_one_small_answer() -> None:
    context = {
        "ref": "7kPq2mXa",
        "host_name": "pay.test",
        "brand": None,
        "form_nonce": "n" * 80,
        "secret": "",
        "sender": "",
        "contact": "",
        "kind": "",
        "period": "",
        "expires": None,
        "password_policy": "",
        "problem": "",
        "tries_left": 0,
        "retry_after": 0,
        "report_url": "/7kPq2mXa/not-mine",
    }
    html = render(
        "recipient/landing.html", PageContext(lang="fr", nonce="n" * 22, path="/7kPq2mXa"), **context
    )
    icons = (ROOT / "static" / "img" / "pli.svg").stat().st_size
    assert len(html.encode()) + icons < 30_000
    assert "src=" not in html
    assert 'rel="stylesheet"' not in html


def test_the_script_of_the_link_page_runs_on_old_phones() -> None:
    script = (ROOT / "static" / "js" / "landing.js").read_text(encoding="utf-8")
    assert not re.search(
        r"=>|\b(?:const|let|class|async|await)\b|`|\?\.|\?\?|\.\.\.[\w\[]|\.(?:closest|includes)\(", script
    )


def test_every_vendored_icon_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    icons = {path.stem for path in (ROOT / "static" / "vendor" / "lucide").glob("*.svg")}
    assert {name for name in icons if f'"{name}"' not in sources} == set()
