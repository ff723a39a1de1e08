"""Who says whether a body is right: never our own reading of the platform's contract alone.

- the published shape of the platform's messages, as a JSON Schema: everything but https and sizes;
- botocore, which carries the same messages for AWS: lengths, counts and https, neither enums nor unknown fields;
- telnyx, whose types have the platform's structure: enums and unknown fields, no lengths.

The last two live in an environment of their own under .cache/, installed once: botocore and the job engine want versions of
one library that exclude each other.
"""

import fcntl
import json
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "rcs"
SCHEMA: dict[str, Any] = json.loads((VECTORS / "agent_message.schema.json").read_text("utf-8"))
PACKAGES = ("botocore==1.44.8", "telnyx==4.189.0", "google-auth[requests]==2.63.0")
_CACHE = Path(__file__).resolve().parents[3] / ".cache" / "rcs"
_PROGRAM = Path(__file__).with_name("program.py")


def schema_problems(body: object, name: str = "AgentMessage") -> list[str]:
    """What the schema's definition of that name says against a body."""
    judge = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})
    return [
        f"schema: {'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in judge.iter_errors(body)
    ]


def problems(body: dict[str, Any]) -> list[str]:
    """What any judge says against a message; a judge who has no words for a part of it says nothing."""
    others: list[str] = _bench().ask("judge", body)
    return schema_problems(body) + others


def google_asks_for_a_token(key_file: dict[str, Any]) -> str:
    """The token Google's own client gets from the `token_uri` of a key file."""
    token = _bench().ask("token", key_file)
    assert isinstance(token, str)
    return token


class _Bench:
    """The program of the other environment, kept running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [_python(), str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, what: str, about: object) -> Any:
        """One question, one line."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps([what, about]) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "the judges have left"
        return json.loads(answer)


@cache
def _bench() -> _Bench:
    return _Bench()


def _python() -> Path:
    """The interpreter that has the judges; made when it is not there yet."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    python, ready, wanted = _CACHE / "env" / "bin" / "python", _CACHE / "ready", "\n".join(PACKAGES)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != wanted:
            base = getattr(sys, "_base_executable", sys.executable)
            made = [base, "-m", "venv", "--clear", "--without-pip", str(_CACHE / "env")]
            subprocess.run(made, check=True)
            pip = [base, "-m", "pip", "--python", str(python), "install", "--quiet", *PACKAGES]
            subprocess.run(pip, check=True, capture_output=True)
            ready.write_text(wanted)
    return python
