"""The simulated Internet side."""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from tests.simulators.plex import HttpOutside, PlexServer
from tests.simulators.plextv import PlexTv


@pytest.fixture
async def plextv(socket_enabled: None) -> AsyncIterator[PlexTv]:
    """Return the service."""
    async with PlexTv() as plextv:
        yield plextv


async def test_address(plextv: PlexTv) -> None:
    """A server learns where it is seen to be."""
    assert await HttpOutside(plextv.url).public_address() == "127.0.0.1"


async def test_probe(plextv: PlexTv) -> None:
    """Only the server that asked counts as reached."""
    outside = HttpOutside(plextv.url)
    async with PlexServer() as server:
        here = "127.0.0.1", server.port
        assert await outside.reachable(*here, server.machine_identifier)
        assert not await outside.reachable(*here, "0" * 40)

    assert not await outside.reachable(*here, server.machine_identifier)


async def test_endpoint_that_is_no_plex_server(plextv: PlexTv) -> None:
    """Whatever else answers there is not the server."""
    assert not await HttpOutside(plextv.url).reachable(
        "127.0.0.1", plextv.port, "0" * 40
    )


async def test_bad_question(plextv: PlexTv) -> None:
    """A probe needs an endpoint."""
    async with (
        ClientSession() as session,
        session.get(f"{plextv.url}/probe?port=x") as answer,
    ):
        assert answer.status == 400


async def test_without_the_service(plextv: PlexTv) -> None:
    """A server that is cut off knows no address and reaches no verdict."""
    outside = HttpOutside(plextv.url)
    await plextv.__aexit__()

    assert await outside.public_address() is None
    assert not await outside.reachable("127.0.0.1", 1, "0" * 40)
