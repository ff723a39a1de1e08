"""`pli send` against a live service: what it prints, what it leaves behind, and its exit status."""

from datetime import date
from pathlib import Path

import httpx
import pytest

from app.cli.sending import how_far, refusal, translator, unreachable
from app.documents.match.release import State
from app.documents.sample_payroll import make_sample
from tests.cli.conftest import Demo
from tests.cli.processes import free_port, run


@pytest.fixture
def payroll(tmp_path: Path) -> tuple[Path, Path]:
    """A payroll with the sample's mistakes."""
    sample = make_sample(41, date(2026, 2, 1))
    pdf, sheet = tmp_path / "paie.pdf", tmp_path / "effectif.xlsx"
    pdf.write_bytes(sample.pdf)
    sheet.write_bytes(sample.sheet_xlsx)
    return pdf, sheet


def clean_payroll(folder: Path, seed: int, month: date) -> tuple[Path, Path]:
    """A payroll in which nothing blocks: the faultless people of a sample, with staff numbers of their own."""
    from dataclasses import replace

    from app.documents.sample_payslips import draw_payslips

    people = [
        replace(
            person, staff_number=f"{seed:04d}{at:04d}", phone=f"06 00 {seed:02d} 00 {at:02d}", objects=False
        )
        for at, person in enumerate(make_sample(seed, month).people)
    ]
    pdf, sheet = folder / "juste.pdf", folder / "juste.csv"
    pdf.write_bytes(draw_payslips(people, month))
    rows = ["Matricule;Nom;Prénom;Portable;Code d'accès"]
    rows += [f"{p.staff_number};{p.last_name};{p.first_name};{p.phone};{p.access_code}" for p in people]
    sheet.write_text("\n".join(rows))
    return pdf, sheet


def state_of(demo: Demo, batch: str) -> str:
    answer = httpx.get(f"{demo.url}/v1/batches/{batch}", headers={"Authorization": f"Bearer {demo.api_key}"})
    return str(answer.json()["state"])


def test_it_stops_in_review_with_status_3_when_something_blocks(
    demo: Demo, tmp_path: Path, payroll: tuple[Path, Path]
) -> None:
    pdf, sheet = payroll

    done = run(
        "send",
        pdf,
        "--people",
        sheet,
        "--release",
        folder=tmp_path,
        PLI_URL=demo.url,
        PLI_API_KEY=demo.api_key,
    )

    shown = done.stderr.decode()
    assert done.returncode == 3, shown
    assert "phone_" not in shown
    assert "takes no text messages" in shown
    assert "Nothing was sent." in shown
    assert f"{demo.url}/app/batches/" in shown
    assert state_of(demo, done.stdout.decode().strip()) == "in_review"


def test_a_dry_run_shows_the_review_and_cancels_the_batch(
    demo: Demo, tmp_path: Path, payroll: tuple[Path, Path]
) -> None:
    pdf, sheet = payroll

    done = run(
        "send",
        pdf,
        "--people",
        sheet,
        "--dry-run",
        folder=tmp_path,
        PLI_URL=demo.url,
        PLI_API_KEY=demo.api_key,
    )

    assert done.returncode == 3
    assert "the batch is cancelled and nothing was sent" in done.stderr.decode()
    assert state_of(demo, done.stdout.decode().strip()) == "cancelled"


def test_a_faultless_payroll_waits_for_a_person_unless_it_is_to_be_released(
    demo: Demo, tmp_path: Path
) -> None:
    pdf, sheet = clean_payroll(tmp_path, 51, date(2026, 3, 1))
    given = ("send", pdf, "--people", sheet, "--title", "Paie [mars]", "--idempotency-key", "mars")

    waiting = run(*given, folder=tmp_path, PLI_URL=demo.url, PLI_API_KEY=demo.api_key)

    batch = waiting.stdout.decode().strip()
    assert waiting.returncode == 0, waiting.stderr.decode()
    assert "Nothing blocks." in waiting.stderr.decode()
    assert "Paie [mars]" in waiting.stderr.decode()
    assert state_of(demo, batch) == "in_review"

    released = run(*given, "--release", folder=tmp_path, PLI_URL=demo.url, PLI_API_KEY=demo.api_key)

    assert released.returncode == 0, released.stderr.decode()
    assert released.stdout.decode().strip() == batch
    assert state_of(demo, batch) in ("releasing", "released", "finished")


