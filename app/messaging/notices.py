"""The texts an organisation starts with. Each is written in GSM-7 letters, so that the usual notice fits one SMS.

Fields: `{sender}` who sends, `{period}` the month or what the document is about, `{until}` the last day of the link,
`{link}` the link itself, `{hint}` where the password comes from (empty without a password).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DefaultTemplate:
    """`title` is the heading of an RCS card and empty for an SMS."""

    key: str
    channel: str
    language: str
    category: str
    title: str
    text: str


PAYSLIP_NOTICE = "payslip_notice"

DEFAULT_TEMPLATES = (
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "sms",
        "fr",
        "transactional",
        "",
        "{sender}: bulletin de paie {period} disponible jusqu'au {until}\n{link}\n{hint}",
    ),
    DefaultTemplate(
        PAYSLIP_NOTICE,
        "sms",
        "en",
        "transactional",
        "",
        "{sender}: your payslip {period} is available until {until}\n{link}\n{hint}",
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
)

PASSWORD_HINTS = {
    ("sheet", "fr"): "Mot de passe: celui remis par votre employeur",
    ("sheet", "en"): "Password: the one your employer gave you",
    ("generated", "fr"): "Mot de passe: le code de votre courrier",
    ("generated", "en"): "Password: the code in your letter",
    ("usual", "fr"): "Mot de passe habituel",
    ("usual", "en"): "Your usual password",
    ("none", "fr"): "",
    ("none", "en"): "",
}
