"""Front-end files: what is shipped is what was locked, and browsers get it compressed, typed and kept."""

import json
import re
import shutil
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from app.web.static_files import STATIC, StaticFiles, static_url
from tests.web.client import TestClient
from tools import vendor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", StaticFiles())]))


def test_vendored_files_are_the_locked_ones_and_compressed_copies_are_fresh() -> None:
    assert vendor.check() == []


def test_a_changed_a_missing_and_a_stray_file_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(vendor.VENDOR / "htmx", tmp_path / "vendor" / "htmx")
    whole: dict[str, object] = json.loads(vendor.LOCK.read_text())
    (tmp_path / "lock.json").write_text(
        json.dumps({key: whole[key] for key in whole if key.startswith("htmx/")})
    )
    (tmp_path / "compressed.json").write_text("{}")
    for name, value in (
        ("STATIC", ""),
        ("VENDOR", "vendor"),
        ("LOCK", "lock.json"),
        ("COMPRESSED", "compressed.json"),
    ):
        monkeypatch.setattr(vendor, name, tmp_path / value)
    (tmp_path / "vendor/htmx/htmx.min.js").write_text("alert(1)")
    (tmp_path / "vendor/htmx/LICENSE").unlink()
    (tmp_path / "vendor/htmx/extra.js").write_text("1")
    problems = vendor.check()
    assert "changed: htmx/htmx.min.js" in problems
    assert "missing: htmx/LICENSE" in problems
    assert "not in the lock: htmx/extra.js" in problems
    assert any(problem.endswith("vendor/htmx/extra.js has changed") for problem in problems)


def test_each_package_ships_its_licence() -> None:
    folders = {Path(name).parts[0] for name in json.loads(vendor.LOCK.read_text())}
    assert all((vendor.VENDOR / folder / "LICENSE").is_file() for folder in folders)


def test_locks_name_no_registry_and_every_package_by_its_hash() -> None:
    for path in (ROOT / "package-lock.json", ROOT / "tools" / "browser" / "package-lock.json"):
        packages = json.loads(path.read_text())["packages"]
        named = {name: entry for name, entry in packages.items() if name}
        assert named
        assert all(
            "resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in named.values()
        )
    assert not re.search(r"https?:", vendor.LOCK.read_text())


def test_a_browser_that_takes_brotli_gets_the_compressed_file_and_its_true_type(client: TestClient) -> None:
    plain = client.get("/static/vendor/htmx/htmx.min.js", headers={"Accept-Encoding": "gzip"})
    small = client.get("/static/vendor/htmx/htmx.min.js", headers={"Accept-Encoding": "gzip, br"})
    assert plain.headers.get("content-encoding") is None
    assert small.headers["content-encoding"] == "br"
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != small.headers["etag"]
    assert small.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.content == (STATIC / "vendor/htmx/htmx.min.js").read_bytes()


@pytest.mark.parametrize("refusal", ["gzip", "", "br;q=0", "br;q=0.0", "brx"])
def test_a_browser_that_does_not_take_brotli_gets_the_file_itself(client: TestClient, refusal: str) -> None:
    answer = client.get("/static/js/viewer.mjs", headers={"Accept-Encoding": refusal})
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_compressed_copy_of_an_older_content_is_not_served(tmp_path: Path) -> None:
    shutil.copytree(STATIC / "js", tmp_path / "js")
    shutil.copy(STATIC / "compressed.json", tmp_path)
    client = TestClient(Starlette(routes=[Mount("/static", StaticFiles(tmp_path))]))
    ask = {"Accept-Encoding": "br"}
    assert client.head("/static/js/console.js", headers=ask).headers["content-encoding"] == "br"
    (tmp_path / "js" / "console.js").write_text("// edited")
    edited = client.get("/static/js/console.js", headers=ask)
    assert "content-encoding" not in edited.headers
    assert edited.text == "// edited"


def test_only_addresses_that_change_with_their_content_are_kept_for_ever(client: TestClient) -> None:
    kept = [static_url("css/console.css"), "/static/vendor/pdfjs/pdf.min.mjs"]
    assert all("immutable" in client.head(address).headers["cache-control"] for address in kept)
    assert client.head("/static/js/dropzone.js").headers["cache-control"] == "no-cache"


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/static/js/dropzone.js", headers={"Accept-Encoding": "br"})
    again = client.get(
        "/static/js/dropzone.js", headers={"Accept-Encoding": "br", "If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["vary"] == "Accept-Encoding"


def test_an_address_for_a_missing_file_cannot_be_made(client: TestClient) -> None:
    with pytest.raises(FileNotFoundError):
        static_url("css/no-such.css")
    assert client.get("/static/css/no-such.css").status_code == 404
    assert client.get("/static/%2e%2e/pyproject.toml").status_code == 404
