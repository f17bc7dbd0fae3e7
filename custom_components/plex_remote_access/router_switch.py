"""A switch of another integration that opens the port on the router."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
    split_entity_id,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event

from .const import DOMAIN, SWITCH_TIMEOUT
from .plan import Link

_LINKS: Final = {STATE_ON: Link.ON, STATE_OFF: Link.OFF}


class RouterSwitchError(HomeAssistantError):
    """The switch did not do what it was asked."""


class RouterSwitch:
    """The switch that the owner has linked, if any."""

    def __init__(self, hass: HomeAssistant, entity_id: str | None) -> None:
        """Take the switch; nothing is done with it yet."""
        self.entity_id: Final = entity_id
        self._hass: Final = hass

    @property
    def link(self) -> Link:
        """Return how the switch stands."""
        if self.entity_id is None:
            return Link.NONE
        state = self._hass.states.get(self.entity_id)
        return Link.GONE if state is None else _LINKS.get(state.state, Link.GONE)

    async def turn(self, *, on: bool) -> None:
        """Turn the switch and wait until it has turned. Raises RouterSwitchError."""
        assert self.entity_id is not None
        placeholders = {"entity_id": self.entity_id}
        if self.link is Link.GONE:
            raise RouterSwitchError(
                translation_domain=DOMAIN,
                translation_key="router_switch_gone",
                translation_placeholders=placeholders,
            )
        wanted = Link.ON if on else Link.OFF
        turned = asyncio.Event()
        forget = self.async_listen(turned.set)
        try:
            async with asyncio.timeout(SWITCH_TIMEOUT.total_seconds()):
                await self._hass.services.async_call(
                    split_entity_id(self.entity_id)[0],
                    SERVICE_TURN_ON if on else SERVICE_TURN_OFF,
                    {ATTR_ENTITY_ID: self.entity_id},
                    blocking=True,
                )
                while self.link is not wanted:
                    await turned.wait()
                    turned.clear()
        except Exception as err:  # other integrations raise whatever they like
            raise RouterSwitchError(
                translation_domain=DOMAIN,
                translation_key="router_switch_stuck",
                translation_placeholders=placeholders,
            ) from err
        finally:
            forget()

    @callback
    def async_listen(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call when the switch changes; returns how to end that."""

        @callback
        def on_change(_event: Event[EventStateChangedData]) -> None:
            changed()

        return async_track_state_change_event(
            self._hass, [self.entity_id] if self.entity_id else [], on_change
        )
