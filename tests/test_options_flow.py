"""Tests of the options flow."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    PUBLISH,
    mapping_requests,
    open_ports,
    setting,
    turn,
    writes,
)
from .flows import proposed, suggested

pytestmark = pytest.mark.usefixtures("init_integration")

ADVANCED = {"router": "127.0.0.1"}


async def open_form(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "remote_access"
    assert result["errors"] == {}
    return result


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, **changes: Any
) -> ConfigFlowResult:
    """Submit the form as it is, but for some changes."""
    result = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "port_mapping": proposed(form, "port_mapping"),
            "manual_port": suggested(form, "manual_port"),
            "upload_speed": suggested(form, "upload_speed"),
            "stream_limit": suggested(form, "stream_limit"),
            "advanced": ADVANCED,
            **changes,
        },
    )
    await hass.async_block_till_done()
    return result


@pytest.mark.parametrize("port_mapping", ["automatic", "server", "manual"])
@pytest.mark.parametrize(
    "server_preferences",
    [
        {
            EXTERNAL_PORT: 41234,
            "WanTotalMaxUploadRate": 12500,
            "WanPerStreamMaxUploadRate": 8000,
        }
    ],
)
async def test_form_shows_how_things_are(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry, port_mapping: str
) -> None:
    """Options are the entry's, settings the server's."""
    form = await open_form(hass, mock_config_entry)

    assert form["description_placeholders"] == {"server": "Den"}
    assert proposed(form, "port_mapping") == port_mapping
    assert suggested(form, "manual_port") == 41234
    assert suggested(form, "upload_speed") == 12.5
    assert suggested(form, "stream_limit") == "8000"


async def test_nothing_changed(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Looking at the options is harmless, also while the port is open."""
    await turn(hass, "on")
    before = list(router.table)
    plex.records.reset()

    result = await submit(hass, await open_form(hass, mock_config_entry))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert mock_config_entry.options == {"port_mapping": "automatic", **ADVANCED}
    assert writes(plex) == []
    assert [entry.key for entry in router.table] == [entry.key for entry in before]


