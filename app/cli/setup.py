"""Settings and the application, for commands that need them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from app.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.settings import Settings
    from app.wiring import Application


def load_settings(**values: Any) -> "Settings":
    """From the environment; `values` win. Raises InvalidInput naming each setting that cannot be used, never its
    value."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings(**values)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
    problems = [_problem(entry["loc"], entry["msg"]) for entry in found]
    raise InvalidInput("settings", f"settings cannot be used. {' '.join(problems)} See docs/operations.md.")


@contextmanager
def opened() -> Iterator["Application"]:
    """The application for the length of one command; no worker runs."""
    settings = load_settings()
    from app import wiring

    application = wiring.build(settings)
    try:
        yield application
    finally:
        application.close()


def _problem(place: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return f"PLI_{str(place[0]).upper()}: {text}." if place else f"{text}."
