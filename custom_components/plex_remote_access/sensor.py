"""Sensors: how remote access stands, and the addresses it goes by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PlexRemoteAccessConfigEntry
from .entity import PlexRemoteAccessEntity
from .plan import Status
from .snapshot import METHODS, Snapshot

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PlexSensorEntityDescription(SensorEntityDescription):
    """A value of the snapshot."""

    value_fn: Callable[[Snapshot], str | int | datetime | None]
    attributes_fn: Callable[[Snapshot], dict[str, Any]] | None = None


SENSORS = (
    PlexSensorEntityDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=list(Status),
        value_fn=lambda data: data.status,
        attributes_fn=lambda data: {
            "reason": data.reason,
            "server_error": data.server_error,
            "open_until": data.open_until,
            "closes_at": data.closes_at,
        },
    ),
    PlexSensorEntityDescription(
        key="public_ip",
        translation_key="public_ip",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.public_ip,
        attributes_fn=lambda data: {"port": data.public_port},
    ),
    PlexSensorEntityDescription(
        key="private_ip",
        translation_key="private_ip",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.private_ip,
        attributes_fn=lambda data: {"port": data.private_port},
    ),
    PlexSensorEntityDescription(
        key="public_port",
        translation_key="public_port",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.public_port,
    ),
    PlexSensorEntityDescription(
        key="mapping_method",
        translation_key="mapping_method",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=METHODS,
        value_fn=lambda data: data.method,
    ),
    PlexSensorEntityDescription(
        key="mapping_expires",
        translation_key="mapping_expires",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.expires,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors."""
    async_add_entities(
        PlexSensor(entry.runtime_data, description) for description in SENSORS
    )


class PlexSensor(PlexRemoteAccessEntity, SensorEntity):
    """One value of the snapshot."""

    entity_description: PlexSensorEntityDescription

    @property
    @override
    def native_value(self) -> str | int | datetime | None:
        """Return the value."""
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what belongs to the value."""
        if (attributes_fn := self.entity_description.attributes_fn) is None:
            return None
        return attributes_fn(self.coordinator.data)
