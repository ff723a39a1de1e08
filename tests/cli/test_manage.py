"""What an operator does by hand, from an empty folder to a key that opens the API; and `pli doctor` on the way."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.cli.processes import Service, call, free_port

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one organisation, made by the command itself."""
    folder = tmp_path_factory.mktemp("manage") / "data"
    made = call(
        "org", "create", "Dupont & Fils", "--sender", "DUPONT", "--contact", "paie@example.com", folder=folder
    )
    assert (made.returncode, made.stdout) == (0, "dupont-fils\n"), made.stderr
    return folder


def test_an_organisation_is_listed_and_made_once(folder: Path) -> None:
    assert call("org", "list", folder=folder).stdout == "dupont-fils\tDupont & Fils\tstandard\n"

    again = call("org", "create", "Dupont & Fils", "--sender", "DUPONT", "--contact", "x", folder=folder)

    assert again.returncode == 1
    assert again.stderr == "pli: an organisation named dupont-fils exists already\n"


def test_an_account_gets_its_password_from_standard_input(folder: Path) -> None:
    given = ("user", "create", "ines@example.com", "--org", "dupont-fils", "--name", "Inès")

    short = call(*given, folder=folder, stdin="short\n")
    made = call(*given, folder=folder, stdin=PASSWORD + "\n")
    changed = call("user", "password", "INES@example.com", folder=folder, stdin=PASSWORD + " again\n")
    unknown = call("user", "password", "nobody@example.com", folder=folder, stdin=PASSWORD + "\n")

    assert (short.returncode, "at least 12 characters" in short.stderr) == (1, True)
    assert made.returncode == 0, made.stderr
    assert changed.returncode == 0, changed.stderr
    assert (unknown.returncode, "no account has that address" in unknown.stderr) == (1, True)


def test_a_key_opens_the_api_until_it_is_revoked(folder: Path) -> None:
    made = call("client", "create", "Paie", "--org", "dupont-fils", folder=folder)
    key = made.stdout.strip()
    headers = {"Authorization": f"Bearer {key}"}
    with Service("serve", "--no-worker", folder=folder, port=free_port()) as service:
        service.wait_for("pli: serving")
        assert httpx.get(f"{service.url}/v1/batches", headers=headers).status_code == 200
        assert key[:16] in call("client", "list", "--org", "dupont-fils", folder=folder).stdout
        assert call("client", "revoke", key[:16], "--org", "dupont-fils", folder=folder).returncode == 0
        assert httpx.get(f"{service.url}/v1/batches", headers=headers).status_code == 401
    assert service.status == 0
    listed = call("client", "list", "--org", "dupont-fils", folder=folder).stdout
    assert listed.endswith("\trevoked\n")
    assert key not in listed


def test_a_test_key_says_so_in_its_name(folder: Path) -> None:
    made = call("client", "create", "Essai", "--org", "dupont-fils", "--test", folder=folder)

    assert made.stdout.startswith("pli_test_")


def test_a_sound_journal_is_confirmed_and_a_changed_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    call("org", "create", "Martin", "--sender", "MARTIN", "--contact", "x", folder=folder)
    for name in ("One", "Two"):
        call("client", "create", name, "--org", "martin", folder=folder)

    sound = call("verify-journal", "martin", folder=folder)
    with sqlite3.connect(folder / "pli.db") as database:
        database.execute("UPDATE journal_event SET at = '2020-01-01 00:00:00' WHERE seq = 2")
    database.close()
    changed = call("verify-journal", "martin", folder=folder)

    assert (sound.returncode, sound.stdout[:22]) == (0, "2 events, all sound. H")
    assert changed.returncode == 1
    assert changed.stderr.startswith("Event 2 is not as it was written")
    assert call("verify-journal", "nobody", folder=folder).returncode == 1


def test_nothing_is_tried_again_where_nothing_stopped(folder: Path) -> None:
    done = call("retry", folder=folder)

    assert (done.returncode, done.stdout) == (0, "Nothing had stopped.\n")
    assert call("retry", "no-id", folder=folder).returncode == 2


def test_the_doctor_is_content_with_a_sound_installation(folder: Path) -> None:
    done = call("doctor", folder=folder)

    lines = done.stdout.splitlines()
    assert done.returncode == 0, lines
    assert [line.split(":")[0] for line in lines] == [
        f"ok    {name}"
        for name in (
            "settings",
            "data folder",
            "database",
            "keys",
            "epoch store",
            "blob store",
            "workers",
            "jobs",
            "given up",
        )
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PLI_PORT": "secret-value"}, "PLI_PORT: "),
        ({"PLI_ENVIRONMENT": "production"}, "PLI_APP_KEY or PLI_APP_KEY_FILE is required"),
        ({"PLI_APP_KEY": "secret-value"}, "is not 64 hexadecimal digits"),
        ({"PLI_APP_KEY": "ab" * 32}, "is not the key this database was sealed with"),
        (
            {"PLI_DATABASE_URL": "postgresql+psycopg://u:secret-value@localhost:1/x"},
            "the database did not answer",
        ),
        ({"PLI_TLS_CERT": "/nowhere/secret-value"}, "PLI_TLS_CERT"),
    ],
)
def test_the_doctor_names_what_is_wrong_and_repeats_no_value(
    folder: Path, settings: dict[str, str], said: str
) -> None:
    done = call("doctor", folder=folder, **settings)

    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert said.lower() in told.lower()
    assert "secret-value" not in told
    assert "Traceback" not in told


def test_the_doctor_says_what_to_do_in_an_empty_folder(tmp_path: Path) -> None:
    done = call("doctor", folder=tmp_path)

    assert done.returncode == 1
    assert "Start Pli, or run `pli db upgrade`." in done.stdout
    assert not (tmp_path / "pli.db").exists()

    assert call("db", "upgrade", folder=tmp_path).stdout == "The database is up to date.\n"
    assert call("doctor", folder=tmp_path).returncode == 0


def test_settings_that_cannot_be_used_stop_a_start_in_one_sentence(tmp_path: Path) -> None:
    for arguments in (("serve",), ("worker",), ("org", "list")):
        done = call(*arguments, folder=tmp_path, PLI_PORT="secret-value", PLI_UPLOAD_MAX_MB="0")

        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("pli: settings cannot be used. PLI_PORT: ")
        assert "PLI_UPLOAD_MAX_MB: " in line
        assert "secret-value" not in line


def test_a_worker_works_and_stops_when_asked(tmp_path: Path) -> None:
    with Service("worker", folder=tmp_path / "data", port=free_port()) as service:
        service.wait_for("pli: working")
    assert service.status == 0
    assert service.stopped_after < 5


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = call("org", "list", folder=tmp_path / "file")

    assert done.returncode == 1
    assert done.stderr == f"pli: {tmp_path / 'file'}: File exists.\n"
