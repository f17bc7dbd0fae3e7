"""Tests of a new token, and of a new address, for a server that is set up."""

from collections.abc import AsyncIterator, Callable

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer

from .common import STATUS, jumping_time, pass_time, state_of, turn
from .flows import address_of, enter, suggested

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


def reauth_flows(hass: HomeAssistant) -> list[str]:
    """Return the flows that ask for a token."""
    return [
        flow["flow_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


@pytest.fixture
async def other_plex(socket_enabled: None) -> AsyncIterator[PlexServer]:
    """A server that is not the one that was set up."""
    async with PlexServer() as server:
        yield server


async def test_token_that_is_refused_twice(
    hass: HomeAssistant,
    freezer: TickingDateTimeFactory,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Its owner is asked for another one, and everything goes on with that."""
    plex.access.token = "another-token"
    await pass_time(hass, freezer, 121)
    assert reauth_flows(hass) == []

    await pass_time(hass, freezer, 11)
    (flow_id,) = reauth_flows(hass)
    result = await hass.config_entries.flow.async_configure(flow_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["server"] == "Den"

    result = await enter(hass, flow_id, {"token": "another-token "})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert mock_config_entry.data["token"] == "another-token"
    assert mock_config_entry.state is ConfigEntryState.LOADED
    assert state_of(hass, STATUS).state == "disabled"


async def test_server_that_starts_in_between(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, plex: PlexServer
) -> None:
    """It was not itself: nobody is asked."""
    refused, starting = EndpointFault(status=401), EndpointFault(status=503)
    for fault in (refused, starting, refused):
        plex.faults.endpoints[Endpoint.ACCOUNT] = fault
        await pass_time(hass, freezer, 121 if fault is starting else 9)
        assert reauth_flows(hass) == []


async def test_token_that_is_taken_again(
    hass: HomeAssistant, freezer: TickingDateTimeFactory, plex: PlexServer
) -> None:
    """The owner is not asked any more."""
    token = plex.access.token
    plex.access.token = "another-token"
    await pass_time(hass, freezer, 121)
    await pass_time(hass, freezer, 11)
    assert len(reauth_flows(hass)) == 1

    plex.access.token = token
    await pass_time(hass, freezer, 121)

    assert reauth_flows(hass) == []
    assert state_of(hass, STATUS).state == "disabled"


@pytest.mark.parametrize(
    ("token", "errors"),
    [
        (lambda plex: "wrong", {"token": "invalid_auth"}),
        (lambda plex: plex.shared_token, {"token": "not_owner"}),
    ],
)
async def test_wrong_new_token(
    hass: HomeAssistant,
    plex: PlexServer,
    mock_config_entry: MockConfigEntry,
    token: Callable[[PlexServer], str],
    errors: dict[str, str],
) -> None:
    """It is refused, and another one can be entered."""
    result = await mock_config_entry.start_reauth_flow(hass)

    result = await enter(hass, result["flow_id"], {"token": token(plex)})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors

    result = await enter(hass, result["flow_id"], {"token": plex.token})
    assert result["reason"] == "reauth_successful"


async def test_new_token_while_the_server_is_away(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The form has no field for that, and says it all the same."""
    result = await mock_config_entry.start_reauth_flow(hass)
    plex.faults.endpoints[Endpoint.IDENTITY] = EndpointFault(hang_up=True)

    result = await enter(hass, result["flow_id"], {"token": plex.token})
    assert result["errors"] == {"base": "cannot_connect"}

    plex.faults.endpoints.clear()
    result = await enter(hass, result["flow_id"], {"token": plex.token})
    assert result["reason"] == "reauth_successful"


async def test_other_server_at_the_address(
    hass: HomeAssistant,
    plex: PlexServer,
    other_plex: PlexServer,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Its token is not taken for the one that was set up."""
    result = await mock_config_entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    assert suggested(result, "port") == plex.port
    assert suggested(result, "token") is None

    result = await enter(hass, result["flow_id"], address_of(other_plex))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert mock_config_entry.data == address_of(plex)


async def test_new_address(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """The token may stay, and so does everything else."""
    options = dict(mock_config_entry.options)
    await turn(hass, "on")
    result = await mock_config_entry.start_reconfigure_flow(hass)
    address = address_of(plex, verify_ssl=True)
    address.pop("token")

    result = await enter(hass, result["flow_id"], {**address, "port": 1})
    assert result["errors"] == {"port": "connection_refused"}
    assert suggested(result, "verify_ssl") is True
    result = await enter(hass, result["flow_id"], address)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert mock_config_entry.data == address_of(plex, verify_ssl=True)
    assert mock_config_entry.options == options
    assert mock_config_entry.state is ConfigEntryState.LOADED
    assert hass.states.is_state("switch.den_remote_access", "on")
