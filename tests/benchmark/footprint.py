"""What Home Assistant pays for the integration: JSON on one line.

Home Assistant runs in this process; servers and router run in another one, so that
their work is not taken for ours.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from functools import partial
import gc
import json
import logging
import signal
from statistics import median
import sys
import tempfile
import time
import tracemalloc
from typing import Any, Final
from unittest.mock import patch

from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.plex_remote_access.const import DOMAIN
from custom_components.plex_remote_access.portmap import Ports, Router

from . import router_entry
from .elgato_stub import make_stub
from .stopwatch import Longest, Stopwatch

MANY: Final = 50
ROUNDS: Final = 11
LAPS: Final = 5
_IDLE: Final = 20
_PATIENCE: Final = 30


@asynccontextmanager
async def _neighbours(count: int) -> AsyncGenerator[tuple[dict[str, Any], Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmark.neighbours",
        str(count),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline()), process
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def _home_assistant() -> AsyncGenerator[HomeAssistant]:
    with tempfile.TemporaryDirectory() as folder:
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            hass.config.components.add("homeassistant")
            for common in ("homeassistant", "network"):
                await async_setup_component(hass, common, {})
            yield hass
            await hass.async_stop(force=True)


def _entries(neighbours: dict[str, Any]) -> list[MockConfigEntry]:
    return [
        MockConfigEntry(
            domain=DOMAIN,
            title=f"Server {number}",
            unique_id=f"{number:040x}",
            data={
                "host": "127.0.0.1",
                "port": port,
                "ssl": False,
                "verify_ssl": False,
                "token": token,
            },
            options={"port_mapping": "automatic", "router": "127.0.0.1"},
        )
        for number, (port, token) in enumerate(neighbours["servers"])
    ]


def _lights() -> list[MockConfigEntry]:
    return [
        MockConfigEntry(domain="elgato", unique_id=f"light{n}", data={"host": f"l{n}"})
        for n in range(MANY)
    ]


async def _set_up(hass: HomeAssistant, entry: MockConfigEntry) -> float:
    """Return the milliseconds that it takes to set up an entry."""
    entry.add_to_hass(hass)
    began = time.perf_counter()
    await hass.config_entries.async_setup(entry.entry_id)
    taken = time.perf_counter() - began
    assert entry.state is ConfigEntryState.LOADED, entry.reason
    return taken * 1000


async def _set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> float:
    """Remove an entry, and return what it takes to set it up."""
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    taken = await _set_up(hass, entry)
    await hass.async_block_till_done()
    return taken


async def _allocated(act: Awaitable[Any]) -> float:
    """Return the KiB that are kept of what is done."""
    gc.collect()
    tracemalloc.start()
    await act
    gc.collect()
    allocated = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    return allocated


def _middle(laps: list[Longest]) -> Longest:
    """Return the median of some rounds: what else the machine does is in single ones."""
    return Longest(
        wall=median(lap.wall for lap in laps),
        processor=median(lap.processor for lap in laps),
    )


async def _cpu() -> float:
    """Return the share of one core that is used while nothing happens, in percent."""
    await asyncio.sleep(5)
    began = time.process_time()
    await asyncio.sleep(_IDLE)
    return 100 * (time.process_time() - began) / _IDLE


async def _measure(
    hass: HomeAssistant, entries: list[MockConfigEntry]
) -> dict[str, Any]:
    """Return what entries of one integration cost, and remove them.

    The first one loads the code, and is not counted. Where there can be only one, it is
    set up again and again.
    """
    first, *others = entries
    await _set_up(hass, first)
    await hass.async_block_till_done()
    watch, laps = Stopwatch(), list[Longest]()
    with watch.running():
        for _ in range(LAPS):
            watch.lap()
            await _set_up_again(hass, first)
            laps.append(watch.lap())
    times = [await _set_up_again(hass, first) for _ in range(ROUNDS)]

    async def set_up_others() -> None:
        for entry in others or [first]:
            await _set_up(hass, entry)
        await hass.async_block_till_done()

    if not others:
        await hass.config_entries.async_remove(first.entry_id)
        await hass.async_block_till_done()
    allocated = await _allocated(set_up_others())
    idle = await _cpu()
    for entry in entries:
        await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    return {
        "setup": median(times),
        "memory": allocated / (len(others) or 1),
        "idle": idle,
        **asdict(_middle(laps)),
    }


async def _turn(hass: HomeAssistant, action: str) -> None:
    await hass.services.async_call(
        "switch",
        f"turn_{action}",
        {"entity_id": "switch.server_0_remote_access"},
        blocking=True,
    )


async def _until(truth: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not truth():
            await asyncio.sleep(0.02)


async def _toggle(hass: HomeAssistant) -> None:
    """Turn on and off, some times."""
    for _ in range(5):
        await _turn(hass, "on")
        await _turn(hass, "off")


async def _heal(entry: MockConfigEntry, router: Process) -> None:
    """Have the router start anew, until the port is open again."""
    coordinator = entry.runtime_data
    kept = coordinator._reconciler.kept
    before = kept.mapping.granted_at
    router.send_signal(signal.SIGUSR1)
    # Until it has got round to it.
    await asyncio.sleep(0.5)
    coordinator._care.keeper.signal()
    await _until(lambda: kept.mapping is not None and kept.mapping.granted_at > before)


async def _acting(
    hass: HomeAssistant, entry: MockConfigEntry, router: Process
) -> dict[str, Any]:
    """Return the longest callback while turning on and off, and while healing."""
    watch, toggling, healing = Stopwatch(), list[Longest](), list[Longest]()
    await _set_up(hass, entry)
    with watch.running():
        for _ in range(LAPS):
            watch.lap()
            await _toggle(hass)
            toggling.append(watch.lap())
            await _turn(hass, "on")
            watch.lap()
            await _heal(entry, router)
            healing.append(watch.lap())
            await _turn(hass, "off")
    await hass.config_entries.async_remove(entry.entry_id)
    return {"toggle": asdict(_middle(toggling)), "heal": asdict(_middle(healing))}


async def main() -> None:
    """Measure one after the other in the same Home Assistant."""
    logging.disable(logging.WARNING)
    async with AsyncExitStack() as stack:
        neighbours, router = await stack.enter_async_context(_neighbours(MANY))
        ports = Ports(pcp=neighbours["pcp"], ssdp=neighbours["ssdp"])
        stack.enter_context(patch.dict(sys.modules, elgato=make_stub()))
        stack.enter_context(router_entry.installed())
        stack.enter_context(
            patch(
                "custom_components.plex_remote_access.routers.Router",
                partial(Router, ports=ports),
            )
        )
        hass = await stack.enter_async_context(_home_assistant())
        figures = {
            "elgato": await _measure(hass, _lights()),
            "upnp": await _measure(hass, [await router_entry.find(hass)]),
            "ours": await _measure(hass, _entries(neighbours)),
            "acting": await _acting(hass, _entries(neighbours)[0], router),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main())
