"""Plex Remote Access: the port to a Plex server, opened, watched and closed."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, LOGGER
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .plex import PlexError
from .portmap import PortMapError
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> bool:
    """Set up one Plex server. Looks only: nothing is opened by setting up."""
    coordinator = PlexRemoteAccessCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> bool:
    """Unload one Plex server. Its port stays open: this is a reload, or a restart."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Close the port and give the server its own port settings back."""
    coordinator = PlexRemoteAccessCoordinator(hass, entry)
    try:
        await coordinator.async_withdraw()
    except (PlexError, PortMapError) as err:
        # The entry is gone whatever happens here; the owner can still act by hand.
        LOGGER.warning("%s was removed, but not undone in full: %s", entry.title, err)
    finally:
        await coordinator.async_shutdown()
