"""The routers: one keeper for each, shared by all servers behind it."""

import asyncio
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Any, Final

from homeassistant.components import ssdp
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.ssdp import SsdpServiceInfo
from homeassistant.util.hass_dict import HassKey
from yarl import URL

from .const import CONF_ROUTER, DOMAIN
from .portmap import Keeper, KeptPort, Place, Router

_CARES: Final[HassKey[dict[str | None, RouterCare]]] = HassKey(f"{DOMAIN}.routers")
# Of a device that has moved to another port, Home Assistant passes on only the first
# of its advertisements, and that is the one of the root device.
_DEVICES: Final = (
    "upnp:rootdevice",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
)
# By the type, searches are answered and advertisements are sent.
_GATEWAYS: Final = tuple(
    {header: device} for device in _DEVICES for header in ("nt", "st")
)
# A router has one root device and one gateway; a flood has any number of names.
_MAX_BOOTS: Final = 8


def create_router(hass: HomeAssistant, options: Mapping[str, Any]) -> Router:
    """Create the way to the router: the default gateway, or the one entered."""
    gateway = options.get(CONF_ROUTER)
    return Router(
        async_get_clientsession(hass),
        gateway=IPv4Address(gateway) if gateway else None,
    )


@callback
def async_get_router_care(
    hass: HomeAssistant, options: Mapping[str, Any]
) -> RouterCare:
    """Return the care for the router that a server is behind."""
    cares = hass.data.setdefault(_CARES, {})
    gateway = options.get(CONF_ROUTER)
    if (care := cares.get(gateway)) is None:
        care = cares[gateway] = RouterCare(hass, create_router(hass, options))
    return care


class RouterCare:
    """The keeper of one router, at work as long as a loaded server needs it."""

    def __init__(self, hass: HomeAssistant, router: Router) -> None:
        """Prepare; nothing is sent yet."""
        self.keeper: Final = Keeper(router)
        self._hass: Final = hass
        self._boots: Final[dict[str, tuple[str | None, str | None]]] = {}
        self._listening = False
        self._task: asyncio.Task[None] | None = None

    @callback
    def async_keep(
        self, entry: ConfigEntry, nonce: bytes, *, changed: Callable[[], None]
    ) -> KeptPort:
        """Return the port of a server; `changed` is called when it changes by itself."""
        place = Place(
            host=entry.data[CONF_HOST],
            port=entry.data[CONF_PORT],
            description=f"Plex Remote Access ({str(entry.unique_id)[:8]})",
            nonce=nonce,
        )
        return self.keeper.keep(place, changed=changed)

    @callback
    def async_look_after(self, port: KeptPort) -> CALLBACK_TYPE:
        """Look after a port; returns how to end that. Its mapping stays then."""
        self.keeper.add(port)
        if self._task is None:
            self._task = self._hass.async_create_background_task(
                self._run(), f"{DOMAIN} router"
            )

        @callback
        def leave() -> None:
            self.keeper.remove(port)
            if self.keeper.idle and self._task is not None:
                self._task.cancel()
                self._task = None

        return leave

    async def _run(self) -> None:
        """Keep the ports, and listen to what Home Assistant hears of routers."""
        self._listening = False
        leave = [
            await ssdp.async_register_callback(self._hass, self._on_ssdp, gateway)
            for gateway in _GATEWAYS
        ]
        self._listening = True
        try:
            await self.keeper.run()
        finally:
            for unregister in leave:
                unregister()

    @callback
    def _on_ssdp(self, info: SsdpServiceInfo, change: ssdp.SsdpChange) -> None:
        """Have a look when our router comes, goes or has started anew."""
        route = self.keeper.router.route
        try:
            host = URL(info.ssdp_location or "").host
        except ValueError:
            return
        if route is None or host != str(route.gateway):
            return
        boot = info.ssdp_headers.get(ssdp.ATTR_SSDP_BOOTID), info.ssdp_location
        known = self._boots.pop(info.ssdp_usn, None)
        if change is not ssdp.SsdpChange.BYEBYE:
            if len(self._boots) >= _MAX_BOOTS:
                # The one that was heard of the longest time ago.
                del self._boots[next(iter(self._boots))]
            self._boots[info.ssdp_usn] = boot
        # What Home Assistant has heard before we came is told at once, and no news.
        if self._listening and (change is ssdp.SsdpChange.BYEBYE or boot != known):
            self.keeper.signal()
