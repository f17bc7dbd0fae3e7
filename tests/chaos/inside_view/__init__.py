"""Tells what Home Assistant's process holds: tasks, timers, objects, memory.

An integration for Home Assistant, read at `/api/inside_view`.
"""

import asyncio
from collections import Counter
import ctypes
import gc
from pathlib import Path
from typing import Any

from aiohttp import web
from async_upnp_client.ssdp import _cached_decode_ssdp_packet
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType

_OURS = "custom_components/plex_remote_access"
_OUR_MODULES = _OURS.replace("/", ".")


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the view."""
    hass.http.register_view(InsideView())
    return True


class InsideView(HomeAssistantView):
    """What is held right now."""

    url = "/api/inside_view"
    name = "api:inside_view"

    async def get(self, _request: web.Request) -> web.Response:
        """Answer after everything is given back that nobody needs."""
        # Home Assistant remembers the last 512 packets of SSDP, whoever sent them.
        _cached_decode_ssdp_packet.cache_clear()
        # First, as counting objects takes memory itself.
        kib = resident_kib()
        return self.json(
            {
                "tasks": _tasks(),
                "timers": _timers(),
                "objects": _objects(),
                "kib": kib,
            }
        )


def _tasks() -> dict[str, int]:
    """Return how many tasks run in code of ours, by what they run."""
    names: Counter[str] = Counter()
    for task in asyncio.all_tasks():
        coroutine: Any = task.get_coro()
        code = getattr(coroutine, "cr_code", None)
        if code is not None and _OURS in code.co_filename:
            names[coroutine.__qualname__] += 1
    return dict(names)


def _timers() -> int:
    """Return how many timers wait to call code of ours."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop().__dict__.get(
        "_scheduled", []
    )
    return sum(
        not timer.cancelled() and "plex_remote_access" in repr(timer)
        for timer in scheduled
    )


def _objects() -> int:
    """Return how many objects there are of classes of ours."""
    return sum(
        str(type(thing).__module__).startswith(_OUR_MODULES)
        for thing in gc.get_objects()
    )


def resident_kib() -> int:
    """Give back what is free, and return what the process takes of the machine's memory."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
