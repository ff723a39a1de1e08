"""What a phone, read from a sheet or corrected by a clerk, gives to look at before anything leaves. Pure."""

from collections.abc import Collection

from app.documents.match.release import DEAD_PHONE, Finding, Severity, Subject
from app.messaging.numbers.phone import Phone, PhoneProblem, Repair, Unreachable

_UNREACHABLE = frozenset(
    {
        PhoneProblem.LANDLINE,
        PhoneProblem.PREMIUM,
        PhoneProblem.SPECIAL_RATE,
        PhoneProblem.SHORT_CODE,
        PhoneProblem.VOIP,
    }
)
# Other ways to write the same digits. The other repairs add, drop or replace digits, so a person looks at them.
_COSMETIC_REPAIRS = frozenset(
    {
        Repair.SPACES,
        Repair.PUNCTUATION,
        Repair.QUOTES,
        Repair.PLUS_ADDED,
        Repair.INTERNATIONAL_PREFIX,
        Repair.TRUNK_ZERO,
    }
)


def phone_findings(
    phone: Phone | Unreachable, last: str | None, sharing: Collection[str], dead_since: str = ""
) -> tuple[Finding, ...]:
    """`last` is the number of the person's last batch, `sharing` the staff numbers of others with the same phone,
    `dead_since` the month (2026-10) in which a text to the number failed for good."""
    if isinstance(phone, Unreachable):
        code = "phone_unreachable" if phone.problem in _UNREACHABLE else "phone_invalid"
        code = "phone_empty" if phone.problem is PhoneProblem.EMPTY else code
        return (Finding(code, Severity.BLOCKING, Subject.PHONE, phone.problem),)
    findings = []
    if phone.repairs:
        severity = Severity.INFO if _COSMETIC_REPAIRS.issuperset(phone.repairs) else Severity.WARNING
        findings.append(Finding("phone_repaired", severity, Subject.PHONE, ", ".join(phone.repairs)))
    if phone.ambiguous:
        findings.append(Finding("phone_ambiguous", Severity.WARNING, Subject.PHONE, phone.territory))
    if dead_since:
        findings.append(Finding(DEAD_PHONE, Severity.WARNING, Subject.PHONE, dead_since))
    if last is not None and last != phone.e164:
        findings.append(Finding("number_changed", Severity.BLOCKING, Subject.PHONE, last))
    if sharing:
        findings.append(same_phone(sharing))
    return tuple(findings)


def same_phone(sharing: Collection[str]) -> Finding:
    """One phone for several people: usual in a family, otherwise a mistake."""
    return Finding("same_phone", Severity.WARNING, Subject.PHONE, ", ".join(sorted(sharing)))
