"""Tests of the program for the shell."""

import asyncio
from collections.abc import Iterator
from functools import partial
import signal
import sys
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.portmap import Ports, Router, __main__
from tests.simulators.router import Router as SimulatedRouter

from .common import PACKAGE


@pytest.fixture(autouse=True)
def simulated_router(router: SimulatedRouter) -> Iterator[None]:
    """Ask the simulated router."""
    ports = Ports(pcp=router.natpmp_port, ssdp=router.ssdp_port)
    with patch(f"{PACKAGE}.__main__.Router", partial(Router, ports=ports)):
        yield


async def run(*arguments: str) -> None:
    """Run the program with these arguments."""
    with patch.object(sys, "argv", ["portmap", "--router", "127.0.0.1", *arguments]):
        options = __main__._arguments()
    await __main__._main(options)


async def test_status(
    router: SimulatedRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each protocol is told with what it says of the address."""
    router.wan_address = "100.64.3.4"
    router.allow_private_wan = True

    await run("status")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Router    127.0.0.1, asked from 127.0.0.1"
    assert [line.split()[0] for line in lines[1::2]] == ["pcp", "nat_pmp", "upnp"]
    assert lines[-1].split() == ["external", "address", "100.64.3.4"]


async def test_map_and_release(
    router: SimulatedRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run opens the port, another one closes it."""
    await run("map", "32400", "--external", "40000")
    assert "pcp: port 40000 leads to 127.0.0.1:32400" in capsys.readouterr().out
    assert [entry.external_port for entry in router.table] == [40000]

    await run("release", "32400", "--external", "40000")
    assert list(router.table) == []


@pytest.mark.parametrize(
    "router_options", [{"pcp": False, "nat_pmp": False}], ids=["upnp"]
)
async def test_release_of_another_port_than_was_asked_for(
    router: SimulatedRouter,
) -> None:
    """What the router gave instead is closed as well, and nothing else."""
    foreign = router.add_foreign(32400)
    await run("map", "32400")
    assert len(router.table) == 2

    await run("release", "32400")

    assert list(router.table) == [foreign]


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
async def test_what_is_no_port(
    router: SimulatedRouter, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    """It is said in one line, and the router is not bothered."""
    with pytest.raises(SystemExit):
        await run("map", "--", port)

    assert "argument port" in capsys.readouterr().err
    assert list(router.table) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_watch(
    router: SimulatedRouter,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    """The port is open as long as somebody watches, however that ends."""
    watching = asyncio.create_task(run("watch", "32400"))
    async with asyncio.timeout(5):
        while not len(router.table):
            await asyncio.sleep(0.01)
        while "leads to" not in capsys.readouterr().out:
            await asyncio.sleep(0.01)

    signal.raise_signal(number)
    await asyncio.wait((watching,))

    assert list(router.table) == []
    assert "closed" in capsys.readouterr().out
