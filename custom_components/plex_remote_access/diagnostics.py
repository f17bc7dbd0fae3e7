"""What people may hand to others who are to help them: no token, no address."""

from dataclasses import asdict
import re
from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_TOKEN
from homeassistant.core import HomeAssistant

from .const import CONF_ROUTER
from .coordinator import PlexRemoteAccessConfigEntry

_TO_REDACT: Final = {CONF_HOST, CONF_ROUTER, CONF_TOKEN, "private_ip", "public_ip"}
# Routers name addresses in their own words.
_ADDRESS: Final = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")


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
        snapshot = asdict(coordinator.data)
        report["server"] = {
            "version": coordinator.identity.version,
            "claimed": coordinator.identity.claimed,
            "answers": coordinator.last_update_success,
            "tells_news": coordinator.hears_news,
            "forms": coordinator.server.forms,
            "unknown_settings": [
                name for name, value in snapshot["preferences"].items() if value is None
            ],
        }
        report["remote_access"] = async_redact_data(snapshot, _TO_REDACT)
        report["router"] = _without_addresses(await coordinator.async_describe_router())
        report["timeline"] = _without_addresses(coordinator.timeline.events)
    return report


def _without_addresses(value: Any) -> Any:
    """Return the same without any address in it."""
    if isinstance(value, dict):
        return {key: _without_addresses(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_addresses(each) for each in value]
    return _ADDRESS.sub(REDACTED, value) if isinstance(value, str) else value
