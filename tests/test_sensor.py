"""Tests of the sensors: how remote access stands, and its addresses."""

from datetime import timedelta

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion
from syrupy.matchers import path_type

from tests.simulators.plex import PlexServer
from tests.simulators.router import Router

from .common import (
    MAPPING_EXPIRES,
    MAPPING_METHOD,
    PUBLIC_IP,
    PUBLIC_PORT,
    PUBLISH,
    become,
    jumping_time,
    pass_time,
    state_of,
    turn,
    verdict,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("platforms", [[Platform.SENSOR]])
@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The sensors are what automations rely on."""
    # The simulated server takes any free port.
    await snapshot_platform(
        hass,
        entity_registry,
        snapshot.with_defaults(
            matcher=path_type({"attributes.port": (int,)}, strict=False)
        ),
        mock_config_entry.entry_id,
    )


async def test_sensor_that_is_off_by_default(
    entity_registry: er.EntityRegistry,
) -> None:
    """When the router forgets the mapping is of interest to few."""
    entry = entity_registry.async_get(MAPPING_EXPIRES)

    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_addresses(hass: HomeAssistant, plex: PlexServer) -> None:
    """The public address is shown while remote access is on, with its port."""
    assert state_of(hass, PUBLIC_IP).state == STATE_UNKNOWN
    assert state_of(hass, PUBLIC_PORT).state == STATE_UNKNOWN
    private_ip = state_of(hass, "sensor.den_remote_access_private_ip")
    assert private_ip.state == "127.0.0.1"
    assert private_ip.attributes["port"] == plex.port

    await turn(hass, "on")

    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"
    assert state_of(hass, PUBLIC_IP).attributes["port"] == 32400
    assert state_of(hass, PUBLIC_PORT).state == "32400"

    await turn(hass, "off")

    assert state_of(hass, PUBLIC_IP).state == STATE_UNKNOWN
    assert state_of(hass, PUBLIC_IP).attributes["port"] is None
    assert state_of(hass, PUBLIC_PORT).state == STATE_UNKNOWN


async def test_address_is_the_routers_while_the_server_tells_none(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The server takes its time, and blanks its address when it is not reached."""
    plex.timing.enabling = 60

    await turn(hass, "on")

    assert state_of(hass, PUBLIC_IP).state == "198.51.100.7"
    assert state_of(hass, PUBLIC_PORT).state == "32400"


@pytest.mark.parametrize(
    ("router_options", "method"),
    [
        ({"pcp": False, "upnp": False}, "nat_pmp"),
        ({"pcp": False, "nat_pmp": False}, "upnp"),
    ],
)
async def test_mapping_method(hass: HomeAssistant, method: str) -> None:
    """The protocol that opened the port is named while it is open."""
    assert state_of(hass, MAPPING_METHOD).state == "none"

    await turn(hass, "on")
    assert state_of(hass, MAPPING_METHOD).state == method

    await turn(hass, "off")
    assert state_of(hass, MAPPING_METHOD).state == "none"


@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
@pytest.mark.parametrize("router_options", [{"pcp": False, "upnp": False}])
async def test_mapping_expires(hass: HomeAssistant) -> None:
    """The end of the lease is told to the minute."""
    assert state_of(hass, MAPPING_EXPIRES).state == STATE_UNKNOWN

    await turn(hass, "on")

    expires = dt_util.parse_datetime(state_of(hass, MAPPING_EXPIRES).state)
    assert expires is not None
    remaining = expires - dt_util.utcnow()
    assert timedelta(minutes=119) <= remaining <= timedelta(minutes=120)


@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
@pytest.mark.parametrize("router_options", [{"pcp": False, "nat_pmp": False}])
async def test_mapping_without_an_end(hass: HomeAssistant, router: Router) -> None:
    """Some routers keep a mapping until it is deleted."""
    router.faults.mapping.permanent_only = True

    await turn(hass, "on")

    assert state_of(hass, MAPPING_METHOD).state == "upnp"
    assert state_of(hass, MAPPING_EXPIRES).state == STATE_UNKNOWN


async def test_status_over_time(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A verdict is believed when plex.tv has had the time for it."""
    assert verdict(hass) == ("disabled", None)

    await turn(hass, "on")
    assert verdict(hass) == ("connecting", "checking")

    await plex.settled()
    await pass_time(hass, freezer, 15)
    assert verdict(hass) == ("connecting", "checking")

    await pass_time(hass, freezer, 16)
    assert verdict(hass) == ("reachable", None)

    router.faults.mapping.dead_forward = True
    await plex.recheck()
    await plex.settled()
    await become(lambda: verdict(hass), ("reachable", "checking"))
    await pass_time(hass, freezer, 58)
    assert verdict(hass) == ("reachable", "checking")

    await pass_time(hass, freezer, 3)
    assert verdict(hass) == ("unreachable", "port_closed")

    router.faults.mapping.dead_forward = False
    await plex.recheck()
    await plex.settled()
    await become(lambda: verdict(hass), ("reachable", None))


@pytest.mark.parametrize(
    ("error", "state", "expected"),
    [
        ("publisherror", "mapped", ("not_published", "publish_failed")),
        ("publisherror", "failed", ("not_published", "publish_failed")),
        ("myplexgone", "mapped", ("not_published", "plex_tv_gone")),
        ("jumboframes", "mapped", ("unreachable", "jumbo_frames")),
        ("doublenat", "mapped", ("double_nat", "double_nat")),
        ("doublenat", "failed", ("double_nat", "double_nat")),
        ("badauth", "mapped", ("signed_out", "signed_out")),
        ("brandnew", "mapped", ("unreachable", "other")),
        ("unreachable", "mapped", ("unreachable", "port_closed")),
        ("unreachable", "failed", ("not_mapped", "server_cannot_map")),
        ("unreachable", "waiting", ("connecting", "checking")),
        ("unreachable", "unknown", ("unknown", None)),
    ],
)
async def test_status_of_what_the_server_says(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    error: str,
    state: str,
    expected: tuple[str, str | None],
) -> None:
    """Each word of the server has its place; `mapped` alone is never reachable."""
    plex.faults.mapping_error = error
    plex.faults.mapping_error_state = state
    await turn(hass, "on")
    await plex.settled()

    await pass_time(hass, freezer, 31)

    assert verdict(hass) == expected


async def test_status_when_signed_out(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """A server that plex.tv does not know any more says so at once."""
    await turn(hass, "on")

    await plex.lose_sign_in()
    await pass_time(hass, freezer, 1)

    assert verdict(hass) == ("signed_out", "signed_out")


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_status_when_the_server_cannot_map(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """The server found no router that maps for it."""
    await turn(hass, "on")
    await plex.settled()

    await pass_time(hass, freezer, 31)

    assert verdict(hass) == ("not_mapped", "server_cannot_map")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.168.178.20", ("double_nat", "double_nat")),
        ("100.64.3.4", ("double_nat", "carrier_nat")),
        ("198.51.100.99", ("double_nat", "carrier_nat")),
    ],
)
async def test_status_behind_another_router(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    address: str,
    expected: tuple[str, str],
) -> None:
    """An address that is not ours on the Internet is why nobody gets through."""
    plex.form.blank_addresses_when_unreachable = False
    router.allow_private_wan = True
    router.set_wan_address(address)
    await turn(hass, "on")
    await plex.settled()

    await pass_time(hass, freezer, 31)

    assert verdict(hass) == expected


async def test_status_before_anybody_opened_the_port(
    hass: HomeAssistant, plex: PlexServer, mock_config_entry: MockConfigEntry
) -> None:
    """A server that is published when it is set up is not touched; why is told."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)
    await plex.set_preferences({PUBLISH: True})
    await plex.settled()

    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    assert verdict(hass) == ("not_mapped", "not_opened")
