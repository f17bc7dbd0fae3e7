"""What can be done about an issue with one click."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .const import CONF_MANUAL_PORT, DOMAIN
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .forms import port_schema, read_port
from .issues import Issue, placeholders
from .outcome import (
    Outcome,
    async_attempt,
    async_explain,
    async_wait_for_outcome,
    is_good,
)
from .plan import PortMapping
from .plex import PreferenceChange

_WAYS: Final = {
    Issue.ROUTER_REFUSED: ["look_again", "let_server", "make_forward"],
    Issue.NO_ROUTER: ["look_again", "let_server", "make_forward"],
    Issue.PORT_TAKEN: ["other_port", "look_again"],
    Issue.MANUAL_PORT_CLOSED: ["look_again", "let_home_assistant", "other_port"],
    Issue.CONTAINER_ADDRESS: ["let_home_assistant", "look_again"],
    Issue.NOT_PUBLISHED: ["publish_again", "look_again"],
}


class FixFlow(RepairsFlow):
    """Offers the ways out of an issue, takes the one that is chosen, tells its outcome."""

    _outcome: asyncio.Task[Outcome]

    def __init__(self, entry: PlexRemoteAccessConfigEntry | None, issue: Issue) -> None:
        """Know what it is about."""
        self._entry = entry
        self._issue = issue

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Offer what can be done."""
        if self._entry is None or self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        snapshot = self._coordinator.data
        return self.async_show_menu(
            step_id="init",
            menu_options=_WAYS[self._issue],
            description_placeholders={
                **placeholders(self._entry, snapshot),
                "reason": await async_explain(self.hass, snapshot),
            },
        )

    async def async_step_look_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Try everything once more."""
        return self._try(self._coordinator.async_retry())

    async def async_step_let_server(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have the server open the port itself."""
        return self._try(self._coordinator.async_set_mode(PortMapping.SERVER))

    async def async_step_let_home_assistant(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have Home Assistant open the port."""
        return self._try(self._coordinator.async_set_mode(PortMapping.AUTOMATIC))

    async def async_step_make_forward(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Leave it to the owner, who makes a forward in the router's own pages."""
        return self._try(self._coordinator.async_set_mode(PortMapping.MANUAL))

    async def async_step_publish_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have the server begin anew: that is what helps."""
        return self._try(self._publish_again())

    async def async_step_other_port(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for another public port, and move there."""
        errors: dict[str, str] = {}
        present = self._coordinator.data.preferences.manual_port
        if user_input is not None:
            try:
                port = read_port(user_input[CONF_MANUAL_PORT], CONF_MANUAL_PORT)
            except vol.Invalid as err:
                errors[CONF_MANUAL_PORT] = err.msg
            else:
                return self._try(self._move(port))
        return self.async_show_form(
            step_id="other_port",
            data_schema=self.add_suggested_values_to_schema(
                port_schema(), user_input or {CONF_MANUAL_PORT: _another(present)}
            ),
            errors=errors,
        )

    @property
    def _loaded(self) -> PlexRemoteAccessConfigEntry:
        assert self._entry is not None
        return self._entry

    @property
    def _coordinator(self) -> PlexRemoteAccessCoordinator:
        return self._loaded.runtime_data

    async def _publish_again(self) -> None:
        await self._coordinator.async_switch_off()
        await self._coordinator.async_switch_on()

    async def _move(self, port: int) -> None:
        await self._coordinator.async_write(PreferenceChange(manual_port=port))
        await self._coordinator.async_retry()

    @callback
    def _try(self, action: Coroutine[Any, Any, None]) -> RepairsFlowResult:
        """Do it, and show that it takes a while."""
        attempt = self.hass.async_create_background_task(
            async_attempt(action), f"{DOMAIN} fix"
        )
        self._outcome = self.hass.async_create_background_task(
            async_wait_for_outcome(self._loaded, attempt), f"{DOMAIN} outcome"
        )
        return self._show_progress(self._outcome)

    async def async_step_trying(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Wait for what comes of it."""
        if not self._outcome.done():
            return self._show_progress(self._outcome)
        good = is_good(self._outcome.result())
        return self.async_show_progress_done(
            next_step_id="reachable" if good else "not_reachable"
        )

    @callback
    def _show_progress(self, outcome: asyncio.Task[Outcome]) -> RepairsFlowResult:
        return self.async_show_progress(
            step_id="trying", progress_action="trying", progress_task=outcome
        )

    async def async_step_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say that it helped."""
        if user_input is not None:
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="reachable",
            description_placeholders={"server": self._loaded.title},
        )

    async def async_step_not_reachable(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say why it did not help; the issue stays, and with it the other ways."""
        return self.async_abort(
            reason="not_reachable",
            description_placeholders={
                "reason": await async_explain(self.hass, self._outcome.result())
            },
        )


def _another(port: int) -> int:
    """Propose the port next to one that is no good."""
    return port + 1 if port < 65535 else port - 1


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> FixFlow:
    """Return what helps against an issue."""
    assert data is not None
    entry: PlexRemoteAccessConfigEntry | None = hass.config_entries.async_get_entry(
        str(data["entry_id"])
    )
    return FixFlow(entry, Issue(str(data["issue"])))
