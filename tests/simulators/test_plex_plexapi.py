"""An independent client gets along with the simulated Plex server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from plexapi.exceptions import BadRequest, Unauthorized
from plexapi.server import PlexServer as PlexApi
import pytest
import requests

from tests.simulators.plex import Booleans, PlexServer, WireForm


@pytest.fixture(params=Booleans)
async def server(
    socket_enabled: None, request: pytest.FixtureRequest
) -> AsyncIterator[PlexServer]:
    """Return a server, with every way to write booleans."""
    async with PlexServer(form=WireForm(booleans=request.param)) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Return a session that is closed in the end."""
    with requests.Session() as session:
        yield session


@pytest.fixture
async def plex(server: PlexServer, session: requests.Session) -> Any:
    """Return the client, connected."""
    return await asyncio.to_thread(PlexApi, server.url, server.token, session, 5)


def read_settings(plex: Any) -> Any:
    """Return the settings as they are now; the client keeps those it has read."""
    return type(plex.settings)(plex, plex.query("/:/prefs"))


async def test_connect(server: PlexServer, plex: Any) -> None:
    """The client finds out whose server it is."""
    assert plex.machineIdentifier == server.machine_identifier
    assert plex.friendlyName == "Den"
    assert plex.myPlex is True
    assert plex.myPlexSigninState == "ok"
    identity = await asyncio.to_thread(plex.identity)
    assert identity.machineIdentifier == server.machine_identifier
    assert identity.claimed is True


async def test_wrong_token(server: PlexServer, session: requests.Session) -> None:
    """The client understands that it is turned away."""
    with pytest.raises(Unauthorized):
        await asyncio.to_thread(PlexApi, server.url, "wrong", session, 5)


async def test_settings(server: PlexServer, plex: Any) -> None:
    """The client reads and writes the settings of remote access."""
    settings = await asyncio.to_thread(read_settings, plex)
    assert settings.get("PublishServerOnPlexOnlineKey").value is False
    assert settings.get("ManualPortMappingPort").value == 32400
    assert 40000 in settings.get("WanPerStreamMaxUploadRate").enumValues

    settings.get("PublishServerOnPlexOnlineKey").set(True)
    settings.get("ManualPortMappingMode").set(True)
    settings.get("ManualPortMappingPort").set(server.port)
    settings.get("WanPerStreamMaxUploadRate").set(8000)
    settings.get("FriendlyName").set("Attic & Cellar")
    await asyncio.to_thread(settings.save)

    settings = await asyncio.to_thread(read_settings, plex)
    assert settings.get("ManualPortMappingMode").value is True
    assert settings.get("WanPerStreamMaxUploadRate").value == 8000
    assert server.preferences["PublishServerOnPlexOnlineKey"] is True
    assert server.friendly_name == "Attic & Cellar"
    with pytest.raises(BadRequest):
        settings.get("WanPerStreamMaxUploadRate").set(8001)


async def test_account(server: PlexServer, plex: Any) -> None:
    """The client reads how the server can be reached."""
    await server.set_preferences(
        {
            "PublishServerOnPlexOnlineKey": True,
            "ManualPortMappingMode": True,
            "ManualPortMappingPort": server.port,
        }
    )
    await server.settled()

    account = await asyncio.to_thread(plex.account)

    assert account.username == "owner@example.org"
    assert account.mappingState == "mapped"
    assert not account.mappingError
    assert account.mappingErrorMessage is None
    assert account.signInState == "ok"
    assert account.publicAddress == account.privateAddress == "127.0.0.1"
    assert int(account.publicPort) == int(account.privatePort) == server.port
    assert account.subscriptionActive is True
    assert account.subscriptionState == "Active"
