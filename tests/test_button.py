"""Tests of the button: try again now."""

from collections.abc import Awaitable, Callable

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import (
    MANUAL_MODE,
    PUBLISH,
    RETRY,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    press_retry,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("platforms", [[Platform.BUTTON]])
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The button is what automations rely on."""
    await snapshot_platform(hass, entity_registry, snapshot, mock_config_entry.entry_id)


async def test_lost_mapping_is_opened_again(
    hass: HomeAssistant, router: Router
) -> None:
    """Nobody has to wait for the next look at the router."""
    await turn(hass, "on")
    router.restart()
    assert open_ports(router) == []

    await press_retry(hass)

    assert open_ports(router) == [32400]


async def test_router_that_was_not_there_is_asked_at_once(
    hass: HomeAssistant, router: Router
) -> None:
    """A press is worth more than the pause after a failure."""
    await router.stop()
    await turn(hass, "on")
    await router.start()

    await press_retry(hass)

    assert open_ports(router) == [32400]


async def test_plex_tv_is_asked_at_most_once_a_minute(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It limits how often a server may ask, and the status suffers from more."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert plex.refresh_count == 0

    await press_retry(hass)
    await press_retry(hass)
    assert plex.refresh_count == 1

    await pass_time(hass, freezer, 50)
    await press_retry(hass)
    assert plex.refresh_count == 1

    await pass_time(hass, freezer, 11)
    await press_retry(hass)
    assert plex.refresh_count == 2


async def _reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_reload(entry.entry_id)


async def _add_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)
    again = MockConfigEntry(
        domain=entry.domain,
        unique_id=entry.unique_id,
        title=entry.title,
        data=dict(entry.data),
        options=dict(entry.options),
    )
    again.add_to_hass(hass)
    await hass.config_entries.async_setup(again.entry_id)
    await hass.async_block_till_done()


@pytest.mark.parametrize("begin_anew", [_reload, _add_again])
async def test_beginning_anew_is_no_way_around_the_limit(
    hass: HomeAssistant,
    plex: PlexServer,
    init_integration: MockConfigEntry,
    freezer: TickingDateTimeFactory,
    begin_anew: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
) -> None:
    """Also who reloads or adds it again asks plex.tv once a minute at most."""
    await turn(hass, "on")
    await plex.settled()
    await press_retry(hass)
    assert plex.refresh_count == 1

    await begin_anew(hass, init_integration)
    await pass_time(hass, freezer, 30)
    await press_retry(hass)
    assert plex.refresh_count == 1

    await pass_time(hass, freezer, 31)
    await press_retry(hass)
    assert plex.refresh_count == 2


async def test_plex_tv_is_asked_by_itself_once_at_most(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Only because the port was opened anew, however long the server is not reached."""
    router.faults.mapping.dead_forward = True
    await turn(hass, "on")
    await plex.settled()

    await pass_time(hass, freezer, 31)
    await pass_time(hass, freezer, 3600)
    await pass_time(hass, freezer, 3600)
    await pass_time(hass, freezer, 3600)
    await pass_time(hass, freezer, 3600)

    assert plex.refresh_count == 1


async def test_new_verdict_after_a_press(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """What is mended on the way to the Internet shows."""
    router.faults.mapping.dead_forward = True
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    assert verdict(hass) == ("unreachable", "port_closed")

    router.faults.mapping.dead_forward = False
    await press_retry(hass)
    assert verdict(hass) == ("connecting", "checking")
    await plex.settled()
    await pass_time(hass, freezer, 31)

    assert verdict(hass) == ("reachable", None)


async def test_press_while_off(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """There is nothing to try: it opens nothing and asks nobody."""
    await press_retry(hass)

    assert state_of(hass, RETRY).state != STATE_UNKNOWN
    assert mapping_requests(router) == []
    assert writes(plex) == []
    assert plex.refresh_count == 0


@pytest.mark.parametrize(
    ("server_preferences", "status"),
    [({}, "not_mapped"), ({MANUAL_MODE: True}, "unreachable")],
)
async def test_published_server_is_taken_over_by_a_press(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
    status: str,
) -> None:
    """The reason `not_opened` says that a press opens the port, and it does."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    await plex.set_preferences({PUBLISH: True})
    await plex.settled()
    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await hass.async_block_till_done()
    assert verdict(hass) == (status, "not_opened")

    await press_retry(hass)

    assert open_ports(router) == [32400]


@pytest.mark.parametrize("status", [403, 404, 429])
async def test_server_that_refuses_to_ask_plex_tv(
    hass: HomeAssistant, plex: PlexServer, router: Router, status: int
) -> None:
    """It is said, and everything else goes on."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.REFRESH] = EndpointFault(status=status)

    with pytest.raises(HomeAssistantError, match="does not let plex"):
        await press_retry(hass)

    assert open_ports(router) == [32400]
    assert state_of(hass, RETRY).state != "unavailable"
