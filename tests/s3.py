"""An S3 of our own on the loopback interface. It keeps objects in memory and checks no signature.

It lives in an environment of its own under .cache/, installed once: its dependencies and the job engine's exclude each other.
"""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

REGION = "eu-west-3"
_CACHE = Path(__file__).resolve().parents[1] / ".cache" / "s3"
_PACKAGE = "moto[server]==5.2.5"
_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a running server."""
    process = subprocess.Popen(
        [_python(), "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the S3 double did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def _python() -> Path:
    """The interpreter that has the server; made when it is not there yet."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    python, ready = _CACHE / "env" / "bin" / "python", _CACHE / "ready"
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != _PACKAGE:
            base = getattr(sys, "_base_executable", sys.executable)
            made = [base, "-m", "venv", "--clear", "--without-pip", str(_CACHE / "env")]
            subprocess.run(made, check=True)
            pip = [base, "-m", "pip", "--python", str(python), "install", "--quiet", _PACKAGE]
            subprocess.run(pip, check=True, capture_output=True)
            ready.write_text(_PACKAGE)
    return python


def new_bucket(address: str, name: str, patch: pytest.MonkeyPatch) -> str:
    """Make a bucket and set the variables a provider's guide tells an operator to set; returns the store's address."""
    for variable, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        patch.setenv(variable, value)
    httpx.put(f"{address}/{name}").raise_for_status()
    return f"s3://{name}/prefix"
