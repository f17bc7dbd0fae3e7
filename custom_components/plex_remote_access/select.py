"""Selects: who opens the port, and the limit for each remote stream."""

from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import ATTR_PLEX_PASS
from .coordinator import PlexRemoteAccessConfigEntry
from .entity import PlexRemoteAccessEntity
from .plan import PortMapping
from .plex import PreferenceChange

PARALLEL_UPDATES = 1

PORT_MAPPING = SelectEntityDescription(
    key="port_mapping",
    translation_key="port_mapping",
    entity_category=EntityCategory.CONFIG,
    options=list(PortMapping),
)
STREAM_LIMIT = SelectEntityDescription(
    key="stream_limit",
    translation_key="stream_limit",
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the selects that this server has."""
    coordinator = entry.runtime_data
    async_add_entities([PortMappingSelect(coordinator, PORT_MAPPING)])
    if coordinator.data.preferences.stream_rate is not None:
        async_add_entities([StreamLimitSelect(coordinator, STREAM_LIMIT)])


class PortMappingSelect(PlexRemoteAccessEntity, SelectEntity):
    """Chooses who opens the port on the router."""

    @property
    @override
    def current_option(self) -> str:
        """Return who opens the port."""
        return self.coordinator.data.mode

    @override
    async def async_select_option(self, option: str) -> None:
        """Let somebody else open the port."""
        with self.asking():
            await self.coordinator.async_set_mode(PortMapping(option))


class StreamLimitSelect(PlexRemoteAccessEntity, SelectEntity):
    """Chooses among the limits that the server offers, in the server's words."""

    @property
    @override
    def options(self) -> list[str]:
        """Return the server's list, and its present value where that is not in it."""
        return list(self.coordinator.data.preferences.stream_choices.values())

    @property
    @override
    def current_option(self) -> str | None:
        """Return the limit that the server has."""
        preferences = self.coordinator.data.preferences
        if preferences.stream_rate is None:
            return None
        return preferences.stream_choices[preferences.stream_rate]

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return whether there is a Plex Pass: without one it may not be heeded."""
        return {ATTR_PLEX_PASS: self.coordinator.data.plex_pass}

    @override
    async def async_select_option(self, option: str) -> None:
        """Have the server take another limit."""
        choices = self.coordinator.data.preferences.stream_choices
        rate = next(rate for rate, label in choices.items() if label == option)
        with self.asking():
            await self.coordinator.async_write(PreferenceChange(stream_rate=rate))
