"""What Home Assistant's system information says about us."""

import asyncio
from collections.abc import Iterable
from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .plex import PLEX_TV


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register what is told."""
    register.async_register_info(_system_health_info)


async def _system_health_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return who answers: the servers, the router by its protocol, plex.tv."""
    entries: list[PlexRemoteAccessConfigEntry] = (
        hass.config_entries.async_loaded_entries(DOMAIN)
    )
    coordinators = [entry.runtime_data for entry in entries]
    answering = [each for each in coordinators if each.last_update_success]
    methods = {each.data.method for each in answering if each.data.enabled}
    return {
        "servers": f"{len(answering)} / {len(coordinators)}",
        "mapping_methods": ", ".join(sorted(methods)) or "-",
        "router_protocols": _router_protocols(coordinators),
        "can_reach_plex_tv": system_health.async_check_can_reach_url(
            hass, str(PLEX_TV)
        ),
    }


async def _router_protocols(coordinators: Iterable[PlexRemoteAccessCoordinator]) -> str:
    """Return in which protocols the routers of the servers answer."""
    described = await asyncio.gather(
        *(each.async_describe_router() for each in coordinators)
    )
    protocols = {
        method
        for methods in described
        for method, answer in methods.items()
        if isinstance(answer, dict) and answer["answers"]
    }
    return ", ".join(sorted(protocols)) or "-"
