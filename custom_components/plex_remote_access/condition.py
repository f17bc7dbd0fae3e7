"""Conditions: remote access works, or does not though the owner wants it."""

from collections.abc import Mapping
from typing import override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .automation import REACHABLE_STATES, STATUS_KEY, UNREACHABLE_STATES, async_sensors


class _VerdictCondition(EntityStateConditionBase):
    """A condition on the status of each server."""

    _domain_specs: Mapping[str, DomainSpec] = {SENSOR_DOMAIN: DomainSpec()}

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Take the status of each server."""
        return async_sensors(self._hass, entities, STATUS_KEY)


class IsReachable(_VerdictCondition):
    """People get in from outside."""

    _states = REACHABLE_STATES


class IsUnreachable(_VerdictCondition):
    """Nobody gets in from outside though the owner wants it."""

    _states = UNREACHABLE_STATES


CONDITIONS: dict[str, type[Condition]] = {
    "is_reachable": IsReachable,
    "is_unreachable": IsUnreachable,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
