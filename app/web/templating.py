"""Jinja2 pages: one environment, and what every page may use.

In a template: `page` (PageContext), `t`, `plural`, `icon`, `static_url`, `static_text`, `ink_on`, `contact_href`, and the filters
`date`, `day`, `month`, `moment`, `clock`, `number`, `percent`, `size`, `phone`. Dates and times are shown in the zone of the
organisation. An undefined name is an error, not an empty string.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.messaging.sending.failures import lasting
from app.web.static_files import STATIC, static_text, static_url
from app.web.texts import LOCALES, Language, texts

_GROUPED: Final = re.compile(r"(?<=\d) (?=\d)")
_MAIL: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

# To be sent with a console page. The page itself carries `page.nonce`; htmx.min.js needs its Trusted Types policy.
CONSOLE_CSP = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
# The landing page and the pages of a link that cannot be opened: everything is inside the HTML.
LINK_CSP = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The document page: PDF.js and its worker, which is created through the policy "pli-viewer".
DOCUMENT_CSP = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; worker-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types pli-viewer"
)


@dataclass(frozen=True)
class Notice:
    """A sentence shown once at the top of the next page, after an action; `undo` is where to post to take it back."""

    kind: Literal["ok", "info", "warn", "bad"]
    text: str
    undo: str = ""


@dataclass(frozen=True)
class PageContext:
    """What every page knows about its reader.

    `nonce` is also in the response's Content-Security-Policy. `zone` is the organisation's (IANA name). `user` and
    `organisation` are names, empty before login. `simulator` shows the way to the phone simulator in the menu, `may_prepare`
    the way to a new batch. `answers` counts those that wait to be read.
    """

    lang: Language
    nonce: str
    path: str = "/"
    zone: str = "Europe/Paris"
    csrf_token: str = ""
    user: str = ""
    organisation: str = ""
    simulator: bool = False
    may_prepare: bool = False
    answers: int = 0
    notices: tuple[Notice, ...] = ()


def render(name: str, page: PageContext, **context: object) -> str:
    """The HTML of `templates/<name>` for one reader. Raises UndefinedError when a value that it uses is missing."""
    translator = texts().translator(page.lang)
    shared = {"page": page, "t": translator, "plural": translator.plural}
    return environment().get_template(name).render({**context, **shared})


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    env.globals.update(
        icon=icon, static_url=static_url, static_text=_trusted_text, ink_on=ink_on, contact_href=contact_href
    )
    env.filters.update(
        date=_date,
        day=_day,
        month=_month,
        moment=_moment,
        clock=_clock,
        number=_number,
        percent=_percent,
        size=_size,
        lasting=lasting,
        phone=_phone,
        unbroken=unbroken,
    )
    return env


def _trusted_text(name: str) -> Markup:
    return Markup(static_text(name))  # noqa: S704 - a file of ours, not input


@cache
def icon(name: str) -> Markup:
    """A lucide icon as inline SVG, hidden from assistive technology: the text beside it is its label.

    Raises FileNotFoundError when the icon is not among the vendored ones.
    """
    source = (STATIC / "vendor" / "lucide" / f"{name}.svg").read_text(encoding="utf-8")
    drawing = re.sub(
        r"\s+", " ", source.partition(">\n<svg")[2].partition(">")[2].rpartition("</svg>")[0]
    ).strip()
    return Markup(  # noqa: S704 - a vendored file, not input
        '<svg class="icon" aria-hidden="true" focusable="false" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{drawing}</svg>'
    )


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour` (#rrggbb), by the contrast formula of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def contact_href(contact: str) -> str:
    """The address that reaches a contact in one tap: that of the first e-mail or telephone number in it, else ""."""
    if address := _MAIL.search(contact):
        return f"mailto:{address[0]}"
    number = next(iter(phonenumbers.PhoneNumberMatcher(contact, "FR")), None)
    if number is None:
        return ""
    return "tel:" + phonenumbers.format_number(number.number, phonenumbers.PhoneNumberFormat.E164)


def unbroken(text: str) -> str:
    """The same text, in which a number written in groups stays on one line."""
    return _GROUPED.sub("\u00a0", text)


def _page(context: Context) -> PageContext:
    page = context["page"]
    assert isinstance(page, PageContext)
    return page


def _zone(context: Context) -> ZoneInfo:
    return ZoneInfo(_page(context).zone)


@pass_context
def _date(context: Context, value: date | datetime) -> str:
    """31 décembre 2026. An instant is taken in the organisation's zone."""
    local = value.astimezone(_zone(context)).date() if isinstance(value, datetime) else value
    return day_name(local, _page(context).lang)


@pass_context
def _day(context: Context, value: date | datetime) -> str:
    """31 déc. 2026, for tables."""
    local = value.astimezone(_zone(context)).date() if isinstance(value, datetime) else value
    return format_date(local, format="medium", locale=LOCALES[_page(context).lang])


def day_name(day: date, lang: Language) -> str:
    """31 décembre 2026."""
    return format_date(day, format="long", locale=LOCALES[lang])


def month_name(period: str, lang: Language) -> str:
    """septembre 2026, for the period "2026-09". Raises ValueError for anything that is not a month."""
    return format_date(date.fromisoformat(f"{period}-01"), "MMMM y", locale=lang)


@pass_context
def _month(context: Context, period: str) -> str:
    return month_name(period, _page(context).lang)


@pass_context
def _moment(context: Context, value: datetime) -> str:
    """31 déc., 14:05, for tables and timelines."""
    return format_datetime(value, "d MMM, HH:mm", tzinfo=_zone(context), locale=LOCALES[_page(context).lang])


@pass_context
def _clock(context: Context, value: datetime) -> str:
    """14:05:09."""
    return format_time(value, "HH:mm:ss", tzinfo=_zone(context), locale=_page(context).lang)


@pass_context
def _number(context: Context, value: int | float) -> str:
    return format_decimal(value, locale=_page(context).lang)


@pass_context
def _percent(context: Context, part: int, whole: int) -> str:
    """A share of a whole in whole percents, halves rounded up; "100 %" only when it is the whole: 999 of 1,000 is 99 %."""
    rounded = (200 * part + whole) // (2 * whole) if whole else 0
    return format_percent((min(rounded, 99) if part < whole else rounded) / 100, locale=_page(context).lang)


@pass_context
def _size(context: Context, value: int) -> str:
    """Bytes in a unit that people know: 48 Ko, 1.2 MB."""
    french = _page(context).lang == "fr"
    unit, amount = ("o" if french else "B", float(value))
    for prefix in ("k", "M", "G"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, prefix + ("o" if french else "B")
    shown = format_decimal(amount, format="0.#" if amount < 10 else "0", locale=_page(context).lang)
    return f"{shown}\u00a0{unit}"


def _phone(value: str) -> str:
    """A number in E.164 as people write it: French ones without +33. Anything else comes back unchanged."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    style = phonenumbers.PhoneNumberFormat
    form = style.NATIONAL if number.country_code == 33 else style.INTERNATIONAL
    return phonenumbers.format_number(number, form).replace(" ", "\u00a0")
