"""Base entity, and the one place where errors of an action become words."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import PlexRemoteAccessCoordinator
from .errors import translation_key
from .plex import PlexConnectionError, PlexError


class PlexRemoteAccessEntity(CoordinatorEntity[PlexRemoteAccessCoordinator]):
    """An entity of one server's remote access."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: PlexRemoteAccessCoordinator, description: EntityDescription
    ) -> None:
        """Tie the entity to its server's device."""
        super().__init__(coordinator)
        self.entity_description = description
        machine_identifier = coordinator.identity.machine_identifier
        self._attr_unique_id = f"{machine_identifier}_{description.key}"
        self._attr_device_info = DeviceInfo(
            configuration_url=str(coordinator.server.url / "web"),
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, machine_identifier)},
            manufacturer="Plex",
            model="Plex Media Server",
            sw_version=coordinator.identity.version,
            translation_key="remote_access",
            translation_placeholders={
                "server": coordinator.server_name or coordinator.config_entry.title
            },
        )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Surround whatever asks something of the server.

        Errors of the client become a translated HomeAssistantError, and a server that
        does not answer makes its entities unavailable at once.
        """
        try:
            yield
        except PlexError as err:
            if isinstance(err, PlexConnectionError):
                self.coordinator.async_set_update_error(err)
                # Also what is there without the server: it may have been closed.
                self.coordinator.async_update_listeners()
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key=translation_key(err)
            ) from err
