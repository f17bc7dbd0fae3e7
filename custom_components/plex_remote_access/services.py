"""Actions of Plex Remote Access."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import (
    EntityServiceResponse,
    HomeAssistant,
    ServiceCall,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.service import entity_service_call
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)
from homeassistant.helpers.typing import VolDictType
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
    _register(hass, SERVICE_RETRY, {}, SupportsResponse.OPTIONAL)
    _register(
        hass,
        SERVICE_ENABLE_FOR,
        {
            vol.Required(ATTR_DURATION): vol.All(
                cv.positive_time_period, vol.Range(min=_SHORTEST, max=_LONGEST)
            ),
            vol.Optional(ATTR_WAIT_FOR_STREAMS, default=False): cv.boolean,
        },
        SupportsResponse.NONE,
    )


@callback
def _register(
    hass: HomeAssistant, name: str, schema: VolDictType, response: SupportsResponse
) -> None:
    """Register an action; the switch has a method for it."""

    async def act(call: ServiceCall) -> EntityServiceResponse | None:
        _refuse_what_is_not_loaded(hass, call)
        return await entity_service_call(hass, _switches(hass), f"async_{name}", call)

    hass.services.async_register(
        DOMAIN, name, act, cv.make_entity_service_schema(schema), response
    )


@callback
def _refuse_what_is_not_loaded(hass: HomeAssistant, call: ServiceCall) -> None:
    """Raise if no server that is meant is loaded: Home Assistant would do nothing."""
    chosen = async_extract_referenced_entity_ids(hass, TargetSelection(call.data))
    registry = er.async_get(hass)
    entries = [
        entry
        for entity_id in chosen.referenced | chosen.indirectly_referenced
        if (entity := registry.async_get(entity_id)) and entity.platform == DOMAIN
        if (entry := hass.config_entries.async_get_entry(str(entity.config_entry_id)))
    ]
    if entries and all(entry.state is not ConfigEntryState.LOADED for entry in entries):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_loaded"
        )


@callback
def _switches(hass: HomeAssistant) -> Mapping[str, Entity]:
    """Return the switches of all servers that are loaded."""
    return {
        entity_id: entity
        for platform in async_get_platforms(hass, DOMAIN)
        if platform.domain == Platform.SWITCH
        for entity_id, entity in platform.entities.items()
    }
