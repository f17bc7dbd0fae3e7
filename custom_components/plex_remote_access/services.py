"""Actions of Plex Remote Access."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers.service import async_register_platform_entity_service

from .const import DOMAIN

SERVICE_RETRY: Final = "retry"


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; they act on the remote access switch."""
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_RETRY,
        entity_domain=Platform.SWITCH,
        func="async_retry",
        schema=None,
        supports_response=SupportsResponse.OPTIONAL,
    )
