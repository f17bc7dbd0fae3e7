"""Tests of what can be done about an issue with one click."""

from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.plex_remote_access.const import DOMAIN
from tests.simulators.plex import Endpoint, EndpointFault, PlexServer
from tests.simulators.router import Router

from .common import (
    EXTERNAL_PORT,
    MANUAL_MODE,
    PORT_MAPPING,
    PUBLISH,
    STATUS,
    become,
    jumping_time,
    open_ports,
    pass_time,
    setting,
    state_of,
    turn,
)
from .test_issues import NOTHING, told, wait_for_verdict

pytestmark = jumping_time


class Fix:
    """A dialog in Repairs."""

    def __init__(self, hass: HomeAssistant, client: ClientSessionGenerator) -> None:
        """Have a browser ready."""
        self._hass = hass
        self._client = client

    async def begin(self) -> dict[str, Any]:
        """Open the dialog of the only issue."""
        await async_setup_component(self._hass, REPAIRS, {})
        (issue,) = (
            issue
            for issue in ir.async_get(self._hass).issues.values()
            if issue.domain == DOMAIN and issue.active
        )
        return await self._post("", handler=DOMAIN, issue_id=issue.issue_id)

    async def go_on(self, step: dict[str, Any], **entered: Any) -> dict[str, Any]:
        """Choose or enter something."""
        return await self._post(f"/{step['flow_id']}", **entered)

    async def _post(self, path: str, **body: Any) -> dict[str, Any]:
        client = await self._client()
        response = await client.post(f"/api/repairs/issues/fix{path}", json=body)
        answer: dict[str, Any] = await response.json()
        await self._hass.async_block_till_done()
        return answer


@pytest.fixture
def fix(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Fix:
    """Somebody who looks at Repairs."""
    return Fix(hass, hass_client)


@pytest.fixture
async def trouble(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    init_integration: MockConfigEntry,
) -> None:
    """Remote access that was turned on, and does not work."""
    await turn(hass, "on")
    await wait_for_verdict(hass, plex, freezer)


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("router_options", [NOTHING])
@pytest.mark.parametrize(
    ("way", "mode", "manual"),
    [("let_server", "server", False), ("make_forward", "manual", True)],
)
async def test_somebody_else_opens_the_port(
    hass: HomeAssistant,
    plex: PlexServer,
    fix: Fix,
    way: str,
    mode: str,
    *,
    manual: bool,
) -> None:
    """Where no router listens to us."""
    step = await fix.begin()
    assert step["type"] == "menu"
    assert step["menu_options"] == ["look_again", "let_server", "make_forward"]

    step = await fix.go_on(step, next_step_id=way)

    assert step["type"] == "create_entry"
    assert state_of(hass, PORT_MAPPING).state == mode
    assert setting(plex, MANUAL_MODE) is manual
    assert setting(plex, PUBLISH) is True


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_home_assistant_opens_the_port(
    hass: HomeAssistant, router: Router, fix: Fix
) -> None:
    """Where the own forward does not work."""
    step = await fix.begin()
    assert step["menu_options"] == ["look_again", "let_home_assistant", "other_port"]

    await fix.go_on(step, next_step_id="let_home_assistant")

    assert state_of(hass, PORT_MAPPING).state == "automatic"
    assert open_ports(router) == [32400]
    assert told(hass) == set()


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_other_port(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    fix: Fix,
) -> None:
    """A mistake can be put right, and people get in through the new one."""
    router.add_foreign(40123, internal_client="127.0.0.1", internal_port=plex.port)
    step = await fix.go_on(await fix.begin(), next_step_id="other_port")
    assert step["step_id"] == "other_port"
    step = await fix.go_on(step, manual_port=0)
    assert step["errors"] == {"manual_port": "invalid_port"}

    step = await fix.go_on(step, manual_port=40123)

    assert step["type"] == "create_entry"
    assert setting(plex, EXTERNAL_PORT) == 40123
    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, STATUS).state, "reachable")
    assert told(hass) == set()


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_looking_again(
    hass: HomeAssistant,
    plex: PlexServer,
    router: Router,
    freezer: TickingDateTimeFactory,
    fix: Fix,
) -> None:
    """What was put right meanwhile is seen."""
    step = await fix.begin()
    router.add_foreign(32400, internal_client="127.0.0.1", internal_port=plex.port)

    await fix.go_on(step, next_step_id="look_again")

    await plex.settled()
    await pass_time(hass, freezer, 31)
    await become(lambda: state_of(hass, STATUS).state, "reachable")
    assert told(hass) == set()


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("router_options", [NOTHING])
async def test_it_does_not_work(
    hass: HomeAssistant, plex: PlexServer, fix: Fix
) -> None:
    """That is said, and the issue stays."""
    step = await fix.begin()
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    step = await fix.go_on(step, next_step_id="make_forward")

    assert step["type"] == "abort"
    assert step["reason"] == "failed"
    assert told(hass) == {"no_router"}


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("router_options", [NOTHING])
async def test_server_is_not_loaded(
    hass: HomeAssistant, init_integration: MockConfigEntry, fix: Fix
) -> None:
    """Then nothing can be done."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    step = await fix.begin()

    assert step["type"] == "abort"
    assert step["reason"] == "not_loaded"
