"""What routes ask for with `Annotated[..., Depends(...)]`: the runtime, the addresses, the client's network, the
language. `attach` puts them on the application."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.requests import Request

from app.core.errors import InvalidInput
from app.core.networks import Network, is_within, read_network
from app.crypto.columns import client_network
from app.runtime import Runtime
from app.web.security import origins
from app.web.texts import Language, choose_language

LANGUAGE_COOKIE = "pli-lang"


@dataclass(frozen=True)
class WebConfig:
    """Addresses as people type them, without a final slash, and the proxies whose X-Forwarded-For is believed."""

    public_url: str
    link_url: str
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether the console is served over HTTPS, so that its cookies are for HTTPS only."""
        return self.public_url.startswith("https://")

    @cached_property
    def origins(self) -> frozenset[str]:
        """What a browser sends as Origin from one of our pages."""
        return origins((self.public_url, self.link_url))


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks or addresses separated by commas. Raises InvalidInput naming the first that cannot be read."""
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(read_network(part))
        except ValueError:
            raise InvalidInput("trusted_proxies", f"{part!r} is not a network such as 10.0.0.0/8") from None
    return tuple(networks)


def attach(app: FastAPI, runtime: Runtime, config: WebConfig) -> None:
    """Give the application what the dependencies below hand out."""
    app.state.runtime = runtime
    app.state.web = config


def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def get_config(request: Request) -> WebConfig:
    config: WebConfig = request.app.state.web
    return config


def client_address(request: Request, trusted_proxies: Iterable[Network]) -> str:
    """The address of the client: the peer, or behind trusted proxies the last address in X-Forwarded-For that is not
    one of theirs. What a client writes into the header itself is never reached. `unknown` when there is none."""
    trusted = tuple(trusted_proxies)
    address = request.client.host if request.client else "unknown"
    hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    while hops and is_within(address, trusted):
        address = hops.pop()
    return address


def client_net(request: Request, trusted_proxies: Iterable[Network]) -> str:
    """The client's network, /24 in IPv4 and /48 in IPv6, as text; `unknown` when the address cannot be read."""
    return client_network(client_address(request, trusted_proxies))


# As coroutines: FastAPI hands plain functions to a thread, which costs more than all they do.
async def _runtime(request: Request) -> Runtime:
    return get_runtime(request)


async def _config(request: Request) -> WebConfig:
    return get_config(request)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]
ConfigDep = Annotated[WebConfig, Depends(_config)]


async def get_client_net(request: Request, config: ConfigDep) -> str:
    return client_net(request, config.trusted_proxies)


def language_of(request: Request, person: str | None = None) -> Language:
    """`?lang=`, then the cookie, then the person's own language, then the browser's."""
    return choose_language(
        query=request.query_params.get("lang"),
        cookie=request.cookies.get(LANGUAGE_COOKIE),
        person=person,
        accept_language=request.headers.get("accept-language"),
    )


ClientNet = Annotated[str, Depends(get_client_net)]
