"""What a typed phone number means: E.164, what was repaired to get there, or why it cannot receive a text.

Spreadsheets lose zeros, add decimals and invisible spaces, and write numbers as powers of ten; each repair is
named so that a clerk sees it before anything leaves. A digit that is missing is never invented.
Sources: libphonenumber 9.0.43 for plans and kinds of numbers; the readings of damaged cells are ours.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType, ValidationResult, shortnumberinfo

from app.core.errors import InvalidInput
from app.messaging.numbers import numbering


class Repair(StrEnum):
    """What was changed, in the order screens list it."""

    SPACES = "spaces"
    ZERO_RESTORED = "zero_restored"
    TRUNK_ZERO = "trunk_zero"
    INTERNATIONAL_PREFIX = "international_prefix"
    PLUS_ADDED = "plus_added"
    OVERSEAS_PREFIX = "overseas_prefix"
    DECIMALS_CUT = "decimals_cut"
    QUOTES = "quotes"
    PUNCTUATION = "punctuation"


class PhoneProblem(StrEnum):
    """Why a cell gives no number a text can reach."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    INVALID_RANGE = "invalid_range"
    UNKNOWN_COUNTRY = "unknown_country"
    LANDLINE = "landline"
    PREMIUM = "premium"
    SPECIAL_RATE = "special_rate"
    SHORT_CODE = "short_code"
    VOIP = "voip"
    MULTIPLE_NUMBERS = "multiple_numbers"
    EXCEL_SCIENTIFIC = "excel_scientific"


