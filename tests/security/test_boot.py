"""A start with a key that is not the database's stops, names the key, and changes nothing."""

import hashlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.core.errors import KeysUnavailable
from app.settings import Settings
from app.wiring import build


def state_of(folder: Path) -> dict[str, str]:
    """Every file but the write-ahead index, which opening a database may touch."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def settings(folder: Path, key: str) -> Settings:
    return Settings(data_dir=folder, app_key=SecretStr(key))


def test_a_wrong_application_key_stops_the_start_and_changes_nothing(tmp_path: Path) -> None:
    right, wrong = "11" * 32, "22" * 32
    build(settings(tmp_path, right)).close()
    before = state_of(tmp_path)
    with pytest.raises(KeysUnavailable) as stopped:
        build(settings(tmp_path, wrong))
    assert stopped.value.code == "key_mismatch"
    assert "application key 1" in stopped.value.message
    assert wrong not in stopped.value.message
    assert state_of(tmp_path) == before
    build(settings(tmp_path, right)).close()
