"""Tests of what nobody could find out about Plex: the safest behaviour in each point.

Each point has its number in the name of its test. Points 11 to 25 are about what we
write and ask: see `test_uncertain_points_of_asking`.
"""

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.plex.wire import parse_account
from tests.simulators.plex import (
    AccountRoot,
    Endpoint,
    EndpointFault,
    PlexServer,
    PreferenceEvents,
    ReachabilityEvents,
)
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_PORT,
    PUBLIC_IP,
    PUBLIC_PORT,
    STATUS,
    UPLOAD_SPEED,
    become,
    jumping_time,
    pass_time,
    press_retry,
    set_number,
    state_of,
    turn,
    verdict,
)

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


async def await_verdict(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> tuple[str, str | None]:
    """Let plex.tv have the time it takes, and return what is told then."""
    await plex.settled()
    await pass_time(hass, freezer, 31)
    return verdict(hass)


async def test_point_01_state_of_a_server_that_is_off(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """Off is what the setting says, whatever state the server goes on to tell."""
    plex.faults.keeps_mapping_state = True
    await turn(hass, "on")
    await await_verdict(hass, plex, freezer)

    await turn(hass, "off")
    await pass_time(hass, freezer, 121)

    assert plex.publication.state == "mapped"
    assert verdict(hass) == ("disabled", None)


async def test_point_02_a_write_alone_leads_to_a_verdict(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """It is looked for, also where nobody tells of it, and no probe asked for."""
    plex.faults.reachability_events = ReachabilityEvents.LOST
    plex.faults.preference_events = PreferenceEvents.LOST

    await turn(hass, "on")

    assert await await_verdict(hass, plex, freezer) == ("reachable", None)
    assert plex.refresh_count == 0


@pytest.mark.parametrize("status", [403, 404, 405, 429])
async def test_point_03_refused_probe(
    hass: HomeAssistant, plex: PlexServer, status: int
) -> None:
    """It is said in plain words, tried once, and the rest goes on."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.REFRESH] = EndpointFault(status=status)

    with pytest.raises(HomeAssistantError, match="does not let plex"):
        await press_retry(hass)
    await press_retry(hass)
    await set_number(hass, UPLOAD_SPEED, 20)

    assert plex.refresh_count == 1
    assert float(state_of(hass, UPLOAD_SPEED).state) == 20


@pytest.mark.parametrize("events", list(PreferenceEvents))
async def test_point_04_news_of_hidden_settings(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    events: PreferenceEvents,
) -> None:
    """However they come, or not at all, the setting is seen within five minutes."""
    plex.faults.preference_events = events

    await plex.set_preferences({EXTERNAL_PORT: 41234})
    await pass_time(hass, freezer, 301)

    await become(lambda: state_of(hass, MANUAL_PORT).state, "41234")


@pytest.mark.parametrize("events", list(ReachabilityEvents))
async def test_point_05_news_of_verdicts(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    events: ReachabilityEvents,
) -> None:
    """They are hints: early, late, double or lost, the account decides."""
    plex.faults.reachability_events = events
    plex.faults.event_on_disable = True

    await turn(hass, "on")
    assert await await_verdict(hass, plex, freezer) == ("reachable", None)
    await turn(hass, "off")

    assert await await_verdict(hass, plex, freezer) == ("disabled", None)


async def test_point_06_green_is_provisional(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """A server that shows green for 25 s, and nobody gets in, is never reachable."""
    router.faults.mapping.dead_forward = True
    plex.timing.enabling, plex.timing.provisional = 3, 25
    seen = set()

    await turn(hass, "on")
    for _ in range(36):
        await pass_time(hass, freezer, 1)
        seen.add(state_of(hass, STATUS).state)

    assert seen == {"connecting", "unreachable"}


@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_point_07_blank_addresses(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """None is none, and the port that is set is told apart from the published one."""
    await turn(hass, "on")
    assert await await_verdict(hass, plex, freezer) == ("unreachable", "port_closed")

    assert state_of(hass, PUBLIC_IP).state == "unknown"
    assert state_of(hass, PUBLIC_PORT).state == "unknown"
    assert state_of(hass, MANUAL_PORT).state == "32400"


@pytest.mark.parametrize("root", list(AccountRoot))
@pytest.mark.parametrize("xml", [True, False], ids=["xml", "json"])
async def test_point_08_forms_of_the_account(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    root: AccountRoot,
    *,
    xml: bool,
) -> None:
    """Under either name, in XML although JSON was asked for."""
    plex.form.account_root, plex.form.xml_always = root, xml

    await turn(hass, "on")

    assert await await_verdict(hass, plex, freezer) == ("reachable", None)


async def test_point_09_new_error(
    hass: HomeAssistant, plex: PlexServer, freezer: TickingDateTimeFactory
) -> None:
    """What we know by no name is a problem, and told as the server calls it."""
    plex.faults.mapping_error = "brand-new"

    await turn(hass, "on")

    assert await await_verdict(hass, plex, freezer) == ("unreachable", "other")
    assert state_of(hass, STATUS).attributes["server_error"] == "brand-new"


@pytest.mark.parametrize(
    ("told", "state", "other"),
    [
        ("Mapped - Not Published (No server)", "mapped", None),
        ("MAPPED", "mapped", None),
        ("rethinking", "unknown", "rethinking"),
        ("", "unknown", None),
    ],
)
def test_point_09_new_states(told: str, state: str, other: str | None) -> None:
    """Whatever begins with mapped is mapped, the rest is unknown and kept."""
    account = parse_account({"mappingState": told})

    assert (account.mapping_state, account.other_state) == (state, other)


@pytest.mark.parametrize(
    ("error", "shown"),
    [("unreachable", "unreachable"), ("Nobody at 198.51.100.7:32400", None)],
)
async def test_point_10_message_of_an_error(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
    error: str,
    shown: str | None,
) -> None:
    """It changes nothing, and an address in it is not shown."""
    plex.form.mapping_error_message = "198.51.100.7 does not answer"
    plex.faults.mapping_error = error

    await turn(hass, "on")
    await await_verdict(hass, plex, freezer)

    attributes = state_of(hass, STATUS).attributes
    assert state_of(hass, STATUS).state == "unreachable"
    assert attributes["server_error"] == shown
    assert "198.51.100.7" not in str(attributes)
