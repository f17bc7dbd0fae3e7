"""Switches: remote access itself, and the relay."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .entity import PlexRemoteAccessEntity
from .plex import PreferenceChange
from .snapshot import Snapshot

# Off must not wait for an on that hangs; the coordinator has one follow the other.
PARALLEL_UPDATES = 0

REMOTE_ACCESS: Final = "remote_access"


@dataclass(frozen=True, kw_only=True)
class PlexSwitchEntityDescription(SwitchEntityDescription):
    """Something that the server does or does not."""

    is_on_fn: Callable[[Snapshot], bool | None]
    set_fn: Callable[[PlexRemoteAccessCoordinator, bool], Awaitable[None]]
    alone_fn: Callable[[PlexRemoteAccessCoordinator], bool] = lambda _: False


SWITCHES = (
    PlexSwitchEntityDescription(
        key=REMOTE_ACCESS,
        translation_key=REMOTE_ACCESS,
        # The device's name says it: it is what the device is for.
        name=None,
        is_on_fn=lambda data: data.enabled,
        set_fn=lambda coordinator, on: (
            coordinator.async_switch_on() if on else coordinator.async_switch_off()
        ),
        # Home Assistant acts on nothing that is unavailable, and the port can be closed
        # without the server.
        alone_fn=lambda coordinator: coordinator.holds_port,
    ),
    PlexSwitchEntityDescription(
        key="relay",
        translation_key="relay",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        is_on_fn=lambda data: data.preferences.relay,
        set_fn=lambda coordinator, on: coordinator.async_write(
            PreferenceChange(relay=on)
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PlexRemoteAccessConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches that this server has."""
    coordinator = entry.runtime_data
    async_add_entities(
        PlexSwitch(coordinator, description)
        for description in SWITCHES
        if description.is_on_fn(coordinator.data) is not None
    )


class PlexSwitch(PlexRemoteAccessEntity, SwitchEntity):
    """Something that the server does or does not."""

    entity_description: PlexSwitchEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return whether there is somebody to ask, or something to do without."""
        return super().available or self.entity_description.alone_fn(self.coordinator)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the server does."""
        return self.entity_description.is_on_fn(self.coordinator.data)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn on."""
        with self.asking():
            await self.entity_description.set_fn(self.coordinator, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn off."""
        with self.asking():
            await self.entity_description.set_fn(self.coordinator, False)

    async def async_retry(self) -> ServiceResponse:
        """Try again, and return how things stand (the action `retry`)."""
        self._refuse_others()
        with self.asking():
            await self.coordinator.async_retry()
        data = self.coordinator.data
        return {
            "status": data.status,
            "reason": data.reason,
            "public_ip": data.public_ip,
            "public_port": data.public_port,
            "method": data.method,
        }

    async def async_enable_for(
        self, duration: timedelta, *, wait_for_streams: bool
    ) -> None:
        """Turn on for a while (the action `enable_for`)."""
        self._refuse_others()
        with self.asking():
            await self.coordinator.async_switch_on(
                duration, wait_for_streams=wait_for_streams
            )

    def _refuse_others(self) -> None:
        """Raise ServiceValidationError for a switch that is not remote access itself."""
        if self.entity_description.key != REMOTE_ACCESS:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="not_remote_access"
            )
