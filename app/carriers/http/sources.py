"""Where the callbacks of a connection may come from."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from app.core.networks import is_within, read_network


def _network(text: str) -> str:
    try:
        return str(read_network(text))
    except ValueError:
        raise ValueError("not a network such as 185.20.0.0/22, nor an address") from None


class CallbackSources(BaseModel):
    """What the settings of all providers share. `callback_networks`: the networks their callbacks come from; those from
    elsewhere are refused, whatever proves them. Empty means from anywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    callback_networks: tuple[Annotated[str, AfterValidator(_network)], ...] = ()

    def admits(self, address: str) -> bool:
        """Whether a callback from this address is read at all."""
        return not self.callback_networks or is_within(address, map(read_network, self.callback_networks))


def sources_of(settings: str) -> CallbackSources:
    """Those in the JSON of a connection's settings, of whatever kind."""
    return CallbackSources.model_validate_json(settings)
