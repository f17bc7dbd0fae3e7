"""Tests of the selects: who opens the port, and the limit for each stream."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNKNOWN, Platform
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
    MAPPING_METHOD,
    PORT_MAPPING,
    PUBLISH,
    STREAM_LIMIT,
    SWITCH,
    jumping_time,
    mapping_requests,
    open_ports,
    pass_time,
    select,
    setting,
    state_of,
    turn,
    writes,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


@pytest.mark.parametrize("platforms", [[Platform.SELECT]])
async def test_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    mock_config_entry: MockConfigEntry,
) -> None:
    """The selects are what automations rely on."""
    await snapshot_platform(hass, entity_registry, snapshot, mock_config_entry.entry_id)


@pytest.mark.parametrize(
    ("option", "manual_mode"), [("server", False), ("manual", True)]
)
async def test_somebody_else_opens_the_port_from_now_on(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    mock_config_entry: MockConfigEntry,
    option: str,
    manual_mode: bool,
) -> None:
    """Our mapping goes, and the server is told; remote access stays on."""
    await turn(hass, "on")

    await select(hass, PORT_MAPPING, option)

    assert open_ports(router) == []
    assert setting(plex, MANUAL_MODE) is manual_mode
    assert setting(plex, PUBLISH) is True
    assert mock_config_entry.options["port_mapping"] == option
    assert state_of(hass, PORT_MAPPING).state == option
    assert state_of(hass, MAPPING_METHOD).state == option


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_home_assistant_opens_the_port_from_now_on(
    hass: HomeAssistant, plex: PlexServer, router: Router
) -> None:
    """The port is opened, and the server told not to do it as well."""
    await turn(hass, "on")
    assert open_ports(router) == []

    await select(hass, PORT_MAPPING, "automatic")

    assert open_ports(router) == [32400]
    assert setting(plex, MANUAL_MODE) is True


@pytest.mark.parametrize("option", ["server", "manual", "automatic"])
async def test_choosing_opens_nothing(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    option: str,
) -> None:
    """While remote access is off the choice only counts for later."""
    await select(hass, PORT_MAPPING, option)
    await pass_time(hass, freezer, 61)

    assert state_of(hass, PORT_MAPPING).state == option
    assert mapping_requests(router) == []
    assert writes(plex) == []


async def test_choice_survives_a_reload(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """It is an option of the entry."""
    await select(hass, PORT_MAPPING, "manual")

    await hass.config_entries.async_reload(mock_config_entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, PORT_MAPPING).state == "manual"


async def test_stream_limit(hass: HomeAssistant, plex: PlexServer) -> None:
    """The limits are offered in the server's words."""
    assert state_of(hass, STREAM_LIMIT).state == "Original (No limit)"

    await select(hass, STREAM_LIMIT, "8 Mbps (1080p)")

    assert setting(plex, "WanPerStreamMaxUploadRate") == 8000
    assert state_of(hass, STREAM_LIMIT).state == "8 Mbps (1080p)"


@pytest.mark.parametrize("server_preferences", [{"WanPerStreamMaxUploadRate": 5555}])
async def test_odd_stream_limit(hass: HomeAssistant) -> None:
    """A limit that the server does not offer itself is shown as it is."""
    limit = state_of(hass, STREAM_LIMIT)

    assert limit.state == "5555 kbps"
    assert limit.attributes["options"][-1] == "5555 kbps"


async def test_refused_stream_limit(hass: HomeAssistant, plex: PlexServer) -> None:
    """The select stays at what the server has."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    with pytest.raises(HomeAssistantError, match="did not accept the new settings"):
        await select(hass, STREAM_LIMIT, "8 Mbps (1080p)")

    assert state_of(hass, STREAM_LIMIT).state == "Original (No limit)"


async def test_refused_port_mapping(hass: HomeAssistant, plex: PlexServer) -> None:
    """The owner learns that the server goes on as before."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    with pytest.raises(HomeAssistantError, match="did not accept the new settings"):
        await select(hass, PORT_MAPPING, "server")


async def test_refused_port_mapping_is_not_taken_for_granted(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """When the server writes again, choosing once more does it."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)
    with pytest.raises(HomeAssistantError):
        await select(hass, PORT_MAPPING, "server")
    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 61)

    await select(hass, PORT_MAPPING, "server")

    assert open_ports(router) == []
    assert setting(plex, MANUAL_MODE) is False
    assert state_of(hass, SWITCH).state == "on"


@pytest.mark.parametrize("missing_preferences", [{"WanPerStreamMaxUploadRate"}])
async def test_no_select_for_what_the_server_does_not_have(
    hass: HomeAssistant,
) -> None:
    """A server without the setting has no such select."""
    assert hass.states.async_entity_ids("select") == [PORT_MAPPING]


async def test_stream_limits_change_with_the_server(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """An update of the server may bring other limits."""
    plex.form.old_stream_rates = True

    await hass.services.async_call(
        "homeassistant", "update_entity", {ATTR_ENTITY_ID: STREAM_LIMIT}, blocking=True
    )

    assert "40 Mbps (4K)" not in state_of(hass, STREAM_LIMIT).attributes["options"]


async def test_setting_that_a_server_loses(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """An older server may have been put in its place."""
    plex.form.missing_preferences = {"WanPerStreamMaxUploadRate"}

    await hass.services.async_call(
        "homeassistant", "update_entity", {ATTR_ENTITY_ID: STREAM_LIMIT}, blocking=True
    )

    assert state_of(hass, STREAM_LIMIT).state == STATE_UNKNOWN
