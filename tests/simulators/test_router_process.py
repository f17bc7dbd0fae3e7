"""The router simulator as a process of its own."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
import re
import signal
import sys

import aiohttp
import pytest

from tests.simulators.router.client import exchange

REPOSITORY = Path(__file__).parents[2]
OPTIONS = ("--natpmp-port", "0", "--ssdp-port", "0", "--control")


@pytest.fixture
async def process(socket_enabled: None) -> AsyncIterator[Process]:
    """Return a running router."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulators.router",
        *OPTIONS,
        cwd=REPOSITORY,
        stdout=PIPE,
        stderr=PIPE,
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.fixture
async def control_url(process: Process) -> str:
    """Return the URL of the control API, once the router listens."""
    assert process.stdout is not None
    async with asyncio.timeout(10):
        line = (await process.stdout.readline()).decode()
    address = re.search(r"http://[\d.:]+", line)
    assert address is not None
    return f"{address[0]}/__control__"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ends_cleanly(
    process: Process, control_url: str, number: signal.Signals
) -> None:
    """A signal ends the router without complaint."""
    process.send_signal(number)
    async with asyncio.timeout(10):
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_control(control_url: str) -> None:
    """Another process can look at the router, change it and break it."""
    async with aiohttp.ClientSession() as session:
        add = {"call": "add_foreign", "arguments": {"external_port": 32400}}
        async with session.post(control_url, json=add) as response:
            state = await response.json()
        assert [entry["external_port"] for entry in state["table"]] == [32400]

        faults = {
            "faults": {
                "http": {"status": {"description": 500}},
                "packets": {"drop": ["pcp_map"]},
            }
        }
        async with session.post(control_url, json=faults) as response:
            assert (await response.json())["faults"]["packets"]["drop"] == ["pcp_map"]
        async with session.get(state["description_url"]) as response:
            assert response.status == 500

        async with session.post(control_url, json={"call": "restart"}) as response:
            assert (await response.json())["table"] == []

        await exchange(state["natpmp_port"], bytes(2))
        async with session.get(control_url) as response:
            assert (await response.json())["packets"] == {"nat_pmp_address": 1}


@pytest.mark.parametrize(
    "wanted",
    [{"call": "explode"}, {"faults": {"http": {"smell": True}}}, {"call": "advance"}],
)
async def test_bad_control_request(control_url: str, wanted: dict[str, object]) -> None:
    """What the router does not know is refused."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(control_url, json=wanted) as response,
    ):
        assert response.status == 400
