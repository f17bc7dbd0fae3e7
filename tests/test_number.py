"""Tests of the numbers: the public port, and the upload speed."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
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
    EXTERNAL_PORT,
    MANUAL_PORT,
    UPLOAD_SPEED,
    become,
    jumping_time,
    open_ports,
    pass_time,
    set_number,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("platforms", [[Platform.NUMBER]])
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The numbers are what automations rely on."""
    await snapshot_platform(hass, entity_registry, snapshot, mock_config_entry.entry_id)


@pytest.mark.parametrize(
    ("mbps", "kbps"), [(0, 0), (12.5, 12500), (0.1, 100), (100_000, 100_000_000)]
)
@pytest.mark.parametrize("server_preferences", [{"WanTotalMaxUploadRate": 7000}])
async def test_upload_speed(
    hass: HomeAssistant, plex: PlexServer, mbps: float, kbps: int
) -> None:
    """People count in Mbps, the server in kbps."""
    assert float(state_of(hass, UPLOAD_SPEED).state) == 7

    await set_number(hass, UPLOAD_SPEED, mbps)

    assert setting(plex, "WanTotalMaxUploadRate") == kbps
    assert float(state_of(hass, UPLOAD_SPEED).state) == mbps


async def test_port_while_off(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """Another port is written to the server, and used at the next switch on."""
    await set_number(hass, MANUAL_PORT, 40000)

    assert setting(plex, EXTERNAL_PORT) == 40000
    assert state_of(hass, MANUAL_PORT).state == "40000"
    assert open_ports(router) == []

    await turn(hass, "on")
    assert open_ports(router) == [40000]


async def test_port_while_on(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The mapping moves, and the server follows in one request."""
    await turn(hass, "on")
    plex.records.reset()

    await set_number(hass, MANUAL_PORT, 40000)

    assert open_ports(router) == [40000]
    assert [put[EXTERNAL_PORT] for put in writes(plex)] == ["40000"]
    assert state_of(hass, MANUAL_PORT).state == "40000"


@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_port_of_a_forward_that_somebody_else_makes(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The server publishes itself under it at once, as the end of a VPN needs it."""
    await turn(hass, "on")
    await plex.settled()
    plex.records.reset()

    await set_number(hass, MANUAL_PORT, 40000)

    assert writes(plex) == [{EXTERNAL_PORT: "40000"}]
    assert verdict(hass) == ("connecting", "checking")
    await become(lambda: plex.publication.public_port, 40000)


async def test_port_while_there_is_no_router(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """The port is kept until there is a router to open it."""
    await router.stop()
    await turn(hass, "on")

    await set_number(hass, MANUAL_PORT, 40000)
    assert setting(plex, EXTERNAL_PORT) == 40000

    await router.start()
    await pass_time(hass, freezer, 301)
    assert open_ports(router) == [40000]
    assert setting(plex, EXTERNAL_PORT) == 40000


@pytest.mark.parametrize("port", [0, 65536])
async def test_port_that_does_not_exist(
    hass: HomeAssistant, plex: PlexServer, port: int
) -> None:
    """Nothing is written."""
    with pytest.raises(ServiceValidationError):
        await set_number(hass, MANUAL_PORT, port)

    assert writes(plex) == []


async def test_refused_write(hass: HomeAssistant, plex: PlexServer) -> None:
    """The number stays what the server has."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    with pytest.raises(HomeAssistantError, match="did not accept the new settings"):
        await set_number(hass, UPLOAD_SPEED, 5)

    assert float(state_of(hass, UPLOAD_SPEED).state) == 0


async def test_write_to_a_server_that_is_gone(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Nobody has to wait for the next look to learn it."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(hang_up=True)

    with pytest.raises(HomeAssistantError, match="No answer from this address"):
        await set_number(hass, UPLOAD_SPEED, 5)

    assert state_of(hass, UPLOAD_SPEED).state == STATE_UNAVAILABLE


@pytest.mark.parametrize("missing_preferences", [{"WanTotalMaxUploadRate"}])
async def test_no_number_for_what_the_server_does_not_have(
    hass: HomeAssistant,
) -> None:
    """A server without the setting has no such number."""
    assert hass.states.async_entity_ids("number") == [MANUAL_PORT]
