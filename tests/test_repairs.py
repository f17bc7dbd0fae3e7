"""Tests of what can be done about an issue with one click."""

from typing import Any

from freezegun.api import TickingDateTimeFactory
from homeassistant.components.repairs import DOMAIN as REPAIRS, repairs_flow_manager
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

    def __init__(
        self,
        hass: HomeAssistant,
        client: ClientSessionGenerator,
        plex: PlexServer,
        freezer: TickingDateTimeFactory,
    ) -> None:
        """Have a browser ready."""
        self._hass = hass
        self._client = client
        self._plex = plex
        self._freezer = freezer

    async def begin(self) -> dict[str, Any]:
        """Open the dialog of the only issue."""
        await async_setup_component(self._hass, REPAIRS, {})
        (issue,) = (
            issue
            for issue in ir.async_get(self._hass).issues.values()
            if issue.domain == DOMAIN and issue.active
        )
        return await self._ask("post", "", handler=DOMAIN, issue_id=issue.issue_id)

    async def go_on(self, step: dict[str, Any], **entered: Any) -> dict[str, Any]:
        """Choose or enter something."""
        return await self._ask("post", f"/{step['flow_id']}", **entered)

    async def outcome(self, step: dict[str, Any]) -> dict[str, Any]:
        """Wait for plex.tv's verdict, and return what is shown then."""
        assert step["type"] == "progress"
        assert step["step_id"] == step["progress_action"] == "trying"
        again = await self._ask("get", f"/{step['flow_id']}")
        assert again["type"] == "progress"
        await pass_time(self._hass, self._freezer, 1)
        await self._plex.settled()
        await pass_time(self._hass, self._freezer, 31)
        return await self.leave(step)

    async def leave(self, step: dict[str, Any]) -> dict[str, Any]:
        """Wait until nothing is tried any more, and return what is shown then."""
        flows = repairs_flow_manager(self._hass)
        assert flows
        await become(
            lambda: flows.async_get(step["flow_id"])["step_id"] == "trying",
            expected=False,
        )
        return await self._ask("get", f"/{step['flow_id']}")

    async def _ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        client = await self._client()
        url = f"/api/repairs/issues/fix{path}"
        response = await client.request(method, url, json=body)
        answer: dict[str, Any] = await response.json()
        return answer


@pytest.fixture
def fix(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
) -> Fix:
    """Somebody who looks at Repairs."""
    return Fix(hass, hass_client, plex, freezer)


@pytest.fixture
def plex_tv_that_does_not_hear(plex: PlexServer) -> None:
    """Have the server fail to tell plex.tv where it is."""
    plex.faults.mapping_error = "publisherror"


@pytest.fixture
def container(plex: PlexServer) -> None:
    """Have the server know no address but that within its container."""
    plex.lan_address = "172.18.0.3"
    plex.form.blank_addresses_when_unreachable = False


@pytest.fixture
def refusal(router: Router) -> None:
    """Have the router refuse whatever it is asked to open."""
    router.faults.soap.refuse = {"AddPortMapping": 606, "AddAnyPortMapping": 606}


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
    ("way", "mode", "manual", "reason", "issue"),
    [
        (
            "let_server",
            "server",
            False,
            "The server could not open the port on the router",
            "router_refused",
        ),
        (
            "make_forward",
            "manual",
            True,
            "plex.tv could not connect; the port is closed somewhere on the way",
            "manual_port_closed",
        ),
    ],
)
async def test_somebody_else_opens_the_port(
    hass: HomeAssistant,
    plex: PlexServer,
    fix: Fix,
    way: str,
    mode: str,
    reason: str,
    issue: str,
    *,
    manual: bool,
) -> None:
    """Where no router listens to us; what is still in the way is told."""
    step = await fix.begin()
    assert step["type"] == "menu"
    assert step["menu_options"] == ["look_again", "let_server", "make_forward"]

    step = await fix.outcome(await fix.go_on(step, next_step_id=way))

    assert step["type"] == "abort"
    assert step["reason"] == "not_reachable"
    assert step["description_placeholders"] == {"reason": reason}
    assert told(hass) == {issue}
    assert state_of(hass, PORT_MAPPING).state == mode
    assert setting(plex, MANUAL_MODE) is manual
    assert setting(plex, PUBLISH) is True


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_home_assistant_opens_the_port(
    hass: HomeAssistant, router: Router, fix: Fix
) -> None:
    """Where the own forward does not work; that it helped is told."""
    step = await fix.begin()
    assert step["menu_options"] == ["look_again", "let_home_assistant", "other_port"]

    step = await fix.outcome(await fix.go_on(step, next_step_id="let_home_assistant"))

    assert step["type"] == "form"
    assert step["step_id"] == "reachable"
    assert step["description_placeholders"] == {"server": "Den"}
    assert state_of(hass, PORT_MAPPING).state == "automatic"
    assert open_ports(router) == [32400]
    assert told(hass) == set()

    step = await fix.go_on(step)

    assert step["type"] == "create_entry"
    assert told(hass) == set()


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_other_port(
    hass: HomeAssistant, plex: PlexServer, router: Router, fix: Fix
) -> None:
    """A mistake can be put right, and people get in through the new one."""
    router.add_foreign(40123, internal_client="127.0.0.1", internal_port=plex.port)
    step = await fix.go_on(await fix.begin(), next_step_id="other_port")
    assert step["step_id"] == "other_port"
    step = await fix.go_on(step, manual_port=0)
    assert step["errors"] == {"manual_port": "invalid_port"}

    step = await fix.outcome(await fix.go_on(step, manual_port=40123))

    assert step["step_id"] == "reachable"
    assert setting(plex, EXTERNAL_PORT) == 40123
    assert told(hass) == set()


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("port_mapping", ["manual"])
async def test_looking_again(
    hass: HomeAssistant, plex: PlexServer, router: Router, fix: Fix
) -> None:
    """What was put right meanwhile is seen."""
    step = await fix.begin()
    router.add_foreign(32400, internal_client="127.0.0.1", internal_port=plex.port)

    step = await fix.outcome(await fix.go_on(step, next_step_id="look_again"))

    assert step.get("step_id") == "reachable", step
    assert told(hass) == set()


