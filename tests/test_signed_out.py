"""Tests of a server that belongs to no account any more: no token opens it."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import (
    STATUS,
    become,
    jumping_time,
    open_ports,
    pass_time,
    state_of,
    turn,
    verdict,
)
from .flows import address_of, enter, start
from .test_config_flow_reauth import reauth_flows
from .test_issues import told

pytestmark = jumping_time


async def become_nobodys(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Have the owner give the server up, and let it be noticed for certain."""
    await plex.sign_out()
    await become(lambda: state_of(hass, STATUS).state, "unavailable")
    await pass_time(hass, freezer, 11)


async def test_owner_is_told_what_is_wrong(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """He is asked to sign the server in, not for a token that cannot be."""
    await become_nobodys(hass, plex, freezer)

    assert reauth_flows(hass) == []
    assert told(hass) == {"signed_out"}
    assert state_of(hass, STATUS).state == "disabled"


async def test_status_while_on(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """It says so, and the port can still be closed."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become_nobodys(hass, plex, freezer)
    assert verdict(hass) == ("signed_out", "signed_out")

    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")

    assert open_ports(router) == []


async def test_signed_in_again(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Everything goes on by itself."""
    await turn(hass, "on")
    await plex.settled()
    await become_nobodys(hass, plex, freezer)

    await plex.sign_in()
    await pass_time(hass, freezer, 31)
    await plex.settled()
    await pass_time(hass, freezer, 31)

    assert verdict(hass) == ("reachable", None)
    assert told(hass) == set()
    assert reauth_flows(hass) == []


async def test_signed_in_again_after_an_off_that_it_was_not_told(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """The owner is asked for the token that it takes now: off is still to be told."""
    await turn(hass, "on")
    await plex.settled()
    await become_nobodys(hass, plex, freezer)
    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")
    for _ in range(6):
        await pass_time(hass, freezer, 11)
    assert told(hass) == {"signed_out"}
    assert reauth_flows(hass) == []

    await plex.sign_in()
    await plex.revoke_token()
    for _ in range(3):
        await pass_time(hass, freezer, 11)

    assert len(reauth_flows(hass)) == 1


async def test_server_that_was_nobodys_at_the_start(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    simulated_ports: None,
    mock_config_entry: MockConfigEntry,
) -> None:
    """It is told with the entry and in Repairs, until it belongs to its owner again."""
    await plex.sign_out()
    mock_config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    for _ in range(2):
        await pass_time(hass, freezer, 31)
        await become(lambda: mock_config_entry.state, ConfigEntryState.SETUP_RETRY)
    assert mock_config_entry.reason
    assert "not signed in" in mock_config_entry.reason
    assert told(hass) == {"signed_out"}
    assert reauth_flows(hass) == []

    await plex.sign_in()
    await pass_time(hass, freezer, 121)
    await become(lambda: mock_config_entry.state, ConfigEntryState.LOADED)
    await hass.async_block_till_done()

    assert told(hass) == set()


@pytest.mark.usefixtures("mock_setup_entry")
async def test_server_that_is_nobodys_cannot_be_added(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The form says what to do first, and goes on from there."""
    flow_id = await start(hass)
    await plex.sign_out()

    result = await enter(hass, flow_id, address_of(plex))
    assert result["errors"] == {"base": "signed_out"}

    await plex.sign_in()
    result = await enter(hass, flow_id, address_of(plex))
    assert result["step_id"] == "remote_access"
