"""The simulators as processes, steered over HTTP."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import signal
import sys
from typing import Any

from aiohttp import ClientConnectionError, ClientSession
import pytest

PUBLISH = "PublishServerOnPlexOnlineKey"


@asynccontextmanager
async def run(module: str, *arguments: str) -> AsyncIterator[tuple[Process, str]]:
    """Run a simulator on a free port; return the process and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--port", "0", *arguments, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        yield process, line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """Return a session."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def plextv(session: ClientSession) -> AsyncIterator[str]:
    """Return the address of a plex.tv."""
    async with run("tests.simulators.plextv") as (_, url):
        yield url


@pytest.fixture
async def plex(plextv: str) -> AsyncIterator[tuple[Process, str]]:
    """Return a server that asks this plex.tv."""
    async with run(
        "tests.simulators.plex",
        "--token=T",
        "--name=Den: two",
        "--machine-identifier=abc",
        "--lan-address=10.1.2.3",
        f"--plextv={plextv}",
        "--preference=RelayEnabled=0",
        "--control",
    ) as process:
        yield process


async def control(session: ClientSession, url: str, **body: Any) -> Any:
    """Steer the server; return what it answers."""
    async with session.post(f"{url}/__control__", json=body) as answer:
        return await answer.json()


async def test_options(session: ClientSession, plex: tuple[Process, str]) -> None:
    """The command line says what the server is like."""
    _, url = plex
    headers = {"X-Plex-Token": "T", "Accept": "application/json"}
    async with session.get(url, headers=headers) as answer:
        container = (await answer.json())["MediaContainer"]
    async with session.get(f"{url}/myplex/account", headers=headers) as answer:
        account = (await answer.json())["MyPlex"]
    async with session.get(f"{url}/__control__") as answer:
        state = await answer.json()

    assert container["friendlyName"] == "Den: two"
    assert container["machineIdentifier"] == "abc"
    assert account["privateAddress"] == "10.1.2.3"
    assert state["preferences"]["RelayEnabled"] is False
    assert state["counts"] == {"root": 1, "account": 1}
    assert [request["path"] for request in state["requests"]] == [
        "/",
        "/myplex/account",
    ]


async def test_verdict_across_processes(
    session: ClientSession, plex: tuple[Process, str]
) -> None:
    """The verdict comes from the other process, by connecting."""
    _, url = plex
    port = int(url.rpartition(":")[2])
    preferences = {PUBLISH: True, "ManualPortMappingMode": 1}

    closed = await control(
        session,
        url,
        preferences={**preferences, "ManualPortMappingPort": 9},
        call="settled",
    )
    opened = await control(
        session, url, preferences={"ManualPortMappingPort": port}, call="settled"
    )

    assert closed["state"]["mapping_error"] == "unreachable"
    assert opened["state"]["mapping_error"] == ""
    assert opened["state"]["public_address"] == "127.0.0.1"
    assert opened["state"]["public_port"] == port


async def test_restart(session: ClientSession, plex: tuple[Process, str]) -> None:
    """The server restarts on demand and is there again."""
    _, url = plex
    await control(session, url, timing={"down": 0.1, "boot": 0.1}, call="restart")
    phases: set[str] = set()
    async with asyncio.timeout(10):
        while not {"down", "booting", "running"} <= phases:
            try:
                async with session.get(f"{url}/__control__") as answer:
                    phases.add((await answer.json())["state"]["phase"])
            except ClientConnectionError:
                phases.add("down")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_end(
    session: ClientSession, plex: tuple[Process, str], number: signal.Signals
) -> None:
    """The process ends when it is asked to, whoever is still listening."""
    process, url = plex
    async with session.ws_connect(
        f"{url}/:/websockets/notifications", headers={"X-Plex-Token": "T"}
    ):
        process.send_signal(number)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
