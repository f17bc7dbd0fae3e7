"""What Home Assistant pays for the integration: JSON on one line.

Home Assistant runs in this process; servers and router run in another one, so that
their work is not taken for ours.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
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

from .elgato_stub import make_stub

MANY: Final = 50
ROUNDS: Final = 11
_IDLE: Final = 20
_PATIENCE: Final = 30


class Stopwatch:
    """Measures each callback of the event loop, from the outside."""

    def __init__(self) -> None:
        """Begin with none."""
        self.longest = 0.0
        run = asyncio.Handle._run

        def measured(handle: asyncio.Handle) -> None:
            # Not the clock on the wall: others want the processor as well.
            began = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - began)

        self.patch = patch.object(asyncio.Handle, "_run", measured)

    def lap(self) -> float:
        """Return the longest since the last lap, in milliseconds."""
        longest, self.longest = self.longest, 0.0
        return longest * 1000


@asynccontextmanager
async def _neighbours(count: int) -> AsyncGenerator[tuple[dict[str, Any], Any]]:
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


async def _set_up_all(
    hass: HomeAssistant, entries: list[MockConfigEntry]
) -> dict[str, float]:
    """Return what it takes to set up many, but for the first: it loads the code."""
    await _set_up(hass, entries[0])
    times = [await _set_up(hass, entry) for entry in entries[1:ROUNDS]]
    await hass.async_block_till_done()
    gc.collect()
    tracemalloc.start()
    for entry in entries[ROUNDS:]:
        await _set_up(hass, entry)
    await hass.async_block_till_done()
    gc.collect()
    allocated = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    return {"setup": median(times), "memory": allocated / (MANY - ROUNDS)}


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


async def _acting(
    hass: HomeAssistant, first: MockConfigEntry, router: Any, watch: Stopwatch
) -> dict[str, float]:
    """Return the longest callback while turning on and off, and while healing."""
    watch.lap()
    for _ in range(5):
        await _turn(hass, "on")
        await _turn(hass, "off")
    toggling = watch.lap()
    await _turn(hass, "on")
    coordinator = first.runtime_data
    kept = coordinator._reconciler.kept
    before = kept.mapping.granted_at
    watch.lap()
    router.send_signal(signal.SIGUSR1)
    # Until it has got round to it.
    await asyncio.sleep(0.5)
    coordinator._care.keeper.signal()
    await _until(lambda: kept.mapping is not None and kept.mapping.granted_at > before)
    healing = watch.lap()
    await _turn(hass, "off")
    return {"toggle": toggling, "heal": healing}


async def _cpu() -> float:
    """Return the share of one core that is used while nothing happens, in percent."""
    await asyncio.sleep(5)
    began = time.process_time()
    await asyncio.sleep(_IDLE)
    return 100 * (time.process_time() - began) / _IDLE


async def _ours(figures: dict[str, float]) -> None:
    async with _neighbours(MANY) as (neighbours, process):
        ports = Ports(pcp=neighbours["pcp"], ssdp=neighbours["ssdp"])
        watch = Stopwatch()
        with patch(
            "custom_components.plex_remote_access.routers.Router",
            partial(Router, ports=ports),
        ):
            async with _home_assistant() as hass:
                entries = _entries(neighbours)
                # The code is read and the dependencies are there before this.
                await _set_up(hass, entries[0])
                await hass.async_block_till_done()
                await hass.config_entries.async_remove(entries[0].entry_id)
                with watch.patch:
                    again = _entries(neighbours)[0]
                    await _set_up(hass, again)
                    await hass.async_block_till_done()
                    figures["setup callback"] = watch.lap()
                    acting = await _acting(hass, again, process, watch)
                figures |= {f"{name} callback": ms for name, ms in acting.items()}
                await hass.config_entries.async_remove(again.entry_id)
                all_ = await _set_up_all(hass, _entries(neighbours))
                figures |= {f"ours {name}": value for name, value in all_.items()}
                figures["ours idle"] = await _cpu()


async def _elgato(figures: dict[str, float]) -> None:
    with patch.dict(sys.modules, elgato=make_stub()):
        async with _home_assistant() as hass:
            all_ = await _set_up_all(hass, _lights())
            figures |= {f"elgato {name}": value for name, value in all_.items()}
            figures["elgato idle"] = await _cpu()


async def main(integration: str) -> None:
    """Measure one integration; Home Assistant starts once in a process."""
    logging.disable(logging.WARNING)
    figures: dict[str, float] = {}
    await {"ours": _ours, "elgato": _elgato}[integration](figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
