"""Tests of the config flow: from the menu to the last step."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import Endpoint, EndpointFault, Phase, PlexServer

from .common import PUBLISH, writes
from .flows import address_of, enter, reach_last_step, start, suggested

type Entered = Callable[[PlexServer], dict[str, Any]]


@pytest.fixture
async def secure_plex(socket_enabled: None) -> AsyncIterator[PlexServer]:
    """A server with a certificate that is not for its address."""
    async with PlexServer(tls=True) as server:
        yield server


@pytest.mark.usefixtures("mock_setup_entry")
async def test_manual(hass: HomeAssistant, plex: PlexServer) -> None:
    """From the menu to the entry."""
    result = await reach_last_step(hass, plex)
    assert result["description_placeholders"] == {"server": "Den"}

    result = await enter(
        hass,
        result["flow_id"],
        {
            "port_mapping": "automatic",
            "advanced": {"router": "192.168.1.1", "preferred_port": 40000},
        },
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Den"
    assert result["data"] == address_of(plex)
    assert result["options"] == {
        "port_mapping": "automatic",
        "router": "192.168.1.1",
        "preferred_port": 40000,
    }
    assert result["result"].unique_id == plex.machine_identifier


@pytest.mark.usefixtures("mock_setup_entry")
async def test_spaces_around_what_was_pasted(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """They come along when addresses and tokens are copied."""
    flow_id = await start(hass)
    await enter(
        hass,
        flow_id,
        address_of(plex, host=" 127.0.0.1 ", token=f" {plex.token}\n"),
    )

    result = await enter(
        hass, flow_id, {"port_mapping": "manual", "advanced": {"router": " "}}
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == address_of(plex)
    assert result["options"] == {"port_mapping": "manual"}


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        (lambda plex: {"host": "not a host"}, {"host": "invalid_host"}),
        (lambda plex: {"host": ""}, {"host": "invalid_host"}),
        (lambda plex: {"host": "http://127.0.0.1:32400/web"}, {"host": "invalid_host"}),
        (lambda plex: {"host": "9.9.9.9"}, {"host": "public_address"}),
        (lambda plex: {"port": 1}, {"port": "connection_refused"}),
        (lambda plex: {"port": 0}, {"port": "invalid_port"}),
        (lambda plex: {"port": -32400}, {"port": "invalid_port"}),
        (lambda plex: {"port": 65536}, {"port": "invalid_port"}),
        (lambda plex: {"port": 32400.5}, {"port": "invalid_port"}),
        (lambda plex: {"port": "inf"}, {"port": "invalid_port"}),
        (lambda plex: {"port": "nan"}, {"port": "invalid_port"}),
        (lambda plex: {"ssl": True}, {"host": "cannot_connect"}),
        (lambda plex: {"token": "wrong"}, {"token": "invalid_auth"}),
        (lambda plex: {"token": ""}, {"token": "invalid_auth"}),
        (lambda plex: {"token": plex.shared_token}, {"token": "not_owner"}),
    ],
)
async def test_wrong_entries(
    hass: HomeAssistant, plex: PlexServer, entered: Entered, errors: dict[str, str]
) -> None:
    """Each mistake is shown at its field, and what was entered is kept."""
    flow_id = await start(hass)
    mistaken = address_of(plex, **entered(plex))

    result = await enter(hass, flow_id, mistaken)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert result["errors"] == errors
    assert suggested(result, "host") == mistaken["host"]
    assert suggested(result, "ssl") == mistaken["ssl"]

    await enter(hass, flow_id, address_of(plex))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert writes(plex) == []


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize(
    ("endpoint", "fault", "errors"),
    [
        (Endpoint.IDENTITY, {"hang_up": True}, {"host": "cannot_connect"}),
        (Endpoint.IDENTITY, {"status": 404}, {"host": "not_plex"}),
        (Endpoint.IDENTITY, {"status": 503}, {"base": "server_starting"}),
        (Endpoint.ROOT, {"status": 503}, {"base": "server_starting"}),
        (Endpoint.PREFS, {"status": 403}, {"token": "not_owner"}),
        (Endpoint.ACCOUNT, {"status": 403}, {"token": "not_owner"}),
        (Endpoint.ACCOUNT, {"status": 500}, {"base": "server_trouble"}),
    ],
)
async def test_server_that_cannot_be_added(
    hass: HomeAssistant,
    plex: PlexServer,
    endpoint: Endpoint,
    fault: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """What is wrong with the server is said, and trying again goes on from there."""
    flow_id = await start(hass)
    plex.faults.endpoints[endpoint] = EndpointFault(**fault)

    result = await enter(hass, flow_id, address_of(plex))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested(result, "port") == plex.port

    plex.faults.endpoints.clear()
    await enter(hass, flow_id, address_of(plex))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert writes(plex) == []


@pytest.mark.usefixtures("mock_setup_entry")
async def test_server_that_says_that_it_is_starting(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """It answers already, but not for real."""
    flow_id = await start(hass)
    plex.gate.phase = Phase.STARTING

    result = await enter(hass, flow_id, address_of(plex))
    assert result["errors"] == {"base": "server_starting"}

    plex.gate.phase = Phase.RUNNING
    await enter(hass, flow_id, address_of(plex))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("mock_setup_entry")
async def test_shared_user_who_reads_some_settings(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Some servers hide the switch from him rather than refuse."""
    plex.faults.shared_user_reads_preferences = True
    plex.form.missing_preferences = {PUBLISH}
    flow_id = await start(hass)

    result = await enter(hass, flow_id, address_of(plex))
    assert result["errors"] == {"token": "not_owner"}

    plex.form.missing_preferences = set()
    await enter(hass, flow_id, address_of(plex))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("mock_setup_entry")
async def test_certificate(hass: HomeAssistant, secure_plex: PlexServer) -> None:
    """A certificate is only verified where the owner asks for it."""
    entered = address_of(secure_plex, ssl=True)
    flow_id = await start(hass)

    result = await enter(hass, flow_id, {**entered, "verify_ssl": True})
    assert result["errors"] == {"verify_ssl": "invalid_certificate"}

    await enter(hass, flow_id, entered)
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == entered


@pytest.mark.usefixtures("mock_setup_entry", "name_service")
@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("public.example", {"host": "public_address"}),
        ("nowhere.example", {"host": "cannot_connect"}),
    ],
)
async def test_wrong_name(
    hass: HomeAssistant, plex: PlexServer, name: str, errors: dict[str, str]
) -> None:
    """A name counts as the address that it stands for."""
    flow_id = await start(hass)

    result = await enter(hass, flow_id, address_of(plex, host=name))
    assert result["errors"] == errors

    await enter(hass, flow_id, address_of(plex, host="den.local"))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == address_of(plex, host="den.local")


@pytest.mark.usefixtures("mock_setup_entry")
async def test_unexpected_error(
    hass: HomeAssistant, plex: PlexServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Even a mistake of ours leaves the form standing, and a trace in the log."""
    flow_id = await start(hass)
    with patch(
        "custom_components.plex_remote_access.trial.create_server",
        side_effect=RuntimeError("a mistake of ours"),
    ):
        result = await enter(hass, flow_id, address_of(plex))
    assert result["errors"] == {"base": "unknown"}
    assert "a mistake of ours" in caplog.text

    await enter(hass, flow_id, address_of(plex))
    result = await enter(hass, flow_id, {"port_mapping": "automatic"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("name_service")
async def test_already_configured(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """A server is added once, under whatever name it goes."""
    mock_config_entry.add_to_hass(hass)

    result = await enter(hass, await start(hass), address_of(plex, host="den.local"))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
