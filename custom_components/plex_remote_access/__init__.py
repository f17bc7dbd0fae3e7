"""Plex Remote Access: the port to a Plex server, opened, watched and closed."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .core_plex import async_follow_core_plex
from .discovery import async_discover_at_start
from .issues import async_forget_issues, async_tell_signed_out, async_watch_issues
from .moved import async_forget_moves
from .removal import async_withdraw
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
    """Set up what is there once, however many servers there are."""
    async_setup_services(hass)
    async_follow_core_plex(hass)
    async_discover_at_start(hass)
    return True


async def async_setup_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> bool:
    """Set up one Plex server. Looks only: nothing is opened by setting up."""
    coordinator = PlexRemoteAccessCoordinator(hass, entry)
    try:
        await coordinator.async_config_entry_first_refresh()
    except ConfigEntryNotReady:
        if coordinator.is_signed_out:
            async_tell_signed_out(hass, entry)
        raise
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_listen()
    async_watch_issues(hass, entry)
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> bool:
    """Unload one Plex server. Its port stays open: this is a reload, or a restart."""
    if entry.disabled_by:
        async_forget_issues(hass, entry)
        async_forget_moves(hass, entry)
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(
    hass: HomeAssistant, entry: PlexRemoteAccessConfigEntry
) -> None:
    """Undo what was done for this server."""
    async_forget_issues(hass, entry)
    async_forget_moves(hass, entry)
    await async_withdraw(hass, entry)
