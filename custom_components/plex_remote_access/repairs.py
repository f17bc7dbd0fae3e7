"""What can be done about an issue with one click."""

from collections.abc import Awaitable
from typing import Any, Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import voluptuous as vol

from .const import CONF_MANUAL_PORT
from .coordinator import PlexRemoteAccessConfigEntry, PlexRemoteAccessCoordinator
from .forms import port_schema, read_port
from .issues import Issue
from .plan import PortMapping
from .plex import PlexError, PreferenceChange

_WAYS: Final = {
    Issue.ROUTER_REFUSED: ["look_again", "let_server", "make_forward"],
    Issue.NO_ROUTER: ["look_again", "let_server", "make_forward"],
    Issue.PORT_TAKEN: ["other_port", "look_again"],
    Issue.MANUAL_PORT_CLOSED: ["look_again", "let_home_assistant", "other_port"],
    Issue.NOT_PUBLISHED: ["publish_again", "look_again"],
}


class FixFlow(RepairsFlow):
    """Offers the ways out of an issue, and takes the one that is chosen."""

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
        return self.async_show_menu(
            step_id="init",
            menu_options=_WAYS[self._issue],
            description_placeholders={
                "server": self._entry.title,
                "port": str(self._coordinator.data.preferences.manual_port),
            },
        )

    async def async_step_look_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Try everything once more."""
        return await self._finish(self._coordinator.async_retry())

    async def async_step_let_server(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have the server open the port itself."""
        return await self._finish(self._coordinator.async_set_mode(PortMapping.SERVER))

    async def async_step_let_home_assistant(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have Home Assistant open the port."""
        return await self._finish(
            self._coordinator.async_set_mode(PortMapping.AUTOMATIC)
        )

    async def async_step_make_forward(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Leave it to the owner, who makes a forward in the router's own pages."""
        return await self._finish(self._coordinator.async_set_mode(PortMapping.MANUAL))

    async def async_step_publish_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Have the server begin anew: that is what helps."""
        return await self._finish(self._publish_again())

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
                return await self._finish(self._move(port))
        return self.async_show_form(
            step_id="other_port",
            data_schema=self.add_suggested_values_to_schema(
                port_schema(), user_input or {CONF_MANUAL_PORT: _another(present)}
            ),
            errors=errors,
        )

    @property
    def _coordinator(self) -> PlexRemoteAccessCoordinator:
        assert self._entry is not None
        return self._entry.runtime_data

    async def _publish_again(self) -> None:
        await self._coordinator.async_switch_off()
        await self._coordinator.async_switch_on()

    async def _move(self, port: int) -> None:
        await self._coordinator.async_write(PreferenceChange(manual_port=port))
        await self._coordinator.async_retry()

    async def _finish(self, action: Awaitable[None]) -> RepairsFlowResult:
        """Do it. Whether it helped shows in the status, and else here again."""
        try:
            await action
        except PlexError, HomeAssistantError:
            return self.async_abort(reason="failed")
        return self.async_create_entry(data={})


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
