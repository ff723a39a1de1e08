"""Public holidays of the French territories, computed for any year.

Sources: the government's open data (etalab/jours-feries-france-data) and the Labour Code, L3133-1, L3134-13 and
L3422-2; the Pacific rows come from the Python package `holidays` (secondary), because the open data gives those
territories the national days only. Two sources are never mixed inside one territory otherwise.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from app.messaging.numbers.numbering import ALSACE_MOSELLE, MAINLAND, TERRITORIES
from app.messaging.records import Certainty, Rule

_OPEN_DATA = "government open data on public holidays"
_OVERSEAS = "Labour Code L3422-2; government open data"
_PACKAGE = "the Python package holidays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday(Rule):
    """One holiday of one territory, on a fixed day of the year or so many days from Easter Sunday.

    `territory` None means every French territory.
    """

    territory: str | None
    name: str
    month: int = 0
    day: int = 0
    from_easter: int | None = None

    def on(self, year: int) -> date:
        """The day it falls on that year."""
        if self.from_easter is not None:
            return easter(year) + timedelta(days=self.from_easter)
        return date(year, self.month, self.day)


def _national(id_: str, name: str, month: int = 0, day: int = 0, from_easter: int | None = None) -> Holiday:
    return Holiday(
        id=f"holiday-{id_}",
        territory=None,
        name=name,
        month=month,
        day=day,
        from_easter=from_easter,
        source=_OPEN_DATA,
        certainty=Certainty.TEXT_READ,
    )


def _local(
    territory: str, name: str, month: int, day: int, source: str, certainty: Certainty, note: str = ""
) -> Holiday:
    return Holiday(
        id=f"holiday-{territory.lower()}-{month:02}-{day:02}",
        territory=territory,
        name=name,
        month=month,
        day=day,
        source=source,
        certainty=certainty,
        note=note,
    )


def _good_friday(territory: str, source: str, certainty: Certainty, note: str = "") -> Holiday:
    return Holiday(
        id=f"holiday-{territory.lower()}-good-friday",
        territory=territory,
        name="Vendredi saint",
        from_easter=-2,
        source=source,
        certainty=certainty,
        note=note,
    )


HOLIDAYS = (
    _national("new-year", "Jour de l’An", 1, 1),
    _national("easter-monday", "Lundi de Pâques", from_easter=1),
    _national("labour-day", "Fête du Travail", 5, 1),
    _national("victory-day", "Victoire de 1945", 5, 8),
    _national("ascension", "Ascension", from_easter=39),
    _national("whit-monday", "Lundi de Pentecôte", from_easter=50),
    _national("national-day", "Fête nationale", 7, 14),
    _national("assumption", "Assomption", 8, 15),
    _national("all-saints", "Toussaint", 11, 1),
    _national("armistice", "Armistice de 1918", 11, 11),
    _national("christmas", "Noël", 12, 25),
    _good_friday(
        ALSACE_MOSELLE,
        "government open data; Labour Code L3134-13",
        Certainty.TEXT_READ,
        "By the code, only in towns with a Protestant or shared church; applied to all three departments.",
    ),
    _local(ALSACE_MOSELLE, "Saint-Étienne", 12, 26, "government open data", Certainty.TEXT_READ),
    _local("YT", "Abolition de l’esclavage", 4, 27, _OVERSEAS, Certainty.TEXT_READ),
    _local("MQ", "Abolition de l’esclavage", 5, 22, _OVERSEAS, Certainty.TEXT_READ),
    _local("GP", "Abolition de l’esclavage", 5, 27, _OVERSEAS, Certainty.TEXT_READ),
    _local("GF", "Abolition de l’esclavage", 6, 10, _OVERSEAS, Certainty.TEXT_READ),
    _local("BL", "Abolition de l’esclavage", 10, 9, _OVERSEAS, Certainty.TEXT_READ),
    _local("RE", "Abolition de l’esclavage", 12, 20, _OVERSEAS, Certainty.TEXT_READ),
    _local(
        "MF",
        "Abolition de l’esclavage",
        5,
        28,
        "government open data, and practice since 2019",
        Certainty.TEXT_READ,
        "The Labour Code in its 2019 version says 27 May: sources disagree.",
    ),
    _local("NC", "Fête de la citoyenneté", 9, 24, _PACKAGE, Certainty.SECONDARY),
    _local("PF", "Arrivée de l’Évangile", 3, 5, _PACKAGE, Certainty.SECONDARY),
    _good_friday("PF", _PACKAGE, Certainty.SECONDARY),
    _local("PF", "Matari’i", 11, 20, _PACKAGE, Certainty.SECONDARY),
    _local("WF", "Saint-Pierre-Chanel", 4, 28, _PACKAGE, Certainty.SECONDARY),
    _local("WF", "Saint-Pierre et Saint-Paul", 6, 29, _PACKAGE, Certainty.SECONDARY),
    _local("WF", "Fête du Territoire", 7, 29, _PACKAGE, Certainty.SECONDARY),
)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher's method)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leaps, leap_rest = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moon_shift + 15) % 30
    year_leaps, year_rest = divmod(of_century, 4)
    weekday = (32 + 2 * leap_rest + 2 * year_leaps - epact - year_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def holidays(territory: str, year: int, rows: tuple[Holiday, ...] = HOLIDAYS) -> dict[date, Holiday]:
    """The public holidays of a French territory in a year, in calendar order; none for another country.

    Where two fall on one day (Ascension on 8 May), the first row of the table is kept. Do not change the answer:
    it is shared.
    """
    if territory not in TERRITORIES:
        return {}
    found: dict[date, Holiday] = {}
    for row in rows:
        on = row.on(year)
        if row.territory in {None, territory} and row.in_force(on):
            found.setdefault(on, row)
    return dict(sorted(found.items()))


def holiday_on(day: date, territory: str = MAINLAND) -> Holiday | None:
    """The public holiday of that day in that territory, if it is one."""
    return holidays(territory, day.year).get(day)
