"""What the repository must never hold, and what must stay small."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file does not hold them itself.
REGISTRY_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry.np" + "mjs", "deb.deb" + "ian.org")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me)/\w")
LONGEST_MODULE = 400
GENERATED = ("alembic/versions/",)


def tracked() -> list[Path]:
    """Every text file under version control, or in the tree where there is none."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\n") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [path for path in ROOT.rglob("*") if path.is_file()]
    return [path for path in found if path.is_file() and ".venv" not in path.parts and path.suffix != ".br"]


def text_of(path: Path) -> str:
    """The text, or nothing for a binary file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_a_package_registry(host: str) -> None:
    assert [str(path) for path in tracked() if host in text_of(path)] == []


def test_no_file_names_a_path_of_a_machine() -> None:
    vendored = ROOT / "static" / "vendor"
    assert [
        str(path)
        for path in tracked()
        if not path.is_relative_to(vendored) and MACHINE_PATHS.search(text_of(path))
    ] == []


def test_the_migrations_folder_does_not_hide_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_module_of_the_product_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("app", "links", "rcs")
        if (count := len(text_of(path).splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_every_file_the_pages_name_exists() -> None:
    pages = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
    named = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"`((?:tests|docs|app|links|rcs)/[A-Za-z0-9_./]+)`", text_of(page))
    }
    assert named
    assert {pair for pair in named if not (ROOT / pair[1]).exists()} == set()