def test_what_holds_the_whole_batch_is_told_in_the_language_of_the_terminal(
    demo: Demo, tmp_path: Path
) -> None:
    pdf, sheet = clean_payroll(tmp_path, 52, date(2026, 4, 1))
    given = ("send", pdf, "--people", sheet)
    service = {"PLI_URL": demo.url, "PLI_API_KEY": demo.api_key}
    assert run(*given, folder=tmp_path, **service).returncode == 0

    french = run(*given, folder=tmp_path, LANG="fr_FR.UTF-8", **service)
    english = run(*given, "--language", "en", folder=tmp_path, LANG="fr_FR.UTF-8", **service)
    month = run(*given, "--period", "2026-05", "--dry-run", folder=tmp_path, **service)

    shown = " ".join(french.stderr.decode().split())
    assert french.returncode == 3, shown
    assert "bloquant tout l’envoi : Ces fichiers ont déjà été déposés" in shown
    assert "Confirmez-le sur la page de relecture" in shown
    assert "Rien n’est parti. Réglez ce qui bloque : http" in shown
    assert "same_files" not in shown
    shown = " ".join(english.stderr.decode().split())
    assert "blocking whole batch: These files were uploaded before" in shown
    assert "Confirm it on the review page, or cancel the batch there" in shown
    shown = " ".join(month.stderr.decode().split())
    assert "send again with the right --period" in shown


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("fr_FR.UTF-8", "fr"),
        ("fr", "fr"),
        ("en_GB.UTF-8", "en"),
        ("de_DE.UTF-8", "en"),
        ("C", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_that_of_the_terminal(locale: str, language: str) -> None:
    assert translator(locale).lang == language


@pytest.mark.parametrize("state", [*State, "excluded"])
def test_every_verdict_has_a_name_in_both_languages(state: str) -> None:
    for language in ("fr", "en"):
        assert translator(language).has(f"send.of.{state}")


def test_the_waiting_says_how_many_pages_are_read() -> None:
    t = translator("en")
    assert how_far({"pages_read": 0, "page_count": 0}, t) == "Reading and matching"
    assert how_far({"pages_read": 312, "page_count": 0}, t) == "312 pages read"
    assert how_far({"pages_read": 1312, "page_count": 2000}, t) == "1,312 of 2,000 pages read"


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"PLI_API_KEY": ""}, 2, "No API key."),
        ({"PLI_API_KEY": "pli_live_1111111_" + "1" * 32}, 1, "not known or was revoked"),
        ({"PLI_URL": "http://localhost:{unused}", "PLI_API_KEY": "x"}, 1, "cannot be reached"),
        ({"PLI_URL": "nonsense", "PLI_API_KEY": "x"}, 1, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    demo: Demo, tmp_path: Path, payroll: tuple[Path, Path], settings: dict[str, str], status: int, said: str
) -> None:
    pdf, sheet = payroll
    given = {name: value.format(unused=free_port()) for name, value in settings.items()}

    done = run("send", pdf, "--people", sheet, folder=tmp_path, **{"PLI_URL": demo.url, **given})

    assert done.returncode == status
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert "1" * 32 not in done.stderr.decode()


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"PLI_API_KEY": ""}, 2, "Pas de clé d’API."),
        ({"PLI_URL": "http://localhost:{unused}", "PLI_API_KEY": "x"}, 1, "ne peut pas être joint"),
        ({"PLI_URL": "http://localhost:port", "PLI_API_KEY": "x"}, 1, "inutilisables telles quelles"),
    ],
)
def test_what_goes_wrong_on_the_way_is_told_in_french_too(
    tmp_path: Path, payroll: tuple[Path, Path], settings: dict[str, str], status: int, said: str
) -> None:
    pdf, sheet = payroll
    given = {name: value.format(unused=free_port()) for name, value in settings.items()}

    done = run("send", pdf, "--people", sheet, folder=tmp_path, LANG="fr_FR.UTF-8", **given)

    assert done.returncode == status
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_each_way_a_conversation_breaks_has_its_own_words_and_the_key_to_repeat_it(locale: str) -> None:
    t = translator(locale)
    said = {
        error: unreachable("http://pli.test", "mars", error("socket"), t)
        for error in (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadTimeout, httpx.RemoteProtocolError)
    }

    assert said[httpx.ConnectTimeout].replace("ConnectTimeout", "ConnectError") == said[httpx.ConnectError]
    assert len(set(said.values())) == len(said)
    for error in (httpx.ReadTimeout, httpx.RemoteProtocolError):
        assert "--idempotency-key mars" in said[error]
    assert all("http://pli.test" in sentence and "socket" not in sentence for sentence in said.values())


def test_a_refusal_is_told_in_the_words_of_the_screens() -> None:
    problem = {
        "title": "L’état a changé entre-temps",
        "code": "already_released",
        "detail": "the batch was released already",
        "errors": [{"pointer": "batch", "detail": "released"}],
    }

    said = refusal(problem, translator("fr"))

    assert said.startswith("L’état a changé entre-temps (already_released)\u00a0: Cet envoi est déjà validé")
    assert said.endswith("; batch: released")
    assert refusal({**problem, "code": "new_code"}, translator("en")).count("the batch was released already")


def test_options_the_service_refuses_are_named(
    demo: Demo, tmp_path: Path, payroll: tuple[Path, Path]
) -> None:
    pdf, sheet = payroll

    done = run(
        "send",
        pdf,
        "--people",
        sheet,
        "--period",
        "soon",
        folder=tmp_path,
        PLI_URL=demo.url,
        PLI_API_KEY=demo.api_key,
    )

    assert done.returncode == 1
    assert "#/options/period" in done.stderr.decode()
