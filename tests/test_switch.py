"""Tests of the switches: remote access itself, and the relay."""

import aiohttp
from freezegun.api import TickingDateTimeFactory
from homeassistant.const import (
    ATTR_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Origin, PacketKind, Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MAPPING_METHOD,
    PUBLISH,
    RELAY,
    SWITCH,
    add_foreign,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]

NOT_AUTHORIZED = 2


@pytest.mark.parametrize("platforms", [[Platform.SWITCH]])
@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The switches are what automations rely on."""
    await snapshot_platform(hass, entity_registry, snapshot, mock_config_entry.entry_id)


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param({"pcp": False, "upnp": False}, id="nat_pmp"),
        pytest.param({"pcp": False, "nat_pmp": False}, id="upnp"),
    ],
)
async def test_on_and_off(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Turning on opens a port that leads to the server, turning off closes it."""
    await turn(hass, "on")

    assert state_of(hass, SWITCH).state == STATE_ON
    endpoint = router.dial("198.51.100.7", 32400)
    assert endpoint is not None
    async with (
        aiohttp.ClientSession() as session,
        session.get("http://{}:{}/identity".format(*endpoint)) as response,
    ):
        assert plex.machine_identifier in await response.text()

    await turn(hass, "off")

    assert state_of(hass, SWITCH).state == STATE_OFF
    assert setting(plex, PUBLISH) is False
    assert list(router.table) == []
    assert router.dial("198.51.100.7", 32400) is None


async def test_port_is_open_before_the_server_publishes_it(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Manual mode, port and publishing are written together, after the mapping."""
    plex.records.reset()

    await turn(hass, "on")

    assert writes(plex) == [
        {
            PUBLISH: "1",
            MANUAL_MODE: "1",
            EXTERNAL_PORT: "32400",
        }
    ]


async def test_on_twice_is_one_mapping(hass: HomeAssistant, router: Router) -> None:
    """Turning on what is on changes nothing."""
    await turn(hass, "on")
    await turn(hass, "on")

    assert open_ports(router) == [32400]


async def test_off_when_off(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Turning off what is off asks nobody to change anything."""
    plex.records.reset()

    await turn(hass, "off")

    assert writes(plex) == []
    assert mapping_requests(router) == []


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_on_and_off_when_the_server_maps(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The router is the server's business."""
    await turn(hass, "on")

    assert setting(plex, PUBLISH) is True
    assert setting(plex, MANUAL_MODE) is False
    assert state_of(hass, MAPPING_METHOD).state == "server"

    await turn(hass, "off")

    assert setting(plex, PUBLISH) is False
    assert mapping_requests(router) == []


@pytest.mark.parametrize("port_mapping", ["manual"])
@pytest.mark.parametrize("server_preferences", [{EXTERNAL_PORT: 40000}])
async def test_on_and_off_when_the_owner_maps(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The owner's port is used, and the router left to him."""
    await turn(hass, "on")

    assert setting(plex, PUBLISH) is True
    assert setting(plex, MANUAL_MODE) is True
    assert setting(plex, EXTERNAL_PORT) == 40000
    assert state_of(hass, MAPPING_METHOD).state == "manual"

    await turn(hass, "off")

    assert setting(plex, PUBLISH) is False
    assert mapping_requests(router) == []


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param({"pcp": False, "upnp": False}, id="nat_pmp"),
        pytest.param({"pcp": False, "nat_pmp": False}, id="upnp"),
    ],
)
async def test_taken_port_is_left_alone(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """A port that is somebody else's stays so; the server learns ours."""
    foreign = add_foreign(router, 32400)

    await turn(hass, "on")
    await turn(hass, "off")
    await turn(hass, "on")

    (ours,) = (entry for entry in router.table if entry.origin is not Origin.STATIC)
    assert ours.external_port != 32400
    assert setting(plex, EXTERNAL_PORT) == ours.external_port
    assert foreign in router.table


@pytest.mark.parametrize("router_options", [{"upnp": False, "pcp": False}])
async def test_off_when_the_router_refuses(
    hass: HomeAssistant,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A port that stays open is an error at once, and closed as soon as it can be."""
    await turn(hass, "on")
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: NOT_AUTHORIZED}

    with pytest.raises(
        HomeAssistantError, match="could not be made to close port 32400"
    ):
        await turn(hass, "off")
    assert state_of(hass, SWITCH).state == STATE_OFF
    assert verdict(hass) == ("disabled", "still_open")
    assert open_ports(router) == [32400]

    router.faults.packets.results = {}
    await pass_time(hass, freezer, 16)

    assert open_ports(router) == []
    assert verdict(hass) == ("disabled", None)


async def test_off_when_the_router_is_gone(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The error says which port may still be open."""
    await turn(hass, "on")
    await router.stop()

    with pytest.raises(HomeAssistantError) as error:
        await turn(hass, "off")

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == "still_open_until"
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["port"] == "32400"
    assert setting(plex, PUBLISH) is False


async def test_off_when_the_server_does_not_answer(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The port is closed all the same, and the owner learns what is left."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)

    with pytest.raises(HomeAssistantError, match="No answer from this address"):
        await turn(hass, "off")

    assert list(router.table) == []
    assert state_of(hass, SWITCH).state == STATE_UNAVAILABLE


async def test_closed_port_stays_closed_when_the_server_comes_back(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Off is off, also where the server could not be told."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS] = EndpointFault(hang_up=True)
    with pytest.raises(HomeAssistantError):
        await turn(hass, "off")

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)

    assert list(router.table) == []


async def test_refused_write_is_an_error(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """Nothing stays open for a server that does not publish itself."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    with pytest.raises(HomeAssistantError, match="did not accept the new settings"):
        await turn(hass, "on")
    await pass_time(hass, freezer, 61)

    assert state_of(hass, SWITCH).state == STATE_OFF
    assert list(router.table) == []


@pytest.mark.parametrize("action", ["on", "off"])
async def test_ignored_write_is_an_error(
    hass: HomeAssistant, plex: PlexServer, action: str
) -> None:
    """A server that says yes and does nothing is found out."""
    await plex.set_preferences({PUBLISH: action == "off"})
    plex.faults.ignored_preferences = {PUBLISH}
    await hass.services.async_call(
        "homeassistant", "update_entity", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )

    with pytest.raises(HomeAssistantError) as error:
        await turn(hass, action)

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == "write_failed"


@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
@pytest.mark.parametrize(
    ("before", "action", "state"), [(False, "on", STATE_ON), (True, "off", STATE_OFF)]
)
async def test_relay(
    hass: HomeAssistant, plex: PlexServer, before: bool, action: str, state: str
) -> None:
    """The relay is the server's setting."""
    await plex.set_preferences({"RelayEnabled": before})

    await turn(hass, action, RELAY)

    assert setting(plex, "RelayEnabled") is not before
    assert state_of(hass, RELAY).state == state


@pytest.mark.parametrize("missing_preferences", [{"RelayEnabled"}])
@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
async def test_no_switch_for_what_the_server_does_not_have(
    hass: HomeAssistant,
) -> None:
    """Old servers have no relay."""
    assert hass.states.async_entity_ids("switch") == [SWITCH]