async def test_settings_are_written(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """What was changed in the form is changed on the server, and nothing else."""
    before = plex.preferences.changed()

    result = await submit(
        hass,
        await open_form(hass, mock_config_entry),
        manual_port=41234,
        upload_speed=12.5,
        stream_limit="8000",
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert plex.preferences.changed() == {
        **before,
        EXTERNAL_PORT: 41234,
        "WanTotalMaxUploadRate": 12500,
        "WanPerStreamMaxUploadRate": 8000,
    }


async def test_options_survive_and_keep_the_mapping(
    hass: HomeAssistant, router: Router, mock_config_entry: MockConfigEntry
) -> None:
    """The entry is reloaded for another preferred port; the open one stays."""
    await turn(hass, "on")

    await submit(
        hass,
        await open_form(hass, mock_config_entry),
        advanced={**ADVANCED, "preferred_port": 40000},
    )

    assert mock_config_entry.state is ConfigEntryState.LOADED
    assert mock_config_entry.options["preferred_port"] == 40000
    assert open_ports(router) == [32400]

    await turn(hass, "off")
    await turn(hass, "on")
    assert open_ports(router) == [40000]


async def test_switch_of_the_router(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """It is chosen among the switches, and can be left out again."""
    linked = {**ADVANCED, "router_switch": "switch.forward"}

    await submit(hass, await open_form(hass, mock_config_entry), advanced=linked)
    assert mock_config_entry.options["router_switch"] == "switch.forward"

    await submit(hass, await open_form(hass, mock_config_entry))
    assert "router_switch" not in mock_config_entry.options


async def test_another_port_while_on(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The mapping moves with it."""
    await turn(hass, "on")

    await submit(hass, await open_form(hass, mock_config_entry), manual_port=41234)

    assert open_ports(router) == [41234]
    assert setting(plex, EXTERNAL_PORT) == 41234


@pytest.mark.parametrize(("mode", "manual"), [("server", False), ("manual", True)])
async def test_somebody_else_opens_the_port(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
    mode: str,
    manual: bool,
) -> None:
    """Our mapping is closed and the server told."""
    await turn(hass, "on")

    await submit(hass, await open_form(hass, mock_config_entry), port_mapping=mode)

    assert open_ports(router) == []
    assert setting(plex, MANUAL_MODE) is manual
    assert setting(plex, PUBLISH) is True


@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_home_assistant_opens_the_port(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Chosen while remote access is on, it is carried out at once."""
    await turn(hass, "on")

    await submit(
        hass, await open_form(hass, mock_config_entry), port_mapping="automatic"
    )

    assert open_ports(router) == [32400]


async def test_choosing_while_off_opens_nothing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The choice only counts for later."""
    await submit(hass, await open_form(hass, mock_config_entry), port_mapping="server")

    assert mock_config_entry.options["port_mapping"] == "server"
    assert mapping_requests(router) == []
    assert writes(plex) == []


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({"manual_port": 0}, {"manual_port": "invalid_port"}),
        ({"manual_port": "inf"}, {"manual_port": "invalid_port"}),
        ({"upload_speed": -0.1}, {"upload_speed": "invalid_speed"}),
        ({"upload_speed": "nan"}, {"upload_speed": "invalid_speed"}),
        ({"advanced": {"router": "fritz.box"}}, {"base": "invalid_router"}),
        ({"advanced": {"preferred_port": 0}}, {"base": "invalid_port"}),
    ],
)
async def test_wrong_entries(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    entered: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Each mistake is shown, what was entered is kept, and nothing written."""
    form = await open_form(hass, mock_config_entry)

    result = await submit(hass, form, stream_limit="8000", **entered)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested(result, "stream_limit") == "8000"
    assert writes(plex) == []

    result = await submit(hass, form, stream_limit="8000")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert setting(plex, "WanPerStreamMaxUploadRate") == 8000


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"hang_up": True}, "cannot_connect"),
        ({"status": 503}, "server_starting"),
        ({"status": 401}, "invalid_auth"),
        ({"status": 403}, "not_owner"),
    ],
)
async def test_server_gone_before_the_form(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    fault: dict[str, Any],
    reason: str,
) -> None:
    """Without the server there are no settings to show."""
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(**fault)

    result = await hass.config_entries.options.async_init(mock_config_entry.entry_id)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


@pytest.mark.parametrize(
    ("endpoint", "fault", "error"),
    [
        (Endpoint.PREFS, {"hang_up": True}, "cannot_connect"),
        (Endpoint.PREFS_PUT, {"hang_up": True}, "cannot_connect"),
        (Endpoint.PREFS_PUT, {"status": 400}, "write_failed"),
    ],
)
async def test_server_gone_while_the_form_is_open(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    endpoint: Endpoint,
    fault: dict[str, Any],
    error: str,
) -> None:
    """The form stays until the server is back."""
    form = await open_form(hass, mock_config_entry)
    plex.faults.endpoints[endpoint] = EndpointFault(**fault)

    result = await submit(hass, form, upload_speed=5)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert suggested(result, "upload_speed") == 5

    plex.faults.endpoints.clear()
    result = await submit(hass, form, upload_speed=5)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert setting(plex, "WanTotalMaxUploadRate") == 5000


async def test_entry_that_is_not_loaded(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The settings are written all the same."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)

    await submit(hass, await open_form(hass, mock_config_entry), upload_speed=5)

    assert setting(plex, "WanTotalMaxUploadRate") == 5000


async def test_server_gone_while_not_loaded(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The form stays also where nothing is known of the server but from it."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    form = await open_form(hass, mock_config_entry)
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)

    result = await submit(hass, form, upload_speed=5)

    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "cannot_connect"}
    assert suggested(result, "upload_speed") == 5
