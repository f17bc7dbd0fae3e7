"""Finding Plex servers in the local network."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from homeassistant.components import network
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import discovery_flow
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .plex import FoundServer, search

# Anybody can announce any number of servers, anywhere. So many are looked at within a
# minute, and so many on one host; no home has more.
_LOOKS: Final = 32
_LOOKS_AT_ONE_HOST: Final = 8
_MINUTE: Final = 60
_LOOKED: Final[HassKey[deque[tuple[float, str]]]] = HassKey(f"{DOMAIN}.looked")
# How many proposals wait for the owner.
MAX_PROPOSALS: Final = 16


async def async_search(
    hass: HomeAssistant, found: Callable[[FoundServer], None]
) -> None:
    """Ask once in each network of Home Assistant, and tell of servers as they answer."""
    sources = await network.async_get_enabled_source_ips(hass)
    await asyncio.gather(
        *(search(str(source), found) for source in sources if source.version == 4)
    )


@callback
def async_discover_at_start(hass: HomeAssistant) -> None:
    """Propose what is found once Home Assistant is up. Nothing is set up by that."""

    @callback
    def propose(server: FoundServer) -> None:
        discovery_flow.async_create_flow(
            hass,
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data={
                CONF_HOST: server.host,
                CONF_PORT: server.port,
                CONF_NAME: server.name,
            },
        )

    async def discover(_: HomeAssistant) -> None:
        hass.async_create_background_task(
            async_search(hass, propose), f"{DOMAIN} discovery"
        )

    async_at_started(hass, discover)


@callback
def async_may_look(hass: HomeAssistant, host: str) -> bool:
    """Tell whether to look at one more server that was announced, which counts."""
    looked = hass.data.setdefault(_LOOKED, deque(maxlen=_LOOKS))
    now = hass.loop.time()
    hosts = [other for at, other in looked if at > now - _MINUTE]
    if len(hosts) >= _LOOKS or hosts.count(host) >= _LOOKS_AT_ONE_HOST:
        return False
    looked.append((now, host))
    return True
