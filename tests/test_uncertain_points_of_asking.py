"""Tests of what nobody could find out about Plex: what we ask and write, and how.

The points 1 to 10 are in `test_uncertain_points`.
"""

from freezegun.api import TickingDateTimeFactory
from homeassistant.components.repairs import DOMAIN as REPAIRS, repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.plex_remote_access.address import _ways
from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.plex import AccountServer, Connection
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer, PreferenceEvents
from tests.simulators.plextv import PlexTv
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    MANUAL_PORT,
    PORT_MAPPING,
    PUBLISH,
    STREAM_LIMIT,
    SWITCH,
    UPLOAD_SPEED,
    become,
    jumping_time,
    open_ports,
    pass_time,
    select,
    set_number,
    setting,
    state_of,
    turn,
    verdict,
    writes,
)
from .flows import address_of, choose, enter, start
from .test_config_flow_reauth import reauth_flows

pytestmark = jumping_time

STREAM_RATE = "WanPerStreamMaxUploadRate"


@pytest.mark.usefixtures("init_integration")
@pytest.mark.parametrize("server_preferences", [{STREAM_RATE: 5000}])
async def test_point_11_limit_that_is_not_in_the_list(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """It is shown, and goes when one of the server's own is chosen."""
    assert state_of(hass, STREAM_LIMIT).state == "5000 kbps"
    first = state_of(hass, STREAM_LIMIT).attributes["options"][0]

    await select(hass, STREAM_LIMIT, first)

    assert setting(plex, STREAM_RATE) == 0
    assert "5000 kbps" not in state_of(hass, STREAM_LIMIT).attributes["options"]


@pytest.mark.usefixtures("init_integration")
async def test_point_12_limits_without_a_plex_pass(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """It is a hint, and no reason to refuse."""
    assert state_of(hass, UPLOAD_SPEED).attributes["plex_pass"] is True
    plex.account.plex_pass = False

    await set_number(hass, UPLOAD_SPEED, 20)

    assert setting(plex, "WanTotalMaxUploadRate") == 20000
    assert state_of(hass, UPLOAD_SPEED).attributes["plex_pass"] is False
    assert state_of(hass, STREAM_LIMIT).attributes["plex_pass"] is False


@pytest.mark.usefixtures("mock_setup_entry")
@pytest.mark.parametrize("reads", [True, False], ids=["part-of-the-list", "forbidden"])
async def test_point_13_token_of_a_shared_user(
    hass: HomeAssistant, plex: PlexServer, *, reads: bool
) -> None:
    """However the server treats him: he is not the owner."""
    plex.faults.shared_user_reads_preferences = reads

    result = await enter(
        hass, await start(hass), address_of(plex, token=plex.shared_token)
    )

    assert result["errors"] == {"token": "not_owner"}


@pytest.mark.usefixtures("init_integration")
@pytest.mark.parametrize("port_mapping", ["manual"])
@pytest.mark.parametrize("missing_preferences", [{MANUAL_MODE}])
async def test_point_14_write_that_is_carried_out_in_part(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """It is an error, and what became of it shows at once, though nobody tells."""
    plex.faults.partial_writes = True
    plex.faults.preference_events = PreferenceEvents.LOST

    with pytest.raises(HomeAssistantError, match="did not accept the new settings"):
        await turn(hass, "on")

    assert setting(plex, PUBLISH) is True
    await become(lambda: state_of(hass, SWITCH).state, "on")


@pytest.mark.usefixtures("init_integration")
async def test_point_14_write_whose_answer_is_lost(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """What the server says afterwards is shown, without waiting for news."""
    plex.faults.preference_events = PreferenceEvents.LOST
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=500)
    with pytest.raises(HomeAssistantError):
        await set_number(hass, UPLOAD_SPEED, 20)

    await plex.set_preferences({"WanTotalMaxUploadRate": 20000})

    await become(lambda: float(state_of(hass, UPLOAD_SPEED).state), 20.0)


@pytest.mark.usefixtures("init_integration")
async def test_point_15_form_of_booleans(hass: HomeAssistant, plex: PlexServer) -> None:
    """They are written as 1 and 0, which every version knows."""
    await turn(hass, "on")
    await turn(hass, "off")

    booleans = {
        write[name]
        for write in writes(plex)
        for name in (PUBLISH, MANUAL_MODE)
        if name in write
    }
    assert booleans == {"0", "1"}


@pytest.mark.parametrize("singular", [True, False])
async def test_point_16_path_of_the_websocket(
    hass: HomeAssistant,
    plex: PlexServer,
    simulated_ports: None,
    mock_config_entry: MockConfigEntry,
    *,
    singular: bool,
) -> None:
    """Both names are known; news come without any filter."""
    plex.form.websocket_path_singular = singular
    mock_config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(mock_config_entry.entry_id)
    await become(lambda: plex.records.counts[Endpoint.WEBSOCKET], 1 + singular)

    await plex.set_preferences({EXTERNAL_PORT: 41234})

    await become(lambda: state_of(hass, MANUAL_PORT).state, "41234")
    asked = [one for one in plex.requests if one.endpoint is Endpoint.WEBSOCKET]
    assert all(not request.query for request in asked)


@pytest.mark.usefixtures("init_integration")
async def test_point_17_one_refusal(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It is no proof; a second one ten seconds later is."""
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(status=401)
    await pass_time(hass, freezer, 121)
    await pass_time(hass, freezer, 8)
    assert reauth_flows(hass) == []

    plex.faults.endpoints.clear()
    await pass_time(hass, freezer, 31)
    assert reauth_flows(hass) == []

    await plex.revoke_token()
    await become(lambda: state_of(hass, SWITCH).state, "unavailable")
    assert reauth_flows(hass) == []
    await pass_time(hass, freezer, 11)
    assert len(reauth_flows(hass)) == 1


@pytest.mark.usefixtures("init_integration")
@pytest.mark.parametrize("port", [-1, 0, 65536])
async def test_point_18_port_that_does_not_exist(
    hass: HomeAssistant, plex: PlexServer, port: int
) -> None:
    """The server is not asked what it thinks of it."""
    with pytest.raises(ServiceValidationError):
        await set_number(hass, MANUAL_PORT, port)

    assert writes(plex) == []


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_point_19_last_automatic_port(
    hass: HomeAssistant,
    working_plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Whatever becomes of it, it is not what the status goes by."""
    assert verdict(hass) == ("reachable", None)

    await working_plex.set_preferences({"LastAutomaticMappedPort": 0})
    await pass_time(hass, freezer, 301)

    assert verdict(hass) == ("reachable", None)
    assert writes(working_plex) == []


@pytest.mark.usefixtures("init_integration")
async def test_point_20_server_that_could_not_publish_itself(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    mock_config_entry: MockConfigEntry,
) -> None:
    """Off and on is proposed, and never done without being asked."""
    await async_setup_component(hass, REPAIRS, {})
    plex.faults.mapping_error = "publisherror"
    await turn(hass, "on")
    await plex.settled()
    plex.records.reset()
    for _ in range(10):
        await pass_time(hass, freezer, 61)
    assert verdict(hass) == ("not_published", "publish_failed")
    assert (writes(plex), plex.refresh_count) == ([], 0)

    flows = repairs_flow_manager(hass)
    assert flows
    issue_id = f"not_published_{mock_config_entry.entry_id}"
    step = await flows.async_init(DOMAIN, context={"issue_id": issue_id})
    plex.faults.mapping_error = None
    await flows.async_configure(step["flow_id"], {"next_step_id": "publish_again"})
    await pass_time(hass, freezer, 1)

    assert [write[PUBLISH] for write in writes(plex)] == ["0", "1"]


def test_point_21_names_come_from_plex_tv() -> None:
    """The name that a certificate is for is taken as it is listed, never put together."""
    listed = URL("https://192-168-1-9.other0ne.plex.direct:32400")
    server = AccountServer(
        machine_identifier="den",
        name="Den",
        token="s3cret",
        connections=(
            Connection(url=listed, address="192.168.1.9", port=32400, relay=False),
        ),
    )

    hosts = [(way["host"], way["verify_ssl"]) for way, _ in _ways(server)]

    assert hosts == [
        ("192-168-1-9.other0ne.plex.direct", True),
        ("192.168.1.9", False),
        ("192.168.1.9", False),
    ]


@pytest.mark.usefixtures("mock_setup_entry")
async def test_point_22_classic_pin(hass: HomeAssistant, plex_tv: PlexTv) -> None:
    """Signing in asks for a strong PIN of the classic kind, which servers know."""
    result = await choose(hass, "plex_account")

    # plex.tv refuses every other kind here.
    (pin,) = plex_tv.account.pins.values()
    assert f"code={pin.code}" in result["url"]
    hass.config_entries.flow.async_abort(result["flow_id"])


@pytest.mark.parametrize("port_mapping", ["server"])
async def test_point_23_mapping_that_the_server_leaves_behind(
    hass: HomeAssistant,
    working_plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """The server's is not ours to delete; ours is opened beside it."""
    await turn(hass, "off")
    assert open_ports(router) == [24507]

    await select(hass, PORT_MAPPING, "automatic")
    await turn(hass, "on")
    assert sorted(open_ports(router)) == [24507, 32400]
    await turn(hass, "off")

    assert open_ports(router) == [24507]


async def test_point_24_only_one_of_the_two_maps(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    init_integration: MockConfigEntry,
) -> None:
    """The server is told the port before or with the switch, so it asks no router."""
    asked: list[int] = []

    async def map_by_itself(port: int) -> int | None:
        asked.append(port)
        return None

    plex.remote_access._mapper = map_by_itself
    await turn(hass, "on")
    await plex.settled()

    assert asked == []
    assert open_ports(router) == [32400]


async def test_point_25_one_write_for_all(
    hass: HomeAssistant, plex: PlexServer, init_integration: MockConfigEntry
) -> None:
    """Mode, port and switch go together."""
    expected = {PUBLISH: "1", MANUAL_MODE: "1", EXTERNAL_PORT: "32400"}
    await turn(hass, "on")
    assert writes(plex) == [expected]
