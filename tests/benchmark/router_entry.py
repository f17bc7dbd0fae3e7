"""The core integration `upnp`, for the router of the lab."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import sys
from typing import Final
from unittest.mock import MagicMock, patch

from homeassistant.components import ssdp
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

_GATEWAY: Final = "urn:schemas-upnp-org:device:InternetGatewayDevice:2"
_PATIENCE: Final = 30


@contextmanager
def installed() -> Iterator[None]:
    """Have what it needs; its library for addresses of network cards is a stand-in."""
    with patch.dict(sys.modules, getmac=MagicMock(get_mac_address=lambda **_: None)):
        yield


async def find(hass: HomeAssistant) -> MockConfigEntry:
    """Return the entry of the router, which Home Assistant has discovered by then."""
    assert await async_setup_component(hass, ssdp.DOMAIN, {})
    async with asyncio.timeout(_PATIENCE):
        while not (found := await ssdp.async_get_discovery_info_by_st(hass, _GATEWAY)):
            await asyncio.sleep(0.1)
    udn = found[0].ssdp_udn
    return MockConfigEntry(
        domain="upnp",
        unique_id=f"{udn}::{_GATEWAY}",
        data={"udn": udn, "st": _GATEWAY, "original_udn": udn},
    )
