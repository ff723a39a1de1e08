"""What the messages about a batch say."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import SQLModel

from app.db.models import Batch, Organisation, Template
from app.db.sending.outbox import NoticeWriter, remind_at
from app.messaging.texts.notices import DEFAULT_TEMPLATES, PAYSLIP_NOTICE
from links.policy import LinkTerms

Row = TypeVar("Row", bound=SQLModel)


def some(table: type[Row], **values: Any) -> Row:
    """A row of which only these columns matter."""
    return table(**values)


class Payslip(NamedTuple):
    """A document as far as words about it are concerned."""

    language: str
    period: str


@pytest.mark.parametrize(
    ("zone", "last_day", "moment"),
    [
        ("Europe/Paris", date(2026, 12, 31), datetime(2026, 12, 29, 9, tzinfo=UTC)),
        ("Europe/Paris", date(2026, 8, 31), datetime(2026, 8, 29, 8, tzinfo=UTC)),
        ("Indian/Reunion", date(2026, 12, 31), datetime(2026, 12, 29, 6, tzinfo=UTC)),
    ],
)
def test_the_calendar_reminds_in_the_morning_two_days_before_the_last_one(
    zone: str, last_day: date, moment: datetime
) -> None:
    assert remind_at(last_day, ZoneInfo(zone), moment - timedelta(seconds=1)) == moment
    assert remind_at(last_day, ZoneInfo(zone), moment) is None


TERMS = LinkTerms(22, date(2027, 1, 31), datetime(2027, 1, 31, 23, tzinfo=UTC), 20_850)
URL = "https://pli.example/r#s"


@pytest.mark.parametrize(("language", "month"), [("fr", "octobre 2026"), ("en", "October 2026")])
@pytest.mark.parametrize("known", [True, False], ids=["with a month", "without"])
def test_the_title_a_clerk_gave_is_never_told_to_the_recipients(
    language: str, month: str, known: bool
) -> None:
    templates = {
        (each.channel, each.language): some(Template, title=each.title, text=each.text)
        for each in DEFAULT_TEMPLATES
        if each.key == PAYSLIP_NOTICE
    }
    batch = some(Batch, title="Cadres licenciés", password_policy="none")
    writer = NoticeWriter(some(Organisation, name="Atelier Exemple"), batch, templates, TERMS)
    payslip = Payslip(language, "2026-10" if known else "")
    said = "\n".join((writer.text(payslip, URL), *writer.card(payslip, URL)))
    assert "licenci" not in said
    assert (month in said) == known
