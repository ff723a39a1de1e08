"""An S3 of our own on the loopback interface. It keeps objects in memory and checks no signature."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-west-3"


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a running server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


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
