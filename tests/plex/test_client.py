"""Tests of what the Plex client asks and writes."""

from contextlib import suppress

import aiohttp
import pytest

from custom_components.plex_remote_access.plex import (
    PlexAuthenticationError,
    PlexError,
    PlexForbiddenError,
    PlexServer,
    PlexStartingError,
    PlexWriteError,
    PreferenceChange,
)
from tests.simulators.plex import (
    Endpoint,
    EndpointFault,
    Phase,
    PlexServer as SimulatedServer,
)

from .conftest import AUTHENTICATED, TOKEN, Call, ScriptedServer


async def test_identity(plex: SimulatedServer, server: PlexServer) -> None:
    """The server says who it is."""
    identity = await server.identity()

    assert identity.machine_identifier == plex.machine_identifier
    assert identity.version == plex.version
    assert identity.claimed is True


async def test_identity_is_asked_without_token(
    scripted: ScriptedServer, client: PlexServer
) -> None:
    """A host that may not be our server gets no token."""
    scripted.body = b'{"MediaContainer":{"machineIdentifier":"abc"}}'

    await client.identity()

    assert TOKEN not in str(scripted.requests[0].raw_headers)
    assert scripted.requests[0].path_qs == "/identity"


@pytest.mark.parametrize("call", AUTHENTICATED)
async def test_token_is_in_the_header_only(
    scripted: ScriptedServer, client: PlexServer, call: Call
) -> None:
    """A token in an address would end up in logs."""
    # The empty answer is good enough for some calls only.
    with suppress(PlexError):
        await call(client)

    tokens = {request.headers["X-Plex-Token"] for request in scripted.requests}
    paths = [request.path_qs for request in scripted.requests]
    assert tokens == {TOKEN}
    assert not any(TOKEN in path for path in paths)


async def test_client_introduces_itself(
    scripted: ScriptedServer, client: PlexServer
) -> None:
    """The server lists its devices by these headers."""
    await client.refresh_reachability()

    headers = scripted.requests[0].headers
    assert headers["X-Plex-Client-Identifier"] == "this-client"
    assert headers["X-Plex-Product"] == "Home Assistant"
    assert headers["Accept"] == "application/json"


@pytest.mark.parametrize("token", [None, ""])
async def test_without_token(
    scripted: ScriptedServer, session: aiohttp.ClientSession, token: str | None
) -> None:
    """A server that trusts our address needs no token, not even an empty one."""
    client = PlexServer(session, scripted.url, token, "this-client")

    await client.refresh_reachability()

    assert "X-Plex-Token" not in scripted.requests[0].headers


async def test_name(server: PlexServer) -> None:
    """The server has a name."""
    assert await server.name() == "Den"


@pytest.mark.parametrize("name", [b'""', b"null", b"5"])
async def test_server_without_name(
    scripted: ScriptedServer, client: PlexServer, name: bytes
) -> None:
    """A name is not needed."""
    scripted.body = b'{"MediaContainer":{"friendlyName":%s}}' % name

    assert await client.name() is None


async def test_starting_server_says_so(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """A server that answers, but is not done starting, is not there yet."""
    plex.gate.phase = Phase.STARTING

    with pytest.raises(PlexStartingError):
        await server.name()


async def test_booting_server_says_so(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """A server in its first minute answers 503."""
    plex.gate.phase = Phase.BOOTING

    with pytest.raises(PlexStartingError):
        await server.account()


async def test_refresh(plex: SimulatedServer, server: PlexServer) -> None:
    """The probe is asked for once; the empty answer is fine."""
    await server.refresh_reachability()

    assert plex.refresh_count == 1


async def test_several_settings_are_one_request(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """Mode, port and switch change at once, and are read back."""
    preferences = await server.set_preferences(
        PreferenceChange(publish=True, manual_mode=True, manual_port=40000)
    )

    assert (preferences.publish, preferences.manual_mode) == (True, True)
    assert preferences.manual_port == 40000
    assert [(request.method, request.query) for request in plex.requests] == [
        (
            "PUT",
            {
                "PublishServerOnPlexOnlineKey": "1",
                "ManualPortMappingMode": "1",
                "ManualPortMappingPort": "40000",
            },
        ),
        ("GET", {}),
    ]


async def test_settings_that_were_not_named_stay(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """One setting is one parameter."""
    before = await server.preferences()
    after = await server.set_preferences(PreferenceChange(upload_rate=8000))

    assert after.upload_rate == 8000
    assert plex.requests[1].query == {"WanTotalMaxUploadRate": "8000"}
    assert (after.publish, after.manual_port) == (before.publish, before.manual_port)


async def test_ignored_write_is_an_error(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """A server that accepts a value and keeps the old one did not do it."""
    plex.faults.ignored_preferences = {"ManualPortMappingPort"}

    with pytest.raises(PlexWriteError):
        await server.set_preferences(PreferenceChange(publish=True, manual_port=40000))


async def test_refused_write_is_an_error(
    plex: SimulatedServer, server: PlexServer
) -> None:
    """A server that does not know a setting refuses the whole change."""
    plex.form.missing_preferences = {"WanTotalMaxUploadRate"}

    with pytest.raises(PlexWriteError):
        await server.set_preferences(PreferenceChange(publish=True, upload_rate=8000))
    assert (await server.preferences()).publish is False


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, PlexWriteError),
        (401, PlexAuthenticationError),
        (403, PlexForbiddenError),
        (404, PlexWriteError),
        (500, PlexWriteError),
        (503, PlexStartingError),
    ],
)
async def test_status_of_a_write(
    plex: SimulatedServer, server: PlexServer, status: int, error: type[PlexError]
) -> None:
    """A failed write is never a quiet success."""
    plex.faults.endpoints[Endpoint.PREFS_PUT] = EndpointFault(status=status)

    with pytest.raises(error) as raised:
        await server.set_preferences(PreferenceChange(publish=True))
    assert type(raised.value) is error
