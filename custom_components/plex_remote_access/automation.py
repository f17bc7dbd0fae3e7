"""Which entity the triggers and conditions look at, whichever one is chosen."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .plan import BAD_NEWS, Status

STATUS_KEY = "status"
PUBLIC_IP_KEY = "public_ip"

REACHABLE_STATES: set[str | bool] = {Status.REACHABLE}
# Turned off by its owner is not unreachable.
UNREACHABLE_STATES: set[str | bool] = {*BAD_NEWS, Status.SIGNED_OUT}
# A verdict is still to come, or will not come: what was before still holds.
UNDECIDED_STATES: set[str] = {Status.CONNECTING, Status.UNKNOWN}


@callback
def async_sensors(hass: HomeAssistant, entity_ids: set[str], key: str) -> set[str]:
    """Return the sensors with a key, of the servers that the entities belong to."""
    registry = er.async_get(hass)
    sensors = set()
    for entity_id in entity_ids:
        entity = registry.async_get(entity_id)
        if entity is None or entity.platform != DOMAIN or not entity.config_entry_id:
            continue
        server = hass.config_entries.async_get_entry(entity.config_entry_id)
        if server and (
            sensor := registry.async_get_entity_id(
                "sensor", DOMAIN, f"{server.unique_id}_{key}"
            )
        ):
            sensors.add(sensor)
    return sensors
