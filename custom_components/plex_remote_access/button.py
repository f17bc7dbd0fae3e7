"""Button: try again now."""

from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PlexRemoteAccessConfigEntry
from .entity import PlexRemoteAccessEntity

PARALLEL_UPDATES = 1

RETRY = ButtonEntityDescription(key="retry", translation_key="retry")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the button."""
    async_add_entities([RetryButton(entry.runtime_data, RETRY)])


class RetryButton(PlexRemoteAccessEntity, ButtonEntity):
    """Looks at everything anew and has plex.tv look as well."""

    @override
    async def async_press(self) -> None:
        """Try again."""
        with self.asking():
            await self.coordinator.async_retry()
