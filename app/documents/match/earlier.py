"""What a person's earlier payslips say of a new one: whose staff number it was, and which link would close. Pure.

A staff number is one organisation's own, and may pass from one person to another, or belong to two when a list of
another establishment is uploaded by mistake. So nothing that was sent to somebody of another name is replaced unless a
person says so for that very row.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.documents.match.release import Finding, Severity, Subject
from app.documents.match.same_name import same_name

LINK_OF_OTHER = "link_of_other"


class EarlierDocument(NamedTuple):
    """A document this staff number already has for the month: whose `name` it bears, whether its pages are the very
    same, and whether it opens with a password."""

    name: str
    same_content: bool
    with_password: bool


def earlier_findings(
    name: str, last_name: str, received: Sequence[EarlierDocument], *, with_password: bool
) -> tuple[Finding, ...]:
    """`name` is the one of the list, `last_name` that of the number's last batch ("" for none), `received` what the
    number has for this month; `with_password` whether the new document opens with one."""
    own = [document for document in received if same_name(name, document.name)]
    others = list(dict.fromkeys(document.name for document in received if document not in own))
    was = "" if same_name(name, last_name) else last_name
    if not was and others and not own:
        was = others[0]
    findings = []
    if was:
        findings.append(Finding("person_changed", Severity.BLOCKING, Subject.PERSON, was))
    if any(document.same_content for document in received):
        findings.append(Finding("already_sent", Severity.BLOCKING, Subject.PAGES))
    elif own:
        findings.append(Finding("replaces_earlier", Severity.WARNING, Subject.PAGES, own[0].name))
    if not with_password and any(document.with_password for document in received):
        findings.append(Finding("password_dropped", Severity.BLOCKING, Subject.ACCESS_CODE))
    if others:
        findings.append(Finding(LINK_OF_OTHER, Severity.WARNING, Subject.PERSON, ", ".join(others)))
    return tuple(findings)


def is_replaced(name: str, earlier_name: str, confirmed: Collection[str]) -> bool:
    """Whether a document takes the place of the one sent before for its staff number and month; `confirmed` are codes
    of findings that a person let go on its line."""
    return same_name(name, earlier_name) or LINK_OF_OTHER in confirmed
