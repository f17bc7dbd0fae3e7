"""Tests of what Home Assistant hears of the router by SSDP."""

from collections.abc import Callable, Iterator
from typing import Protocol
from unittest.mock import AsyncMock, Mock, patch

from homeassistant.components import ssdp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.ssdp import SsdpServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.router import Router

from .common import become, open_ports, turn

ROOT = "upnp:rootdevice"
GATEWAY = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
ALIVE, BYEBYE = ssdp.SsdpChange.ALIVE, ssdp.SsdpChange.BYEBYE

pytestmark = pytest.mark.parametrize(
    "router_options", [{"pcp": False, "nat_pmp": False}]
)

type Listener = Callable[[SsdpServiceInfo, ssdp.SsdpChange], None]


class Hear(Protocol):
    """Have Home Assistant hear of a device."""

    def __call__(
        self, change: ssdp.SsdpChange, host: str, boot_id: str, device: str = GATEWAY
    ) -> None:
        """Have it hear of one."""


def asked_for(register: AsyncMock) -> dict[tuple[str, str], Listener]:
    """Return who listens, by header and device."""
    return {
        header: call.args[1]
        for call in register.await_args_list
        for header in call.args[2].items()
    }


def advertisement(host: str, boot_id: str, device: str = GATEWAY) -> SsdpServiceInfo:
    """Return what Home Assistant heard of a gateway."""
    return SsdpServiceInfo(
        ssdp_usn=f"uuid:1::{device}",
        ssdp_st=device,
        ssdp_location=f"http://{host}:5000/rootDesc.xml",
        ssdp_headers={"BOOTID.UPNP.ORG": boot_id},
        upnp={},
    )


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
    await become(lambda: ("nt", ROOT) in asked_for(register), True)

    def hear(
        change: ssdp.SsdpChange, host: str, boot_id: str, device: str = GATEWAY
    ) -> None:
        asked_for(register)[("nt", device)](
            advertisement(host, boot_id, device), change
        )

    return hear


@pytest.mark.parametrize("device", [ROOT, GATEWAY])
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
    device: str,
) -> None:
    """The port is open again at once, not when the next look is due."""
    hear(ALIVE, "127.0.0.1", "1", device)
    await turn(hass, "on")
    router.restart()

    hear(change, "127.0.0.1", boot_id, device)

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


async def test_what_was_heard_before_is_no_news(
    hass: HomeAssistant,
    register: AsyncMock,
    init_integration: MockConfigEntry,
) -> None:
    """A port that was opened just now is not asked for again because of it."""
    await turn(hass, "on")
    await hass.config_entries.async_unload(init_integration.entry_id)
    register.reset_mock()
    register.side_effect = lambda _, heard, match: heard(
        advertisement("127.0.0.1", "1"), ALIVE
    )

    with patch("custom_components.plex_remote_access.portmap.Keeper.signal") as signal:
        await hass.config_entries.async_setup(init_integration.entry_id)
        await become(lambda: ("nt", ROOT) in asked_for(register), True)

    signal.assert_not_called()


async def test_nothing_is_heard_after_the_last_server_is_unloaded(
    hass: HomeAssistant,
    register: AsyncMock,
    hear: Hear,
    init_integration: MockConfigEntry,
) -> None:
    """Each registration is taken back."""
    await hass.config_entries.async_unload(init_integration.entry_id)

    await become(
        lambda: register.return_value.call_count, len(register.await_args_list)
    )
