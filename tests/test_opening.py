"""Tests of turning remote access on from a dialog."""

from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult, FlowType
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.plextv import DirectOutside
from tests.simulators.router import Router

from .common import (
    PUBLISH,
    STATUS,
    become,
    jumping_time,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
)
from .flows import enter, reach_last_step
from .test_issues import NOTHING

pytestmark = jumping_time

HERE = {"router": "127.0.0.1"}


class Dialog:
    """The options, open in a browser."""

    def __init__(
        self, hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
    ) -> None:
        """Have it not open yet."""
        self._hass = hass
        self._plex = plex
        self._freezer = freezer

    async def begin(self, entry: MockConfigEntry, **entered: Any) -> ConfigFlowResult:
        """Open the form, and ask for remote access to be turned on."""
        form = await self._hass.config_entries.options.async_init(entry.entry_id)
        return await self.go_on(form, **{"advanced": HERE, "try_now": True, **entered})

    async def go_on(self, step: ConfigFlowResult, **entered: Any) -> ConfigFlowResult:
        """Enter or choose something."""
        return await self._hass.config_entries.options.async_configure(
            step["flow_id"], entered
        )

    async def outcome(self, step: ConfigFlowResult) -> ConfigFlowResult:
        """Wait until the dialog has something else to show."""
        assert step["type"] is FlowResultType.SHOW_PROGRESS
        assert step["step_id"] == step["progress_action"] == "opening"
        again = await self._hass.config_entries.options.async_configure(step["flow_id"])
        assert again["type"] is FlowResultType.SHOW_PROGRESS
        await become(lambda: state_of(self._hass, STATUS).state, "connecting")
        await self._plex.settled()
        await pass_time(self._hass, self._freezer, 31)
        return await self.leave(step)

    async def leave(self, step: ConfigFlowResult) -> ConfigFlowResult:
        """Wait until it is not opening any more, and return what it shows instead."""
        flows = self._hass.config_entries.options
        await become(
            lambda: flows.async_get(step["flow_id"])["step_id"] == "opening",
            expected=False,
        )
        return await flows.async_configure(step["flow_id"])


@pytest.fixture
def dialog(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> Dialog:
    """Somebody who looks at the options."""
    return Dialog(hass, plex, freezer)


async def test_reachable(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    dialog: Dialog,
) -> None:
    """It is told where, and the options are those that were entered."""
    step = await dialog.outcome(
        await dialog.begin(
            init_integration, port_mapping="automatic", manual_port=41234
        )
    )
    assert step["step_id"] == "reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "address": "198.51.100.7:41234",
    }
    assert open_ports(router) == [41234]

    step = await dialog.go_on(step)

    assert step["type"] is FlowResultType.CREATE_ENTRY
    assert init_integration.options == {"port_mapping": "automatic", **HERE}
    assert open_ports(router) == [41234]


async def test_reachable_who_knows_where(
    plex: PlexServer,
    outside: DirectOutside,
    init_integration: MockConfigEntry,
    dialog: Dialog,
) -> None:
    """A server that does not say at which address is found as all are."""
    plex.form.blank_addresses = True
    # A forward made by hand: no router of ours tells the address either.
    outside.dial = lambda address, port: ("127.0.0.1", plex.port)

    step = await dialog.outcome(
        await dialog.begin(init_integration, port_mapping="manual")
    )

    assert step["step_id"] == "reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "address": "app.plex.tv",
    }


@pytest.mark.parametrize("router_options", [NOTHING])
async def test_not_reachable(
    hass: HomeAssistant, init_integration: MockConfigEntry, dialog: Dialog
) -> None:
    """It is told why, another attempt is offered, and the form."""
    step = await dialog.outcome(
        await dialog.begin(init_integration, port_mapping="automatic")
    )
    assert step["type"] is FlowResultType.MENU
    assert step["step_id"] == "not_reachable"
    assert step["menu_options"] == ["remote_access", "opening", "done"]
    assert step["description_placeholders"] == {
        "server": "Den",
        "reason": "No router answered; turn on UPnP or NAT-PMP in your router",
    }

    step = await dialog.outcome(await dialog.go_on(step, next_step_id="opening"))
    assert step["step_id"] == "not_reachable"
    step = await dialog.go_on(step, next_step_id="remote_access")
    assert step["type"] is FlowResultType.FORM
    step = await dialog.go_on(step, port_mapping="automatic", advanced=HERE)
    assert step["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("mapping_state", "reason"),
    [
        ("waiting", "Waiting for plex.tv to check the connection"),
        ("unknown", "Unknown"),
    ],
)
async def test_no_verdict(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
    dialog: Dialog,
    mapping_state: str,
    reason: str,
) -> None:
    """Nobody waits for ever for a verdict."""
    plex.faults.mapping_error = "none yet"
    plex.faults.mapping_error_state = mapping_state
    step = await dialog.begin(init_integration, port_mapping="automatic")
    await become(lambda: state_of(hass, STATUS).state, "connecting")

    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 61)
    step = await dialog.leave(step)

    assert step["step_id"] == "not_reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "reason": reason,
    }


