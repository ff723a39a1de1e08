"""The texts an organisation starts with. Each is written in GSM-7 letters, so that the usual notice fits one SMS.

Fields: `{sender}` who sends, `{contact}` how to reach them, `{period}` the month of the document, left out where it has none,
`{until}` the last day of the link, `{link}` the link itself, `{hint}` where the password comes from (or that none is needed).
"""

from dataclasses import dataclass
from datetime import date

from app.messaging.permission.categories import Kind


@dataclass(frozen=True)
class DefaultTemplate:
    """`title` is the heading of an RCS card and empty for an SMS."""

    key: str
    channel: str
    language: str
    category: str
    title: str
    text: str
    kind: Kind = Kind.NOTICE


PAYSLIP_NOTICE = "payslip_notice"
STOP_DONE = "stop_done"
START_DONE = "start_done"
CONTACT_ANSWER = "contact_answer"
# What the service itself says when somebody sends a keyword.
ANSWERS = (STOP_DONE, START_DONE, CONTACT_ANSWER)


def _answer(key: str, language: str, text: str) -> DefaultTemplate:
    """What the service itself answers to a keyword: without offer, by the channel the person used."""
    return DefaultTemplate(key, "sms", language, "transactional", "", text, Kind.REPLY)


DEFAULT_TEMPLATES = (
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "sms",
        "fr",
        "transactional",
        "",
        "{sender}: bulletin de paie {period}, lisible jusqu'au {until}\n{link}\n{hint}",
    ),
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "sms",
        "en",
        "transactional",
        "",
        "{sender}: payslip {period}, readable until {until}\n{link}\n{hint}",
    ),
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "rcs",
        "fr",
        "transactional",
        "Votre bulletin de paie {period}",
        "{sender} vous a remis un document, disponible jusqu'au {until}. {hint}",
    ),
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "rcs",
        "en",
        "transactional",
        "Your payslip {period}",
        "{sender} has a document for you, available until {until}. {hint}",
    ),
    _answer(STOP_DONE, "fr", "{sender}: c'est fait, vous ne recevrez plus nos messages commerciaux."),
    _answer(STOP_DONE, "en", "{sender}: done, you will get no more marketing messages from us."),
    _answer(START_DONE, "fr", "{sender}: c'est noté, vous recevrez de nouveau nos messages commerciaux."),
    _answer(START_DONE, "en", "{sender}: noted, you will get our marketing messages again."),
    _answer(CONTACT_ANSWER, "fr", "{sender}: {contact}"),
    _answer(CONTACT_ANSWER, "en", "{sender}: {contact}"),
)

PASSWORD_HINTS = {
    ("sheet", "fr"): "Code remis par l'employeur",
    ("sheet", "en"): "Code: from your employer",
    ("generated", "fr"): "Code sur votre lettre",
    ("generated", "en"): "Code: in your letter",
    ("usual", "fr"): "Mot de passe habituel",
    ("usual", "en"): "Your usual password",
    ("none", "fr"): "Sans mot de passe",
    ("none", "en"): "No password needed",
}

_MONTHS = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def payslip_label(period: str, language: str) -> str:
    """What the document is called where it is named to its recipient: "Bulletin de paie, octobre 2026"."""
    name = "Payslip" if language == "en" else "Bulletin de paie"
    return ", ".join(filter(None, (name, period_label(period, language))))


def without_period(template: str) -> str:
    """The template for a document that has no month. The title of its batch is the clerk's own and says nothing to the
    recipient, so nothing stands in the month's place."""
    return template.replace(" {period}", "").replace("{period}", "")


def period_label(period: str, language: str) -> str:
    """`2026-10` as people read it; empty stays empty."""
    if not period:
        return ""
    year, month = period.split("-")
    return f"{_MONTHS[language][int(month) - 1]} {year}"


def date_label(day: date, language: str) -> str:
    """A day in figures, as short as it can be without doubt."""
    return (
        day.strftime("%d/%m/%Y")
        if language == "fr"
        else f"{day.day} {_MONTHS['en'][day.month - 1][:3]} {day.year}"
    )