@pytest.mark.usefixtures("container", "trouble")
@pytest.mark.parametrize("port_mapping", ["server"])
async def test_server_in_a_container(
    hass: HomeAssistant, router: Router, fix: Fix
) -> None:
    """Home Assistant knows where the server is reached."""
    assert told(hass) == {"container_address"}
    step = await fix.begin()
    assert step["menu_options"] == ["let_home_assistant", "look_again"]
    shown = step["description_placeholders"]
    assert (shown["private_ip"], shown["host"]) == ("172.18.0.3", "127.0.0.1")

    step = await fix.outcome(await fix.go_on(step, next_step_id="let_home_assistant"))

    assert step["step_id"] == "reachable"
    assert open_ports(router) == [32400]
    assert told(hass) == set()


@pytest.mark.usefixtures("plex_tv_that_does_not_hear", "trouble")
async def test_publishing_again(
    hass: HomeAssistant, plex: PlexServer, router: Router, fix: Fix
) -> None:
    """Where plex.tv does not know of the server, beginning anew helps."""
    assert told(hass) == {"not_published"}
    step = await fix.begin()
    assert step["menu_options"] == ["publish_again", "look_again"]
    plex.faults.mapping_error = None

    step = await fix.outcome(await fix.go_on(step, next_step_id="publish_again"))

    assert step["step_id"] == "reachable"
    assert setting(plex, PUBLISH) is True
    assert open_ports(router) == [32400]
    assert told(hass) == set()


@pytest.mark.usefixtures("refusal", "trouble")
@pytest.mark.parametrize("router_options", [{"pcp": False, "nat_pmp": False}])
async def test_words_of_the_router(hass: HomeAssistant, fix: Fix) -> None:
    """They are told before and after an attempt; what did not help stays."""
    words = "The router refuses to open the port (UPnP error 606 ACTION NOT AUTHORIZED)"
    assert told(hass) == {"router_refused"}
    step = await fix.begin()
    assert step["description_placeholders"]["reason"] == words

    step = await fix.outcome(await fix.go_on(step, next_step_id="look_again"))

    assert step["reason"] == "not_reachable"
    assert step["description_placeholders"] == {"reason": words}
    assert told(hass) == {"router_refused"}


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("router_options", [NOTHING])
async def test_closed_dialog(
    hass: HomeAssistant,
    plex: PlexServer,
    freezer: TickingDateTimeFactory,
    fix: Fix,
) -> None:
    """What was chosen is done all the same."""
    step = await fix.go_on(await fix.begin(), next_step_id="let_server")
    flows = repairs_flow_manager(hass)
    assert flows

    flows.async_abort(step["flow_id"])
    await pass_time(hass, freezer, 1)

    assert state_of(hass, PORT_MAPPING).state == "server"
    assert setting(plex, MANUAL_MODE) is False


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize("router_options", [NOTHING])
async def test_it_does_not_work(
    hass: HomeAssistant, plex: PlexServer, fix: Fix
) -> None:
    """That is said, and the issue stays."""
    step = await fix.begin()
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=400)

    step = await fix.leave(await fix.go_on(step, next_step_id="make_forward"))

    assert step["type"] == "abort"
    assert step["reason"] == "not_reachable"
    assert step["description_placeholders"] == {
        "reason": "The server did not accept the new settings"
    }
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
