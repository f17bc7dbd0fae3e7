"""Tests of the actions."""

from freezegun.api import TickingDateTimeFactory
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import RELAY, SWITCH, jumping_time, open_ports, pass_time, turn

pytestmark = [jumping_time, pytest.mark.usefixtures("init_integration")]


async def retry(hass: HomeAssistant, entity_id: str = SWITCH) -> object:
    """Call the action and return what it answers about the entity."""
    response = await hass.services.async_call(
        DOMAIN,
        "retry",
        {ATTR_ENTITY_ID: entity_id},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    return response[entity_id]


@pytest.mark.parametrize("router_options", [{"pcp": False, "upnp": False}])
async def test_retry_tells_how_things_stand(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
) -> None:
    """An automation learns what came of it."""
    await turn(hass, "on")
    await plex.settled()
    await pass_time(hass, freezer, 31)
    router.restart()

    assert await retry(hass) == {
        "status": "connecting",
        "reason": "checking",
        "public_ip": "198.51.100.7",
        "public_port": 32400,
        "method": "nat_pmp",
    }
    assert open_ports(router) == [32400]
    assert plex.refresh_count == 1


async def test_retry_while_off(hass: HomeAssistant, plex: PlexServer) -> None:
    """Nothing is opened, and plex.tv left alone."""
    assert await retry(hass) == {
        "status": "disabled",
        "reason": None,
        "public_ip": None,
        "public_port": None,
        "method": "none",
    }
    assert plex.refresh_count == 0


async def test_retry_without_asking_for_an_answer(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The answer is optional."""
    await turn(hass, "on")

    await hass.services.async_call(
        DOMAIN, "retry", {ATTR_ENTITY_ID: SWITCH}, blocking=True
    )

    assert plex.refresh_count == 1


async def test_retry_when_the_server_is_gone(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """The action fails, in words."""
    await turn(hass, "on")
    plex.faults.endpoints[Endpoint.ACCOUNT] = EndpointFault(hang_up=True)

    with pytest.raises(HomeAssistantError) as error:
        await retry(hass)

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == "cannot_connect"


async def test_action_is_there_while_nothing_is_set_up(
    hass: HomeAssistant, mock_config_entry: MockConfigEntry
) -> None:
    """Automations stay valid while the server is away."""
    await hass.config_entries.async_unload(mock_config_entry.entry_id)

    assert hass.services.has_service(DOMAIN, "retry")


@pytest.mark.parametrize(
    ("action", "data"), [("retry", {}), ("enable_for", {"duration": "01:00:00"})]
)
async def test_entry_that_is_not_loaded(
    hass: HomeAssistant,
    init_integration: MockConfigEntry,
    action: str,
    data: dict[str, str],
) -> None:
    """It is said that nothing was done, instead of nothing at all."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    with pytest.raises(ServiceValidationError, match="is not loaded") as error:
        await hass.services.async_call(
            DOMAIN, action, {"entity_id": SWITCH, **data}, blocking=True
        )

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == "not_loaded"


@pytest.mark.usefixtures("all_entities_enabled", "init_integration")
async def test_retry_is_not_for_the_relay(
    hass: HomeAssistant, plex: PlexServer
) -> None:
    """Only remote access itself can be tried again."""
    await turn(hass, "on")

    with pytest.raises(HomeAssistantError):
        await retry(hass, RELAY)

    assert plex.refresh_count == 0
