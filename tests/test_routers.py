"""Tests of what Home Assistant hears of the router by SSDP."""

from collections.abc import Callable, Iterator
from unittest.mock import AsyncMock, Mock, patch

from homeassistant.components import ssdp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.ssdp import SsdpServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.router import Router

from .common import become, open_ports, turn

GATEWAY = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
ALIVE, BYEBYE = ssdp.SsdpChange.ALIVE, ssdp.SsdpChange.BYEBYE

pytestmark = pytest.mark.parametrize(
    "router_options", [{"pcp": False, "nat_pmp": False}]
)

type Hear = Callable[[ssdp.SsdpChange, str, str], None]


@pytest.fixture
def register() -> Iterator[AsyncMock]:
    """What the integration registers with Home Assistant."""
    with patch(
        "homeassistant.components.ssdp.async_register_callback", return_value=Mock()
    ) as register:
        yield register


@pytest.fixture
async def hear(
    hass: HomeAssistant, register: AsyncMock, init_integration: MockConfigEntry
) -> Hear:
    """Home Assistant hears of a gateway."""
    await become(lambda: register.await_count, 4)
    listener = register.await_args_list[0].args[1]

    def hear(change: ssdp.SsdpChange, host: str, boot_id: str) -> None:
        listener(
            SsdpServiceInfo(
                ssdp_usn=f"uuid:1::{GATEWAY}",
                ssdp_st=GATEWAY,
                ssdp_location=f"http://{host}:5000/rootDesc.xml",
                ssdp_headers={"BOOTID.UPNP.ORG": boot_id},
                upnp={},
            ),
            change,
        )

    return hear


@pytest.mark.parametrize(
    ("change", "boot_id"), [(ALIVE, "2"), (BYEBYE, "1")], ids=["new-boot", "goodbye"]
)
async def test_router_that_restarts(
    hass: HomeAssistant,
    router: Router,
    hear: Hear,
    init_integration: MockConfigEntry,
    change: ssdp.SsdpChange,
    boot_id: str,
) -> None:
    """The port is open again at once, not when the next look is due."""
    hear(ALIVE, "127.0.0.1", "1")
    await turn(hass, "on")
    router.restart()

    hear(change, "127.0.0.1", boot_id)

    await become(lambda: open_ports(router), [32400])
    # In the middle of the conversation the router would have to be waited for.
    await hass.config_entries.async_unload(init_integration.entry_id)


@pytest.mark.parametrize(
    ("host", "boot_id"),
    [
        pytest.param("127.0.0.1", "1", id="the-same-again"),
        pytest.param("127.0.0.2", "2", id="another-device"),
        pytest.param("[broken", "2", id="nowhere"),
    ],
)
async def test_what_is_no_news(
    hass: HomeAssistant, router: Router, hear: Hear, host: str, boot_id: str
) -> None:
    """The router is not bothered with what others say, or what it said before."""
    hear(ALIVE, "127.0.0.1", "1")
    router.faults.events.silent = True
    await turn(hass, "on")
    with patch("custom_components.plex_remote_access.portmap.Keeper.signal") as signal:
        hear(ALIVE, host, boot_id)

    signal.assert_not_called()


async def test_nothing_is_heard_after_the_last_server_is_unloaded(
    hass: HomeAssistant,
    register: AsyncMock,
    hear: Hear,
    init_integration: MockConfigEntry,
) -> None:
    """Each registration is taken back."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    await become(lambda: register.return_value.call_count, 4)
