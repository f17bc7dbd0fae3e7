"""Triggers: remote access began or ceased to work, the public address changed."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    Trigger,
    TriggerConfig,
)

from .automation import (
    PUBLIC_IP_KEY,
    REACHABLE_STATES,
    STATUS_KEY,
    UNDECIDED_STATES,
    UNREACHABLE_STATES,
    async_sensors,
)

_NO_STATE = {STATE_UNAVAILABLE, STATE_UNKNOWN}


class _SensorTrigger(EntityTriggerBase):
    """A trigger that looks at one sensor of each server."""

    _domain_specs: Mapping[str, DomainSpec] = {SENSOR_DOMAIN: DomainSpec()}
    # A server that restarts has no state for a while; what it was is remembered here.
    _excluded_from_states: ClassVar[frozenset[str]] = frozenset()
    _key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Take the sensor of each server, and note how it stands."""
        sensors = async_sensors(self._hass, entities, self._key)
        for sensor in sensors:
            if (state := self._hass.states.get(sensor)) is not None:
                self._note(state)
        return sensors

    @abstractmethod
    def _note(self, state: State) -> None:
        """Note how a sensor stands before anything changes."""


class _VerdictTrigger(_SensorTrigger):
    """Fires when the verdict changes; not for one that only came again."""

    _key = STATUS_KEY
    _to_states: ClassVar[set[str | bool]]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Wait for the opposite verdict first."""
        super().__init__(hass, config)
        self._armed: set[str] = set()

    @override
    def _note(self, state: State) -> None:
        if state.state not in self._to_states | UNDECIDED_STATES | _NO_STATE:
            self._armed.add(state.entity_id)

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Tell whether this is the verdict; another one is remembered."""
        self._note(state)
        return state.state in self._to_states

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Tell whether the last verdict was another one."""
        armed = to_state.entity_id in self._armed
        self._armed.discard(to_state.entity_id)
        return armed


class BecameReachable(_VerdictTrigger):
    """People get in from outside, and did not before."""

    _to_states = REACHABLE_STATES


class BecameUnreachable(_VerdictTrigger):
    """Nobody gets in from outside though the owner wants it."""

    _to_states = UNREACHABLE_STATES


class PublicIPChanged(_SensorTrigger):
    """The router got another public address."""

    _key = PUBLIC_IP_KEY

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Know no address yet."""
        super().__init__(hass, config)
        self._addresses: dict[str, str] = {}

    @override
    def _note(self, state: State) -> None:
        if state.state not in _NO_STATE:
            self._addresses.setdefault(state.entity_id, state.state)

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Tell whether the address is another one than the last that was known."""
        known = self._addresses.get(to_state.entity_id)
        self._addresses[to_state.entity_id] = to_state.state
        return known is not None and known != to_state.state


TRIGGERS: dict[str, type[Trigger]] = {
    "became_reachable": BecameReachable,
    "became_unreachable": BecameUnreachable,
    "public_ip_changed": PublicIPChanged,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers."""
    return TRIGGERS
