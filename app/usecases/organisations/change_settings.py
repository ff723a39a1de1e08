"""Change the settings of an organisation; they hold for the next batches."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from app.core.errors import InvalidInput, NotFound
from app.db.models import Organisation, Sender
from app.db.queries import journal, organisations
from app.documents.match.numbers import compile_pattern
from app.evidence.tags import Tag
from app.runtime import Runtime
from links.policy import MOST_DAYS

PASSWORD_POLICIES: Final = ("sheet", "generated", "usual", "none")
PROFILES: Final = ("standard", "strict")
LONGEST_NAME, LONGEST_CONTACT, LONGEST_PATTERN = 120, 200, 400
# What networks take: at most eleven letters or digits, one letter at least.
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{3,11}")
_LINK_DAYS = re.compile(r"[0-9]{1,9}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class NewSettings:
    """As they were typed. `link_days` is text, because a form may hold anything."""

    name: str
    timezone: str
    staff_pattern: str
    profile: str
    sender_name: str
    contact: str
    contact_phone: str
    brand_colour: str
    password_policy: str
    link_days: str
    rcs_enabled: bool


def change_settings(rt: Runtime, organisation_id: UUID, new: NewSettings, actor: str) -> Mapping[str, str]:
    """What is wrong, as a code by field; empty when everything was saved. Raises NotFound."""
    now = rt.now()
    with rt.begin() as session:
        organisation = organisations.get(session, organisation_id)
        if organisation is None:
            raise NotFound("organisation_unknown", "this organisation does not exist")
        contact_phone = _contact_phone(new.contact_phone, organisation.region)
        problems = _problems(new)
        if contact_phone is None:
            problems["contact_phone"] = "contact_phone_invalid"
        if problems:
            return problems
        values = asdict(new) | {
            "name": " ".join(new.name.split()),
            "contact": " ".join(new.contact.split()),
            "staff_pattern": new.staff_pattern.strip(),
            "contact_phone": contact_phone,
            "link_days": int(new.link_days),
        }
        changed = [each.name for each in fields(new) if getattr(organisation, each.name) != values[each.name]]
        if not changed:
            return {}
        for name in changed:
            setattr(organisation, name, values[name])
        session.add(organisation)
        _rename_senders(organisation, organisations.every_sender(session, organisation_id))
        entry = journal.Entry(Tag.ORGANISATION_CHANGED, organisation_id, {"fields": changed, "by": actor})
        journal.append(session, rt.vault, organisation_id, [entry], now)
    return {}


def _problems(new: NewSettings) -> dict[str, str]:
    checks = {
        "name": (0 < len(" ".join(new.name.split())) <= LONGEST_NAME, "name_invalid"),
        "contact": (0 < len(" ".join(new.contact.split())) <= LONGEST_CONTACT, "contact_invalid"),
        "sender_name": (_SENDER.fullmatch(new.sender_name) is not None, "sender_name_invalid"),
        "brand_colour": (_COLOUR.fullmatch(new.brand_colour) is not None, "colour_invalid"),
        "timezone": (_is_zone(new.timezone), "timezone_unknown"),
        "profile": (new.profile in PROFILES, "profile_unknown"),
        "password_policy": (new.password_policy in PASSWORD_POLICIES, "password_policy_unknown"),
        "link_days": (
            _LINK_DAYS.fullmatch(new.link_days) is not None and 1 <= int(new.link_days) <= MOST_DAYS,
            "link_days",
        ),
        "staff_pattern": (_is_pattern(new.staff_pattern.strip()), "staff_pattern_invalid"),
    }
    problems = {field: code for field, (good, code) in checks.items() if not good}
    if not problems and new.profile == "strict" and new.password_policy == "usual":
        problems["password_policy"] = "usual_needs_standard"
    return problems


def _contact_phone(typed: str, region: str) -> str | None:
    """E.164, empty for none, None for what cannot be dialled. A landline is fine: people call it."""
    if not typed.strip():
        return ""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _rename_senders(organisation: Organisation, senders: Iterable[Sender]) -> None:
    """Messages name the organisation as its settings do: the first sender that shows a name, and the first agent."""
    names = {"name": organisation.sender_name, "rcs_agent": organisation.name[:40]}
    for sender in senders:
        sender.address = names.pop(sender.kind, sender.address)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_pattern(pattern: str) -> bool:
    if not pattern:
        return True
    try:
        compile_pattern(pattern)
    except InvalidInput:
        return False
    return len(pattern) <= LONGEST_PATTERN
