"""Every dialog of the integration, walked through to its end."""

from collections.abc import Awaitable
from itertools import product
import traceback
from typing import Any

from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import PlexServer

from .flows import address_of, announce, enter, start


class Listener:
    """Somebody who hears all that is shown, and all that errors say."""

    def __init__(self) -> None:
        """Have heard nothing yet."""
        self.shown: list[str] = []
        self.errors: list[str] = []

    async def hear(self, action: Awaitable[Any]) -> Any:
        """Do something; return what it leads to."""
        try:
            result = await action
        except (HomeAssistantError, InvalidData) as err:
            self.errors.append("".join(traceback.format_exception(err)))
            # What comes next in a dialog that did not begin is an error as well.
            return {"flow_id": "none"}
        # What becomes the entry is not sent to the browser.
        self.shown.append(str(result and {**result, "data": None}))
        return result


async def walk_through_dialogs(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    plex: PlexServer,
    listener: Listener,
    number: int,
) -> None:
    """Go through every dialog; the number has what is entered differ each time."""
    settings = {
        "port_mapping": "automatic",
        "upload_speed": 50 + number,
        "advanced": {"router": "127.0.0.1"},
    }
    await _walk_through_repairs(hass, listener)
    await _walk_through_options(hass, entry, listener, settings)
    await _walk_through_changes(hass, entry, plex, listener)
    await _walk_through_discovery(hass, plex, listener, settings)
    for flow in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(flow["flow_id"])


async def _walk_through_repairs(hass: HomeAssistant, listener: Listener) -> None:
    """Try each way out of each issue."""
    repairs = repairs_flow_manager(hass)
    assert repairs
    issues = [issue for issue in ir.async_get(hass).issues.values() if issue.is_fixable]
    for issue, way in product(issues, ("publish_again", "look_again")):
        begin = repairs.async_init(DOMAIN, data={"issue_id": issue.issue_id})
        step = await listener.hear(begin)
        choice = {"next_step_id": way}
        step = await listener.hear(repairs.async_configure(step["flow_id"], choice))
        # It goes on without the dialog.
        await hass.async_block_till_done()
        repairs.async_abort(step["flow_id"])


async def _walk_through_options(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    listener: Listener,
    settings: dict[str, Any],
) -> None:
    """Change a setting, then have it tried at once."""
    options = hass.config_entries.options
    for also in ({}, {"try_now": True}):
        step = await listener.hear(options.async_init(entry.entry_id))
        entered = {**settings, **also}
        await listener.hear(options.async_configure(step["flow_id"], entered))
        await hass.async_block_till_done()
    for flow in options.async_progress():
        options.async_abort(flow["flow_id"])


async def _walk_through_changes(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    plex: PlexServer,
    listener: Listener,
) -> None:
    """Enter the address and the token anew; add the server once more."""
    step = await listener.hear(entry.start_reconfigure_flow(hass))
    await listener.hear(enter(hass, step["flow_id"], address_of(plex)))
    step = await listener.hear(entry.start_reauth_flow(hass))
    # A server that takes the token again meanwhile ends the flow.
    await listener.hear(enter(hass, step["flow_id"], {"token": plex.token}))
    await listener.hear(enter(hass, await start(hass), address_of(plex)))
    await hass.async_block_till_done()


async def _walk_through_discovery(
    hass: HomeAssistant,
    plex: PlexServer,
    listener: Listener,
    settings: dict[str, Any],
) -> None:
    """Find the server, one that seems to be it elsewhere, and another one."""
    async with PlexServer(
        machine_identifier=plex.machine_identifier, token=plex.token
    ) as moved:
        await listener.hear(announce(hass, plex.port))
        step = await listener.hear(announce(hass, moved.port))
        await listener.hear(enter(hass, step["flow_id"], {}))
    async with PlexServer(token=plex.token, faults=plex.faults) as another:
        step = await listener.hear(announce(hass, another.port))
        for token in ("wr0ng-t0ken", another.token):
            await listener.hear(enter(hass, step["flow_id"], {"token": token}))
        await listener.hear(enter(hass, step["flow_id"], settings))
        await hass.async_block_till_done()
        for entry in hass.config_entries.async_entries(DOMAIN):
            if entry.unique_id == another.machine_identifier:
                await hass.config_entries.async_remove(entry.entry_id)