EXPLANATIONS = {
    PhoneProblem.EMPTY: "The cell is empty.",
    PhoneProblem.NOT_A_NUMBER: "This is not a phone number; correct the cell.",
    PhoneProblem.TOO_SHORT: "Digits are missing.",
    PhoneProblem.TOO_LONG: "There are too many digits.",
    PhoneProblem.INVALID_RANGE: "No number of this country starts like this; check the digits.",
    PhoneProblem.UNKNOWN_COUNTRY: "The country code does not exist.",
    PhoneProblem.LANDLINE: "This is a landline, which receives no text; give a mobile number.",
    PhoneProblem.PREMIUM: "This is a premium-rate number; give a mobile number.",
    PhoneProblem.SPECIAL_RATE: "This is a service number, which receives no text; give a mobile number.",
    PhoneProblem.SHORT_CODE: "This is a short code; give a mobile number.",
    PhoneProblem.VOIP: "This is a number of an internet phone line; give a mobile number.",
    PhoneProblem.MULTIPLE_NUMBERS: "The cell holds several numbers; keep one.",
    PhoneProblem.EXCEL_SCIENTIFIC: "The spreadsheet rounded the number to a power of ten and digits are lost; "
    "format the column as text and enter it again.",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A number a text can reach. `ambiguous` asks a person to look: it may belong to another territory."""

    e164: str
    territory: str
    repairs: tuple[Repair, ...] = ()
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Why the cell gives no usable number."""

    problem: PhoneProblem

    @property
    def message(self) -> str:
        """One English sentence: what is wrong and what to do."""
        return EXPLANATIONS[self.problem]


_QUOTES = "'\"‘’‚‛“”„‟«»‹›`´"
_PUNCTUATION = ".-‐‑‒–—―−/()[],;:|_·•\\"
_LETTERS_OR_SIGNS = re.compile(rf"[^0-9+{re.escape(_PUNCTUATION)}]")
_SCIENTIFIC = re.compile(r"(\+?)(\d+)(?:[.,](\d+))?[eE](\+|-|−)?(\d{1,3})")
_DECIMAL_NUMBER = re.compile(r"(?:0|[1-9]\d*)[.,]\d+")
_ALTERNATIVES = re.compile(r"[/;,|\n\r\t&]|\b(?:ou|or|et|and)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"(?:(?:\+|00)[1-9]\d{7,14}?|0[1-9]\d{8}){2,}")
_NUMBER_DIGITS = 8  # fewer than this beside a separator is an extension or a stray digit, not a second number
_LONGEST_CELL = 256
_SEVERAL_DIGITS = range(16, 46)  # E.164 stops at 15 digits; past 45 the cell is no list of numbers
_SHORT_CODE = re.compile(r"11[68]\d{3}|3\d{3,4}")
_AMBIGUOUS_WITHOUT_PLUS = ("681", "687")  # Wallis-et-Futuna and New Caledonia, nine digits in E.164

_mainland = PhoneMetadata.metadata_for_region(numbering.MAINLAND)
if _mainland is None or _mainland.mobile is None or _mainland.mobile.national_number_pattern is None:
    raise ImportError("phonenumbers holds no French plan; install it again")
_MAINLAND_MOBILE = re.compile(_mainland.mobile.national_number_pattern)

_KINDS = {
    PhoneNumberType.FIXED_LINE: PhoneProblem.LANDLINE,
    PhoneNumberType.PREMIUM_RATE: PhoneProblem.PREMIUM,
    PhoneNumberType.TOLL_FREE: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.SHARED_COST: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.UAN: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.PERSONAL_NUMBER: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.PAGER: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.VOICEMAIL: PhoneProblem.SPECIAL_RATE,
    PhoneNumberType.VOIP: PhoneProblem.VOIP,
}
_LENGTHS = {
    ValidationResult.TOO_SHORT: PhoneProblem.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: PhoneProblem.TOO_SHORT,
    ValidationResult.TOO_LONG: PhoneProblem.TOO_LONG,
    ValidationResult.INVALID_LENGTH: PhoneProblem.TOO_LONG,
    ValidationResult.INVALID_COUNTRY_CODE: PhoneProblem.UNKNOWN_COUNTRY,
}


class _RefusedError(Exception):
    """Leaves the reading as soon as a problem is certain; never leaves this module."""

    def __init__(self, problem: PhoneProblem) -> None:
        super().__init__(problem)
        self.problem = problem


def read_phone(typed: str, region: str = numbering.MAINLAND) -> Phone | Unreachable:
    """Read a cell or a form field. `region` is the ISO code a number without a country belongs to.

    Raises InvalidInput("unknown_region") when `region` is not an ISO code with a numbering plan.
    """
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput("unknown_region", "The region must be an ISO country code such as FR.")
    if region == numbering.MAINLAND and _plain_mobile(typed):
        return Phone("+33" + typed[1:], region)
    repairs: set[Repair] = set()
    try:
        digits = _digits(typed, repairs)
        e164, territory, ambiguous = _place_in_plan(digits, region, repairs)
    except _RefusedError as refused:
        return Unreachable(refused.problem)
    return Phone(e164, territory, tuple(repair for repair in Repair if repair in repairs), ambiguous)


def require_phone(typed: str, region: str = numbering.MAINLAND) -> str:
    """E.164. Raises InvalidInput with the problem `read_phone` finds."""
    read = read_phone(typed, region)
    if not isinstance(read, Phone):
        raise InvalidInput(read.problem, read.message)
    return read.e164


def _plain_mobile(typed: str) -> bool:
    return (
        len(typed) == 10
        and typed[0] == "0"
        and typed.isascii()
        and _MAINLAND_MOBILE.fullmatch(typed, 1) is not None
    )


# From a cell to digits, with a leading plus when the country is given.


def _digits(typed: str, repairs: set[Repair]) -> str:
    bare = _without_spaces(typed, repairs)
    bare = _without_quotes(bare, repairs)
    if not bare:
        raise _RefusedError(PhoneProblem.EMPTY)
    if len(bare) > _LONGEST_CELL:
        raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
    if _several_numbers(typed, bare):
        raise _RefusedError(PhoneProblem.MULTIPLE_NUMBERS)
    bare = _without_decimals(_expanded(bare), repairs)
    if _LETTERS_OR_SIGNS.search(bare) or bare[0] in "-‐‑‒–—―−" or "+" in bare.lstrip("([+"):
        raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
    return _without_punctuation(bare, repairs)


def _without_spaces(typed: str, repairs: set[Repair]) -> str:
    kept: list[str] = []
    for char in typed:
        category = unicodedata.category(char)
        if category in {"Zs", "Zl", "Zp", "Cf"} or char in "\t\n\r\v\f":
            repairs.add(Repair.SPACES)
        elif category == "Nd":
            kept.append(str(unicodedata.decimal(char)))
        else:
            # Full-width signs (＋, －, （) come from Asian keyboards and say the same as the plain ones.
            kept.append(unicodedata.normalize("NFKC", char) if "\uff00" <= char <= "\uff0f" else char)
    return "".join(kept)


def _without_quotes(bare: str, repairs: set[Repair]) -> str:
    unquoted = bare.strip(_QUOTES)
    if unquoted.startswith("=") and unquoted[1:2] in {"", *_QUOTES, *"+0123456789"}:
        unquoted = unquoted[1:].strip(_QUOTES)
    if unquoted != bare:
        repairs.add(Repair.QUOTES)
    return unquoted


def _several_numbers(typed: str, bare: str) -> bool:
    for pieces in (_ALTERNATIVES.split(typed), typed.split()):
        if sum(_count_digits(piece) >= _NUMBER_DIGITS for piece in pieces) > 1:
            return True
    run = re.sub(r"[^0-9+]", "", bare.replace("(0)", ""))
    return _count_digits(run) in _SEVERAL_DIGITS and _SEVERAL.fullmatch(run) is not None


def _count_digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)


def _expanded(bare: str) -> str:
    """A power of ten written out, when no digit of it is missing."""
    match = _SCIENTIFIC.fullmatch(bare)
    if match is None:
        return bare
    plus, whole, fraction, sign, exponent = match.groups(default="")
    power = int(exponent)
    if sign in {"-", "−"} and power > 0:
        raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
    if len(fraction) < power:
        raise _RefusedError(PhoneProblem.EXCEL_SCIENTIFIC)
    if fraction[power:].strip("0"):
        raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
    return plus + whole + fraction[:power]


def _without_decimals(bare: str, repairs: set[Repair]) -> str:
    """Cut decimals that are all zero; dots between groups of digits are left for later."""
    cut = max(bare.rfind("."), bare.rfind(","))
    if cut < 0:
        return bare
    head, mark, tail = bare[:cut], bare[cut], bare[cut + 1 :]
    alone = mark not in head
    if alone and _count_digits(head) > _NUMBER_DIGITS and tail.isdecimal():
        if tail.strip("0"):
            raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
        repairs.add(Repair.DECIMALS_CUT)
        return head
    if _DECIMAL_NUMBER.fullmatch(bare):
        if tail.strip("0"):
            raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
        repairs.add(Repair.DECIMALS_CUT)
        return head
    return bare


def _without_punctuation(bare: str, repairs: set[Repair]) -> str:
    """Digits, after a plus when there is one. A "(0)" after a country code is dropped as the trunk zero it is."""
    match = re.fullmatch(r"(\W*(?:\+|00)?\W*[1-9][^(]*)\(0\)(.+)", bare)
    if match is not None and not re.match(r"\W*0[1-9]", bare):
        repairs.add(Repair.TRUNK_ZERO)
        bare = match[1] + match[2]
    plain = bare.translate({ord(mark): None for mark in _PUNCTUATION})
    if plain != bare:
        repairs.add(Repair.PUNCTUATION)
    if not plain.strip("+") or plain.startswith("++"):
        raise _RefusedError(PhoneProblem.NOT_A_NUMBER)
    return plain


# From digits to a number of some plan.


def _place_in_plan(digits: str, region: str, repairs: set[Repair]) -> tuple[str, str, bool]:
    ambiguous = False
    if region in numbering.SHARED_PLAN and not digits.startswith("+"):
        own = numbering.TERRITORIES[region].calling_code
        ambiguous = len(digits) == 9 and digits.startswith(_AMBIGUOUS_WITHOUT_PLUS)
        digits = _with_country(digits, own, repairs)
    if digits.startswith("+33"):
        digits = _mainland_or_overseas(digits, region, repairs)
    number = _parsed(digits, region, repairs)
    return *_reachable(number), ambiguous


def _with_country(digits: str, own: str, repairs: set[Repair]) -> str:
    """A number typed in the shared French plan, with its plus; unchanged when the plan has no such form."""
    if digits.startswith("00") and digits[2:3] != "0":
        repairs.add(Repair.INTERNATIONAL_PREFIX)
        return "+" + digits[2:]
    if digits.startswith("0"):
        if len(digits) != 10:
            raise _RefusedError(PhoneProblem.TOO_SHORT if len(digits) < 10 else PhoneProblem.TOO_LONG)
        return "+33" + digits[1:]
    if len(digits) == 9 and digits[0] in "67":
        block = numbering.overseas_block(digits)
        if block is None or numbering.TERRITORIES[block.territory].calling_code == own:
            repairs.add(Repair.ZERO_RESTORED)
        return "+33" + digits
    for calling_code in numbering.MAIN_TERRITORY:
        national = digits.removeprefix(calling_code)
        if national != digits and len(national.removeprefix("0")) == 9:
            repairs.add(Repair.PLUS_ADDED)
            return "+" + digits
    return digits


def _mainland_or_overseas(digits: str, region: str, repairs: set[Repair]) -> str:
    """A +33 number without its trunk zero, moved to the overseas calling code its block belongs to."""
    national = digits[3:]
    if len(national) == 10 and national[0] == "0":
        repairs.add(Repair.TRUNK_ZERO)
        national = national[1:]
    block = numbering.overseas_block(national) if len(national) == 9 else None
    if block is None:
        return "+33" + national
    calling_code = numbering.TERRITORIES[block.territory].calling_code
    own = numbering.TERRITORIES[region].calling_code if region in numbering.SHARED_PLAN else ""
    if calling_code != own:
        repairs.add(Repair.OVERSEAS_PREFIX)
    return "+" + calling_code + national[block.drop :]


def _parsed(digits: str, region: str, repairs: set[Repair]) -> phonenumbers.PhoneNumber:
    if not digits.startswith("+") and _is_short_code(digits, region):
        raise _RefusedError(PhoneProblem.SHORT_CODE)
    try:
        number = phonenumbers.parse(digits, region, keep_raw_input=True)
    except phonenumbers.NumberParseException as failed:
        raise _RefusedError(_parse_problem(failed)) from None
    source = number.country_code_source
    if source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD:
        repairs.add(Repair.INTERNATIONAL_PREFIX)
    elif source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN:
        repairs.add(Repair.PLUS_ADDED)
    national = phonenumbers.national_significant_number(number)
    if digits.startswith(f"+{number.country_code}0{national}"):
        repairs.add(Repair.TRUNK_ZERO)
    elif digits == national and phonenumbers.ndd_prefix_for_region(region, True) == "0":
        repairs.add(Repair.ZERO_RESTORED)
    return number


def _is_short_code(digits: str, region: str) -> bool:
    if region in numbering.SHARED_PLAN and _SHORT_CODE.fullmatch(digits):
        return True
    if len(digits) > 6:
        return False
    short = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(region), national_number=int(digits)
    )
    return digits[0] != "0" and shortnumberinfo.is_valid_short_number_for_region(short, region)


def _parse_problem(failed: phonenumbers.NumberParseException) -> PhoneProblem:
    if failed.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        return PhoneProblem.UNKNOWN_COUNTRY
    if failed.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return PhoneProblem.TOO_LONG
    return PhoneProblem.TOO_SHORT


def _reachable(number: phonenumbers.PhoneNumber) -> tuple[str, str]:
    length = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(number))
    if length is not None:
        raise _RefusedError(length)
    if not phonenumbers.is_valid_number(number):
        raise _RefusedError(PhoneProblem.INVALID_RANGE)
    kind = _KINDS.get(phonenumbers.number_type(number))
    if kind is not None:
        raise _RefusedError(kind)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    territory = numbering.french_territory(e164) or phonenumbers.region_code_for_number(number)
    if territory is None or territory == "001":
        # Satellite and other worldwide codes: valid, but no operator's route leads there.
        raise _RefusedError(PhoneProblem.SPECIAL_RATE)
    return e164, territory
