"""Where a recipient lives, as far as messages care: which clock, which holidays.

Order of truth (ours): a zone set on the contact, then a postcode, then the number, then the organisation's default.
The first and the last belong to the caller; this module reads the two in the middle.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone as phone_zones

from app.core.errors import InvalidInput
from app.messaging.numbers.numbering import TERRITORIES, french_territory, territory_of_postcode

DEFAULT_ZONE = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Place:
    """`territory` is an ISO code, FR-AM for Alsace-Moselle, or empty when nobody knows; `zone` an IANA name."""

    territory: str
    zone: str


def place_of(e164: str, postcode: str | None = None, default_zone: str = DEFAULT_ZONE) -> Place:
    """Where the owner of a number lives.

    A postcode is obeyed for French numbers only: five digits mean another town in Germany or Spain. The number
    decides alone otherwise; `default_zone` stands in when its country has no clock of its own, and an empty territory
    for one that no plan knows, as that of a short code: a carrier refuses such a number, whatever the hour.
    Raises InvalidInput("unknown_postcode").
    """
    french = french_territory(e164)
    if french is not None:
        if postcode is not None:
            by_post = territory_of_postcode(postcode)
            if by_post is None:
                raise InvalidInput("unknown_postcode", "A French postcode has five digits.")
            french = by_post
        return Place(french, TERRITORIES[french].zone)
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return Place("", default_zone)
    territory = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
    return Place(territory, _foreign_zone(number, default_zone))


def place_in(e164: str, territory: str) -> Place:
    """The same, where the territory is known better than the number tells it; `territory` empty means it is not."""
    return Place(territory, TERRITORIES[territory].zone) if territory else place_of(e164)


def zone_of(e164: str, postcode: str | None = None) -> str:
    """The IANA zone of a number's owner; see `place_of`."""
    return place_of(e164, postcode).zone


def _foreign_zone(number: phonenumbers.PhoneNumber, default_zone: str) -> str:
    # The geographical call is the finer one; the plain one lists every zone of the country for a mobile.
    for zone in phone_zones.time_zones_for_geographical_number(number):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            continue
        return zone
    return default_zone
