"""Steering the simulated Plex server over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulators.plex import (
    Booleans,
    Endpoint,
    EndpointFault,
    PlexServer,
    ReachabilityEvents,
)
from tests.simulators.plex.testing import PlexClient, eventually

CONTROL = "/__control__"


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[PlexServer]:
    """Return a server that can be steered."""
    async with PlexServer(control=True) as server:
        yield server


@pytest.fixture
async def client(server: PlexServer) -> AsyncIterator[PlexClient]:
    """Return a client without a token."""
    async with PlexClient(server, "") as client:
        yield client


async def steer(client: PlexClient, **body: Any) -> tuple[int, Any]:
    """Steer the server; return what it answers."""
    async with client.session.post(CONTROL, json=body) as answer:
        return answer.status, await answer.json()


async def test_state(server: PlexServer, client: PlexClient) -> None:
    """A look at the server shows its state and what it was asked."""
    await client.status("/:/prefs?X-Plex-Token=secret&a=b")

    state = await client.json(CONTROL)

    assert state["state"] == {
        "phase": "running",
        "mapping_state": "unknown",
        "mapping_error": "",
        "public_address": "",
        "public_port": 0,
        "sign_in_state": "ok",
        "machine_identifier": server.machine_identifier,
        "token": server.token,
        "listeners": 0,
    }
    assert state["counts"] == {"prefs": 1}
    assert state["requests"][0]["query"] == {"a": "b"}
    assert state["requests"][0]["status"] == 401


async def test_control_is_off_by_default(socket_enabled: None) -> None:
    """A server that is not to be steered does not know the path."""
    async with PlexServer() as server, PlexClient(server) as client:
        assert await client.status(CONTROL) == 404


async def test_everything_can_be_changed(
    server: PlexServer, client: PlexClient
) -> None:
    """Faults, timing, form and settings can be changed at once."""
    status, state = await steer(
        client,
        faults={
            "endpoints": {"account": {"status": 500, "remaining": 1}},
            "reachability_events": "lost",
            "ignored_preferences": ["RelayEnabled"],
        },
        timing={"verdict": 0.5},
        form={"booleans": "words", "xml_always": True},
        preferences={"RelayEnabled": False, "WanTotalMaxUploadRate": 20000},
    )

    assert status == 200
    assert server.faults.endpoints == {
        Endpoint.ACCOUNT: EndpointFault(500, remaining=1)
    }
    assert server.faults.reachability_events is ReachabilityEvents.LOST
    assert server.faults.ignored_preferences == {"RelayEnabled"}
    assert server.timing.verdict == 0.5
    assert server.form.booleans is Booleans.WORDS
    assert state["preferences"]["WanTotalMaxUploadRate"] == 20000
    # It is the owner in Plex Web who writes here, and the faults are for others.
    assert state["preferences"]["RelayEnabled"] is False


async def test_token_is_given_back(server: PlexServer, client: PlexClient) -> None:
    """The owner may want a token again that was revoked."""
    before = server.token
    await steer(client, call="revoke_token")
    assert server.token != before

    _, state = await steer(client, token=before)

    assert state["state"]["token"] == before
    assert server.token == before


@pytest.mark.parametrize(
    "body",
    [
        {"faults": {"nothing": 1}},
        {"faults": {"reachability_events": "sometimes"}},
        {"faults": {"endpoints": {"nothing": {"status": 500}}}},
        {"preferences": {"nothing": 1}},
        {"call": "nothing"},
    ],
)
async def test_mistakes_are_told(client: PlexClient, body: dict[str, Any]) -> None:
    """A test that steers wrongly does not go on as if it had not."""
    status, answer = await steer(client, **body)

    assert status == 400
    assert "error" in answer


async def test_revoked_token(server: PlexServer, client: PlexClient) -> None:
    """A test learns the new token."""
    old = server.token

    _, answer = await steer(client, call="revoke_token")

    assert answer["state"]["token"] == server.token != old


@pytest.mark.parametrize(
    ("call", "sign_in_state"),
    [("sign_out", "none"), ("lose_sign_in", "invalid"), ("sign_in", "ok")],
)
async def test_sign_in(client: PlexClient, call: str, sign_in_state: str) -> None:
    """The server can be signed out and in."""
    _, answer = await steer(client, call=call)

    assert answer["state"]["sign_in_state"] == sign_in_state


async def test_noise(server: PlexServer, client: PlexClient) -> None:
    """Noise can be made at any time."""
    async with (
        PlexClient(server) as owner,
        owner.notifications() as socket,
    ):
        await eventually(lambda: server.notifications.listeners == 1)
        await steer(client, call="send_noise")

        assert '"playing"' in await socket.receive_str(timeout=5)


async def test_records_can_be_reset(client: PlexClient) -> None:
    """A test may begin to count anew."""
    await client.status("/identity")

    _, answer = await steer(client, call="reset_records")

    assert answer["counts"] == {}
    assert answer["requests"] == []
