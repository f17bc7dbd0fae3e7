"""What people may hand to others who are to help them: no token, no address."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from .const import CONF_ROUTER
from .coordinator import PlexRemoteAccessConfigEntry

_TO_REDACT: Final = {CONF_HOST, CONF_ROUTER, CONF_TOKEN, "private_ip", "public_ip"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> dict[str, Any]:
    """Return how things stand, also where the server could not be set up."""
    report: dict[str, Any] = {
        "data": async_redact_data(entry.data, _TO_REDACT),
        "options": async_redact_data(entry.options, _TO_REDACT),
    }
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        report["server"] = {
            "version": coordinator.identity.version,
            "claimed": coordinator.identity.claimed,
            "answers": coordinator.last_update_success,
        }
        report["remote_access"] = async_redact_data(
            asdict(coordinator.data), _TO_REDACT
        )
    return report
