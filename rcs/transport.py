"""One HTTP call, and whether its request may have reached the other side."""

import time
from collections.abc import Mapping
from typing import Final

import httpx

from rcs.outcomes import Answer, InDoubt, Unavailable

ANSWER_SECONDS: Final = 20.0
# The platform's answers are some kilobytes; the longest lists 10,000 numbers.
MOST_BYTES: Final = 1024 * 1024
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


def exchange(
    http: httpx.Client,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> Answer | Unavailable | InDoubt:
    """Make one call. The texts of failures name the kind of error and never the address, which holds a number."""
    try:
        request = http.build_request(method, url, params=params, headers=headers, content=content)
    except (httpx.InvalidURL, ValueError) as error:
        return Unavailable(f"no request can be made of the settings ({type(error).__name__})")
    try:
        return _read(http, request)
    except _UNSENT as error:
        return Unavailable(f"no connection to {request.url.host} ({type(error).__name__})")
    except httpx.HTTPError as error:
        return InDoubt(f"{request.url.host} did not answer ({type(error).__name__})")


def _read(http: httpx.Client, request: httpx.Request) -> Answer:
    response = http.send(request, stream=True, follow_redirects=False)
    until = time.monotonic() + ANSWER_SECONDS
    try:
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                break
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer never ended", request=request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, body, headers)
    finally:
        response.close()