async def test_server_refuses(
    plex: PlexServer, init_integration: MockConfigEntry, dialog: Dialog
) -> None:
    """What the server does not accept is told in words."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    step = await dialog.begin(init_integration, port_mapping="automatic")
    step = await dialog.leave(step)

    assert step["step_id"] == "not_reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "reason": "The server did not accept the new settings",
    }
    step = await dialog.go_on(step, next_step_id="done")
    assert step["type"] is FlowResultType.CREATE_ENTRY


async def test_linked_switch_is_gone(
    init_integration: MockConfigEntry, dialog: Dialog
) -> None:
    """What was entered here and does not work is told here."""
    step = await dialog.begin(
        init_integration,
        port_mapping="manual",
        advanced={"router_switch": "switch.gone", **HERE},
    )
    step = await dialog.leave(step)

    assert step["step_id"] == "not_reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "reason": "The switch switch.gone that opens the port on your router is not"
        " available",
    }


async def test_closed_dialog(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
    dialog: Dialog,
) -> None:
    """Remote access is turned on all the same."""
    step = await dialog.begin(
        init_integration, port_mapping="automatic", manual_port=41234
    )

    hass.config_entries.options.async_abort(step["flow_id"])

    await become(lambda: state_of(hass, STATUS).state, "connecting")
    assert open_ports(router) == [41234]
    assert setting(plex, PUBLISH) is True


@pytest.mark.usefixtures("simulated_ports")
async def test_first_set_up(
    hass: HomeAssistant, plex: PlexServer, router: Router, dialog: Dialog
) -> None:
    """The entry is there at once; the outcome is shown in a dialog that follows."""
    form = await reach_last_step(hass, plex)
    result = await enter(
        hass,
        form["flow_id"],
        {"port_mapping": "automatic", "advanced": HERE, "try_now": True},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {"port_mapping": "automatic", **HERE}
    kind, flow_id = result["next_flow"]
    assert kind is FlowType.OPTIONS_FLOW

    step = await dialog.outcome(
        await hass.config_entries.options.async_configure(flow_id)
    )

    assert step["step_id"] == "reachable"
    assert open_ports(router) == [32400]


@pytest.mark.usefixtures("simulated_ports")
async def test_first_set_up_in_the_frontend(
    hass: HomeAssistant, plex: PlexServer, router: Router, dialog: Dialog
) -> None:
    """It begins another dialog, which shows the outcome all the same, once."""
    form = await reach_last_step(hass, plex)
    result = await enter(
        hass,
        form["flow_id"],
        {"port_mapping": "automatic", "advanced": HERE, "try_now": True},
    )
    options = hass.config_entries.options
    entry_id = result["result"].entry_id

    step = await options.async_init(entry_id)
    assert [flow["flow_id"] for flow in options.async_progress()] == [step["flow_id"]]
    step = await dialog.outcome(step)
    assert step["step_id"] == "reachable"
    assert open_ports(router) == [32400]

    await dialog.go_on(step)
    step = await options.async_init(entry_id)
    assert step["step_id"] == "remote_access"


@pytest.mark.usefixtures("simulated_ports")
async def test_first_set_up_opens_nothing_unasked(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Without that wish nothing follows."""
    form = await reach_last_step(hass, plex)

    result = await enter(
        hass, form["flow_id"], {"port_mapping": "automatic", "advanced": HERE}
    )
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "next_flow" not in result
    assert open_ports(router) == []
    assert setting(plex, PUBLISH) is False


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, init_integration: MockConfigEntry, dialog: Dialog
) -> None:
    """That is said, and nothing else happens."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    step = await dialog.leave(
        await dialog.begin(init_integration, port_mapping="automatic")
    )

    assert step["step_id"] == "not_reachable"
    assert step["description_placeholders"] == {
        "server": "Den",
        "reason": "The server is not loaded in Home Assistant at the moment."
        " Try again once it is",
    }


async def test_remote_access_that_is_on(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
    dialog: Dialog,
) -> None:
    """Another mode is taken over, and its outcome shown."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, STATUS).state, "reachable")

    step = await dialog.begin(init_integration, port_mapping="server")
    step = await dialog.outcome(step)

    assert step["step_id"] == "not_reachable"
    assert init_integration.options["port_mapping"] == "server"
    assert open_ports(router) == []
