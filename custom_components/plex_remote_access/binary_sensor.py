"""Binary sensor: whether the server is reached from outside."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PlexRemoteAccessConfigEntry
from .entity import PlexRemoteAccessEntity

PARALLEL_UPDATES = 0

REACHABLE = BinarySensorEntityDescription(
    key="reachable",
    translation_key="reachable",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensor."""
    async_add_entities([ReachableBinarySensor(entry.runtime_data, REACHABLE)])


class ReachableBinarySensor(PlexRemoteAccessEntity, BinarySensorEntity):
    """Tells whether plex.tv reached the server."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the verdict, None until there is one."""
        return self.coordinator.data.reachable
