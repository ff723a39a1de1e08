"""A reader of PDFs that a file has taken over must find nothing to take."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.documents import sandbox

TAKEN_OVER = """
import json, os, socket, sys
from app.documents.pdf import child
child._forbid_everything_else()
from app.documents import sandbox
secret, parent = sys.argv[1], int(sys.argv[2])
attempts = {
    "read": lambda: open(secret).read(),
    "list": lambda: os.listdir(os.path.dirname(secret)),
    "empty": lambda: os.truncate(secret, 0),
    "delete": lambda: os.unlink(secret),
    "create": lambda: open(secret + ".new", "w").close(),
    "environment": lambda: open(f"/proc/{parent}/environ", "rb").read(),
    "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "signal": lambda: os.kill(parent, 0),
    "run": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
}
went_through = []
for name, attempt in attempts.items():
    try:
        attempt()
    except OSError:
        continue
    went_through.append(name)
from PIL import Image
import pypdf
import python_calamine
print(json.dumps(went_through))
"""
OFFERED = "from app.documents import sandbox; print(*sorted(sandbox.enter()))"


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(run(OFFERED) != "calls files", reason="this kernel offers no Landlock or no seccomp")
def test_a_taken_over_child_reads_changes_and_reaches_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "app.key"
    secret.write_text("secret")
    assert json.loads(run(TAKEN_OVER, str(secret), str(os.getpid()))) == []
    assert secret.read_text() == "secret"


def test_the_data_folder_may_lie_beside_the_code() -> None:
    """Our packages may be read, the folder that holds them may not: `.env` or the data can lie there."""
    repository = Path(__file__).parents[2]
    assert repository not in set(sandbox._readable())
    assert repository / "app" in set(sandbox._readable())
