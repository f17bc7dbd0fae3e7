"""What Home Assistant's system information says about us."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry
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
        "can_reach_plex_tv": system_health.async_check_can_reach_url(
            hass, str(PLEX_TV)
        ),
    }
