"""The French numbering plan as data: which block of numbers belongs to which territory, and its clock.

One plan covers mainland France and the overseas departments: a number dialled 0692... in Réunion is +262 692...
abroad, although libphonenumber reads it as an invalid +33. Source of blocks and zones: libphonenumber 9.0.43 and
the IANA time zone database, text read; one zone for all of Polynesia is our choice.
New blocks will open: an operator may pass a longer table.
"""

from dataclasses import dataclass

MAINLAND = "FR"
# Not an ISO code: mainland departments 57, 67 and 68, which keep two holidays of their own.
ALSACE_MOSELLE = "FR-AM"


@dataclass(frozen=True, slots=True)
class Territory:
    """Where a number or a postcode leads. `code` is ISO 3166-1, except for Alsace-Moselle."""

    code: str
    calling_code: str
    zone: str


TERRITORIES = {
    row.code: row
    for row in (
        Territory(MAINLAND, "33", "Europe/Paris"),
        Territory(ALSACE_MOSELLE, "33", "Europe/Paris"),
        Territory("RE", "262", "Indian/Reunion"),
        Territory("YT", "262", "Indian/Mayotte"),
        Territory("GP", "590", "America/Guadeloupe"),
        Territory("MF", "590", "America/Guadeloupe"),
        Territory("BL", "590", "America/Guadeloupe"),
        Territory("MQ", "596", "America/Martinique"),
        Territory("GF", "594", "America/Cayenne"),
        Territory("PM", "508", "America/Miquelon"),
        Territory("NC", "687", "Pacific/Noumea"),
        Territory("WF", "681", "Pacific/Wallis"),
        Territory("PF", "689", "Pacific/Tahiti"),
    )
}


@dataclass(frozen=True, slots=True)
class Block:
    """National numbers that start with `prefix` (without the trunk zero) live in `territory`.

    `drop` digits of the prefix are only dialled inside the plan and are left out abroad.
    """

    prefix: str
    territory: str
    drop: int = 0


OVERSEAS_BLOCKS = (
    *(Block(prefix, "GP") for prefix in ("690", "691", "7090", "590")),
    *(Block(prefix, "RE") for prefix in ("692", "693", "7092", "262", "263")),
    *(Block(prefix, "YT") for prefix in ("639", "70935", "70936", "70937", "269")),
    *(Block(prefix, "GF") for prefix in ("694", "70930", "70931", "70932", "70933", "594")),
    *(Block(prefix, "MQ") for prefix in ("696", "697", "7091", "596")),
    *(Block(prefix, "PM") for prefix in ("7084", "7085")),
    Block("508", "PM", drop=3),
)

# Territories that share the mainland's ten-digit plan; the Pacific ones have plans of their own.
SHARED_PLAN = frozenset({MAINLAND, *(block.territory for block in OVERSEAS_BLOCKS), "MF", "BL"})

# A calling code shared by several territories means this one when nothing else tells.
MAIN_TERRITORY = {
    "33": MAINLAND,
    "262": "RE",
    "590": "GP",
    "594": "GF",
    "596": "MQ",
    "508": "PM",
    "687": "NC",
    "681": "WF",
    "689": "PF",
}

POSTCODES = {
    "57": ALSACE_MOSELLE,
    "67": ALSACE_MOSELLE,
    "68": ALSACE_MOSELLE,
    "971": "GP",
    "97133": "BL",
    "97150": "MF",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


def overseas_block(national: str) -> Block | None:
    """The overseas block of a national number given without its trunk zero, or None on the mainland."""
    return next((block for block in OVERSEAS_BLOCKS if national.startswith(block.prefix)), None)


def french_territory(e164: str) -> str | None:
    """The territory of a number of the French plans in E.164, or None elsewhere."""
    digits = e164.removeprefix("+")
    for calling_code, main in MAIN_TERRITORY.items():
        if digits.startswith(calling_code):
            block = overseas_block(digits[len(calling_code) :])
            if block is not None and TERRITORIES[block.territory].calling_code == calling_code:
                return block.territory
            return main
    return None


def territory_of_postcode(postcode: str) -> str | None:
    """The territory of a French postcode (five digits), or None when it is not one."""
    digits = postcode.replace(" ", "")
    if len(digits) != 5 or not digits.isdecimal() or not digits.isascii():
        return None
    for length in (5, 3, 2):
        if digits[:length] in POSTCODES:
            return POSTCODES[digits[:length]]
    return MAINLAND
