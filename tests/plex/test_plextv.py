"""Tests of the conversation with plex.tv."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest
from yarl import URL

from custom_components.plex_remote_access.plex import (
    AccountServer,
    Connection,
    PlexAuthenticationError,
    PlexSignInExpiredError,
    PlexTv,
    PlexTvError,
)
from tests.simulators.plextv import PlexTv as SimulatedPlexTv
from tests.simulators.plextv_account import connection, device

from .conftest import ScriptedServer

MODULE = "custom_components.plex_remote_access.plex.plextv"


@pytest.fixture
async def service(socket_enabled: None) -> AsyncIterator[SimulatedPlexTv]:
    """plex.tv, simulated."""
    async with SimulatedPlexTv() as simulated:
        yield simulated


@pytest.fixture
def plex_tv(session: aiohttp.ClientSession, service: SimulatedPlexTv) -> PlexTv:
    """A client of the simulated plex.tv."""
    return PlexTv(session, URL(service.url), "this-client")


@pytest.fixture
def scripted_plex_tv(
    session: aiohttp.ClientSession, scripted: ScriptedServer
) -> PlexTv:
    """A client of a plex.tv that says what the test tells it to say."""
    return PlexTv(session, scripted.url, "this-client")


async def test_sign_in(plex_tv: PlexTv, service: SimulatedPlexTv) -> None:
    """The token is there soon after the person has confirmed."""
    pin = await plex_tv.create_pin()
    wake = asyncio.Event()
    waiting = asyncio.create_task(plex_tv.wait_for_token(pin, wake))
    await asyncio.sleep(0.1)
    assert not waiting.done()

    service.account.confirm()
    wake.set()

    async with asyncio.timeout(1.5):
        assert await waiting == "account-token"
    # plex.tv answers 429 to clients that ask too often.
    assert service.account.polls_refused == 0


async def test_sign_in_page(plex_tv: PlexTv) -> None:
    """It is told who asks for what, and where to lead afterwards."""
    pin = await plex_tv.create_pin()

    page = plex_tv.sign_in_page(pin, URL("http://home.local:8123/back?flow_id=1&x=2"))

    assert str(page).startswith("https://app.plex.tv/auth#?")
    asked = URL(f"?{page.raw_fragment.removeprefix('?')}", encoded=True).query
    assert asked == {
        "clientID": "this-client",
        "code": pin.code,
        "context[device][product]": "Home Assistant",
        "forwardUrl": "http://home.local:8123/back?flow_id=1&x=2",
    }


async def test_sign_in_page_without_a_way_back(plex_tv: PlexTv) -> None:
    """Who signs in elsewhere closes the page himself."""
    page = plex_tv.sign_in_page(await plex_tv.create_pin(), None)

    assert "forwardUrl" not in str(page)


async def test_nobody_confirms(plex_tv: PlexTv, service: SimulatedPlexTv) -> None:
    """Waiting ends when plex.tv has forgotten the PIN."""
    pin = await plex_tv.create_pin()
    service.account.pins.clear()

    with pytest.raises(PlexSignInExpiredError):
        await plex_tv.wait_for_token(pin, asyncio.Event())


async def test_lifetime_is_over(plex_tv: PlexTv, service: SimulatedPlexTv) -> None:
    """Nobody is asked about a PIN that cannot be good any more."""
    service.account.lifetime = timedelta()
    pin = await plex_tv.create_pin()

    with pytest.raises(PlexSignInExpiredError):
        await plex_tv.wait_for_token(pin, asyncio.Event())

    assert service.account.pins[pin.id].polls == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_while_signing_in(
    plex_tv: PlexTv, service: SimulatedPlexTv, status: int
) -> None:
    """The person does not have to begin anew."""
    pin = await plex_tv.create_pin()
    service.account.status = status
    with patch(f"{MODULE}.MIN_POLL_INTERVAL", 0.05):
        waiting = asyncio.create_task(
            plex_tv.wait_for_token(pin, wake := asyncio.Event())
        )
        await asyncio.sleep(0.1)

        service.account.status = None
        service.account.confirm()
        await asyncio.sleep(1)
        wake.set()

        async with asyncio.timeout(5):
            assert await waiting == "account-token"


async def test_servers(plex_tv: PlexTv, service: SimulatedPlexTv) -> None:
    """Those of the account itself, with every way to them."""
    service.account.devices = [
        device("mine", connection("192.168.1.5", 32400), provides="server,player"),
        device("shared", owned=False),
        device("phone", provides="client,player"),
        device("unnamed", name=""),
    ]

    assert await plex_tv.servers("account-token") == [
        AccountServer(
            machine_identifier="mine",
            name="Den",
            token="account-token",
            connections=(
                Connection(
                    url=URL(
                        "https://192-168-1-5.5f3c9a1e7d2b4860f1e2d3c4b5a69788"
                        ".plex.direct:32400"
                    ),
                    address="192.168.1.5",
                    port=32400,
                    relay=False,
                ),
            ),
        ),
        AccountServer(
            machine_identifier="unnamed",
            name="unnamed",
            token="account-token",
            connections=(),
        ),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"connections": None},
        {"connections": ["https://192.168.1.5:32400"]},
        {"connections": [connection("192.168.1.5", 0)]},
        {"connections": [connection("", 32400)]},
        {"connections": [connection("192.168.1.5", 32400, uri="https://[")]},
        {"connections": [connection("192.168.1.5", 32400, uri=None)]},
    ],
)
async def test_ways_that_lead_nowhere(
    plex_tv: PlexTv, service: SimulatedPlexTv, changes: dict[str, Any]
) -> None:
    """They are left out; the server is not."""
    service.account.devices = [device("mine", **changes)]

    (server,) = await plex_tv.servers("account-token")

    assert server.connections == ()


@pytest.mark.parametrize("changes", [{"clientIdentifier": ""}, {"accessToken": None}])
async def test_devices_that_say_too_little(
    plex_tv: PlexTv, service: SimulatedPlexTv, changes: dict[str, Any]
) -> None:
    """A server without identity or token cannot be used."""
    service.account.devices = [device("mine", **changes)]

    assert await plex_tv.servers("account-token") == []


async def test_token_is_not_known(plex_tv: PlexTv) -> None:
    """plex.tv says so."""
    with pytest.raises(PlexAuthenticationError):
        await plex_tv.servers("another")


async def test_token_is_in_the_header_only(
    scripted: ScriptedServer, scripted_plex_tv: PlexTv
) -> None:
    """A token in an address would end up in logs."""
    scripted.body = b"[]"

    await scripted_plex_tv.servers("s3cret")

    (request,) = scripted.requests
    assert request.headers["X-Plex-Token"] == "s3cret"
    assert "s3cret" not in request.path_qs


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (429, b'{"errors":[{"code":1003}]}'),
        (302, b""),
        (200, b"<html>"),
        (200, b'"text"'),
        (200, b"[" * 100_000),
        (201, b'{"id": "1", "code": "abc"}'),
        (201, b'{"id": 1, "code": null}'),
    ],
)
async def test_answers_that_are_none(
    scripted: ScriptedServer, scripted_plex_tv: PlexTv, status: int, body: bytes
) -> None:
    """Only errors of our own come out of it."""
    scripted.status, scripted.body = status, body

    with pytest.raises(PlexTvError):
        await scripted_plex_tv.create_pin()
    with pytest.raises(PlexTvError):
        await scripted_plex_tv.servers("token")


async def test_plex_tv_is_away(session: aiohttp.ClientSession) -> None:
    """The error is not that of a server at home."""
    plex_tv = PlexTv(session, URL("http://127.0.0.1:9"), "this-client")

    with pytest.raises(PlexTvError):
        await plex_tv.create_pin()
