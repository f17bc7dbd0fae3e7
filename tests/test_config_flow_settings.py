"""Tests of the last step of the config flow: who opens the port, and the settings."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    PUBLISH,
    mapping_requests,
    setting,
    writes,
)
from .flows import enter, proposed, reach_last_step, suggested


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    ("server_preferences", "proposal"),
    [
        ({}, "automatic"),
        ({PUBLISH: True}, "automatic"),
        ({MANUAL_MODE: True}, "manual"),
        ({PUBLISH: True, MANUAL_MODE: True}, "manual"),
    ],
)
async def test_proposal(hass: HomeAssistant, plex: PlexServer, proposal: str) -> None:
    """A port that the owner forwards himself is left to him."""
    await plex.settled()

    result = await reach_last_step(hass, plex)

    assert proposed(result, "port_mapping") == proposal


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize("server_preferences", [{PUBLISH: True}])
async def test_proposal_where_the_server_maps_by_itself(
    hass: HomeAssistant, working_plex: PlexServer
) -> None:
    """What works is left as it is."""
    result = await reach_last_step(hass, working_plex)

    assert proposed(result, "port_mapping") == "server"


@pytest.mark.usefixtures("simulated_ports")
@pytest.mark.parametrize(
    "server_preferences",
    [
        {},
        {PUBLISH: True},
        {PUBLISH: True, MANUAL_MODE: True, EXTERNAL_PORT: 41234},
        {"WanTotalMaxUploadRate": 12345, "WanPerStreamMaxUploadRate": 5555},
    ],
)
async def test_setting_up_changes_nothing(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Accepting what is proposed leaves server and router as they are."""
    await plex.settled()
    before = plex.preferences.changed()
    result = await reach_last_step(hass, plex)
    shown = {
        field: suggested(result, field)
        for field in ("manual_port", "upload_speed", "stream_limit")
    }

    result = await enter(
        hass,
        result["flow_id"],
        {
            "port_mapping": proposed(result, "port_mapping"),
            **shown,
            "advanced": {"router": "127.0.0.1"},
        },
    )
    await hass.async_block_till_done()

    assert result["result"].state is ConfigEntryState.LOADED
    assert writes(plex) == []
    assert plex.refresh_count == 0
    assert plex.preferences.changed() == before
    assert mapping_requests(router) == []


@pytest.mark.usefixtures("mock_setup_entry")
async def test_settings_are_written_in_one_request(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """What was changed in the form is changed on the server."""
    result = await reach_last_step(hass, plex)

    result = await enter(
        hass,
        result["flow_id"],
        {
            "port_mapping": "automatic",
            "manual_port": 41234,
            "upload_speed": 12.5,
            "stream_limit": "8000",
        },
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["options"] == {"port_mapping": "automatic"}
    assert writes(plex) == [
        {
            EXTERNAL_PORT: "41234",
            "WanTotalMaxUploadRate": "12500",
            "WanPerStreamMaxUploadRate": "8000",
        }
    ]
    assert setting(plex, PUBLISH) is False


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({"manual_port": 0}, {"manual_port": "invalid_port"}),
        ({"manual_port": 65536}, {"manual_port": "invalid_port"}),
        ({"manual_port": 1.5}, {"manual_port": "invalid_port"}),
        ({"manual_port": "inf"}, {"manual_port": "invalid_port"}),
        ({"upload_speed": -1}, {"upload_speed": "invalid_speed"}),
        ({"upload_speed": "inf"}, {"upload_speed": "invalid_speed"}),
        ({"upload_speed": "nan"}, {"upload_speed": "invalid_speed"}),
        ({"advanced": {"router": "router.lan"}}, {"base": "invalid_router"}),
        ({"advanced": {"router": "::1"}}, {"base": "invalid_router"}),
        ({"advanced": {"preferred_port": 70000}}, {"base": "invalid_port"}),
    ],
)
async def test_wrong_choices(
    hass: HomeAssistant,
    plex: PlexServer,
    entered: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Each mistake is shown, what was entered is kept, and nothing written."""
    result = await reach_last_step(hass, plex)
    flow_id = result["flow_id"]

    result = await enter(
        hass, flow_id, {"port_mapping": "manual", "stream_limit": "8000", **entered}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "remote_access"
    assert result["errors"] == errors
    assert suggested(result, "stream_limit") == "8000"
    assert writes(plex) == []

    result = await enter(hass, flow_id, {"port_mapping": "manual"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 400}, "write_failed"),
        ({"status": 500}, "write_failed"),
        ({"status": 401}, "invalid_auth"),
        ({"status": 403}, "not_owner"),
        ({"status": 503}, "server_starting"),
        ({"hang_up": True}, "cannot_connect"),
    ],
)
async def test_settings_that_cannot_be_written(
    hass: HomeAssistant, plex: PlexServer, fault: dict[str, Any], error: str
) -> None:
    """The owner learns that the server did not take them."""
    result = await reach_last_step(hass, plex)
    flow_id = result["flow_id"]
    entered = {"port_mapping": "automatic", "upload_speed": 5}
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(**fault)

    result = await enter(hass, flow_id, entered)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert suggested(result, "upload_speed") == 5

    plex.faults.endpoints.clear()
    result = await enter(hass, flow_id, entered)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert setting(plex, "WanTotalMaxUploadRate") == 5000


@pytest.mark.usefixtures("mock_setup_entry")
async def test_settings_that_the_server_ignores(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """A server that says yes and does nothing is found out."""
    result = await reach_last_step(hass, plex)
    plex.faults.ignored_preferences = {"WanTotalMaxUploadRate"}

    result = await enter(
        hass, result["flow_id"], {"port_mapping": "automatic", "upload_speed": 5}
    )
    assert result["errors"] == {"base": "write_failed"}

    result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    "missing_preferences", [{"WanTotalMaxUploadRate", "WanPerStreamMaxUploadRate"}]
)
async def test_settings_that_the_server_does_not_have(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The form shows what there is."""
    result = await reach_last_step(hass, plex)

    assert result["data_schema"] is not None
    assert list(result["data_schema"].schema) == [
        "port_mapping",
        "manual_port",
        "try_now",
        "advanced",
    ]
    result = await enter(hass, result["flow_id"], {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
