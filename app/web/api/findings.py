"""Findings of a review in words, in the language the client asks for."""

from starlette.requests import Request

from app.usecases.batches.report_review import LineFinding
from app.web.texts import Translator, choose_language, texts


def translator(request: Request) -> Translator:
    """English, unless the client asks for French."""
    return texts().translator(choose_language(accept_language=request.headers.get("accept-language") or "en"))


def message(finding: LineFinding, t: Translator) -> str:
    """What was found and what to do about it."""
    refused = f"errors.pdf_{finding.problem}"
    if finding.problem and t.has(refused):
        return t.plain(refused, detail=finding.source)
    key = f"console.finding.{finding.code}"
    parts = [_word(part, t) for part in finding.detail.split(", ")]
    if t.has(f"{key}.one"):
        said = t.plain_plural(key, len(parts), detail=", ".join(parts))
    elif t.has(key):
        named = finding.detail and t.has(f"{key}_named")
        said = t.plain(f"{key}_named" if named else key, detail=", ".join(parts))
    else:
        return t.plain("console.review.other_finding", code=finding.code)
    help_key = f"console.finding_help.{finding.code}"
    return f"{said} {t.plain(help_key)}" if t.has(help_key) else said


def subject(finding: LineFinding, t: Translator) -> str:
    """The staff number with the row of the sheet, or the pages, whichever there is."""
    parts = [finding.staff_number] if finding.staff_number else []
    if finding.sheet_row is not None:
        parts.append(t.plain("api.row", row=str(finding.sheet_row)))
    elif finding.pages:
        parts.append(t.plain("api.pages", pages=", ".join(map(str, finding.pages))))
    return ", ".join(parts)


def _word(part: str, t: Translator) -> str:
    """Codes among the details have a word of their own; numbers stand for themselves."""
    key = f"console.detail.{part}"
    return t.plain(key) if t.has(key) else part
