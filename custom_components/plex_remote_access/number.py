"""Numbers: the public port, and the upload speed that the server may use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfDataRate
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import ATTR_PLEX_PASS, KBPS_PER_MBPS
from .coordinator import PlexRemoteAccessConfigEntry
from .entity import PlexRemoteAccessEntity
from .plex import PreferenceChange, Preferences

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class PlexNumberEntityDescription(NumberEntityDescription):
    """A number among the server's settings."""

    value_fn: Callable[[Preferences], float | None]
    # Whether the server may heed it only with a Plex Pass.
    takes_plex_pass: bool = False
    change_fn: Callable[[float], PreferenceChange]


NUMBERS = (
    PlexNumberEntityDescription(
        key="manual_port",
        translation_key="manual_port",
        entity_category=EntityCategory.CONFIG,
        native_min_value=1,
        native_max_value=65535,
        native_step=1,
        mode=NumberMode.BOX,
        value_fn=lambda preferences: preferences.manual_port,
        change_fn=lambda value: PreferenceChange(manual_port=int(value)),
    ),
    PlexNumberEntityDescription(
        key="upload_speed",
        translation_key="upload_speed",
        device_class=NumberDeviceClass.DATA_RATE,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=UnitOfDataRate.MEGABITS_PER_SECOND,
        native_min_value=0,
        native_max_value=100_000,
        native_step=0.1,
        mode=NumberMode.BOX,
        takes_plex_pass=True,
        value_fn=lambda preferences: (
            None
            if preferences.upload_rate is None
            else preferences.upload_rate / KBPS_PER_MBPS
        ),
        change_fn=lambda value: PreferenceChange(
            upload_rate=round(value * KBPS_PER_MBPS)
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers that this server has."""
    coordinator = entry.runtime_data
    async_add_entities(
        PlexNumber(coordinator, description)
        for description in NUMBERS
        if description.value_fn(coordinator.data.preferences) is not None
    )


class PlexNumber(PlexRemoteAccessEntity, NumberEntity):
    """One number among the server's settings."""

    entity_description: PlexNumberEntityDescription

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value that the server has."""
        return self.entity_description.value_fn(self.coordinator.data.preferences)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return whether there is a Plex Pass, where that matters."""
        if not self.entity_description.takes_plex_pass:
            return None
        return {ATTR_PLEX_PASS: self.coordinator.data.plex_pass}

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Have the server take another value."""
        with self.asking():
            await self.coordinator.async_write(self.entity_description.change_fn(value))
