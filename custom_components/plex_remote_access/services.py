"""Actions of Plex Remote Access."""

from datetime import timedelta
from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_platform_entity_service
import voluptuous as vol

from .const import DOMAIN

ATTR_DURATION: Final = "duration"
ATTR_WAIT_FOR_STREAMS: Final = "wait_for_streams"

SERVICE_ENABLE_FOR: Final = "enable_for"
SERVICE_RETRY: Final = "retry"

_SHORTEST: Final = timedelta(seconds=1)
# A timer for longer is a mistake, as a rule.
_LONGEST: Final = timedelta(days=366)


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
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_ENABLE_FOR,
        entity_domain=Platform.SWITCH,
        func="async_enable_for",
        schema={
            vol.Required(ATTR_DURATION): vol.All(
                cv.positive_time_period, vol.Range(min=_SHORTEST, max=_LONGEST)
            ),
            vol.Optional(ATTR_WAIT_FOR_STREAMS, default=False): cv.boolean,
        },
    )
