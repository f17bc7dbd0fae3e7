"""Remote access of the simulated Plex server, with a verdict that is found."""

from collections.abc import AsyncIterator

import pytest

from tests.simulators.plex import MappingState, PlexServer, Publication, Timing
from tests.simulators.plex.testing import (
    PUBLIC_ADDRESS,
    PlexClient,
    PublicSide,
    eventually,
    next_frame,
)

PUBLISH = "PublishServerOnPlexOnlineKey"
MANUAL = {PUBLISH: True, "ManualPortMappingMode": True, "ManualPortMappingPort": 40000}
REACHABLE = Publication(MappingState.MAPPED, "", PUBLIC_ADDRESS, 40000)
UNREACHABLE = Publication(MappingState.MAPPED, "unreachable", PUBLIC_ADDRESS, 40000)


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[PublicSide]:
    """Return a router."""
    async with PublicSide() as router:
        yield router


@pytest.fixture
async def server(router: PublicSide) -> AsyncIterator[PlexServer]:
    """Return a server behind the router."""
    async with PlexServer(outside=router.outside, automatic_mapper=router) as server:
        yield server


@pytest.fixture
async def client(server: PlexServer) -> AsyncIterator[PlexClient]:
    """Return a client of the owner."""
    async with PlexClient(server) as client:
        yield client


async def put(client: PlexClient, query: str) -> int:
    """Write settings; return the status."""
    return await client.status(f"/:/prefs?{query}", method="PUT")


async def test_disabled_server_publishes_nothing(server: PlexServer) -> None:
    """Nothing happens before the owner wants it."""
    assert await server.settled() == Publication()


async def test_manual_mode_with_an_open_port(
    server: PlexServer, router: PublicSide
) -> None:
    """The server is reachable through a port that the router forwards."""
    await router.open(40000, server.port)
    await server.set_preferences(MANUAL)

    assert await server.settled() == REACHABLE
    assert router.asked == []


async def test_manual_mode_with_a_closed_port(server: PlexServer) -> None:
    """A port that nobody opened gives no access."""
    await server.set_preferences(MANUAL)

    assert await server.settled() == UNREACHABLE


async def test_port_that_leads_to_another_server(
    server: PlexServer, router: PublicSide
) -> None:
    """It is not enough that any Plex server answers."""
    async with PlexServer() as other:
        await router.open(40000, other.port)
        await server.set_preferences(MANUAL)

        assert await server.settled() == UNREACHABLE


async def test_server_that_requires_tls_is_reachable(router: PublicSide) -> None:
    """The probe speaks TLS where it has to."""
    async with PlexServer(outside=router.outside, tls=True) as server:
        server.faults.loopback_is_remote = True
        await router.open(40000, server.port)
        await server.set_preferences({**MANUAL, "secureConnections": 0})

        assert await server.settled() == REACHABLE


async def test_green_is_provisional(server: PlexServer) -> None:
    """Before the verdict an unreachable server looks reachable."""
    server.timing.verdict = 0.2
    await server.set_preferences(MANUAL)
    assert server.publication == Publication()
    await eventually(lambda: server.publication.state is MappingState.WAITING)
    await eventually(lambda: server.publication == REACHABLE)

    assert await server.settled() == UNREACHABLE


async def test_automatic_mode(server: PlexServer, router: PublicSide) -> None:
    """The server asks the router for a port and takes it back."""
    await server.set_preferences({PUBLISH: True})

    assert await server.settled() == Publication(
        MappingState.MAPPED, "", PUBLIC_ADDRESS, 24507
    )
    assert router.asked == [server.port]
    assert server.preferences["LastAutomaticMappedPort"] == 24507

    await server.set_preferences({PUBLISH: False})
    assert await server.settled() == Publication()
    assert router.released == 1


async def test_automatic_mode_without_a_router(
    server: PlexServer, router: PublicSide
) -> None:
    """Where no router answers, mapping fails."""
    router.next_port = None
    await server.set_preferences({PUBLISH: True})

    assert await server.settled() == Publication(MappingState.FAILED)
    assert server.preferences["LastAutomaticMappedPort"] == 0


async def test_manual_mode_takes_the_automatic_mapping_back(
    server: PlexServer, router: PublicSide
) -> None:
    """There are never two mappings of one server."""
    await server.set_preferences({PUBLISH: True})
    await server.settled()
    await server.set_preferences(MANUAL)

    assert await server.settled() == UNREACHABLE
    assert router.released == 1


async def test_switched_off_while_mapping(
    server: PlexServer, router: PublicSide
) -> None:
    """What the router was asked for is taken back, answered or not."""
    router.answers = False
    await server.set_preferences({PUBLISH: True})
    await eventually(lambda: bool(router.asked))
    await server.set_preferences({PUBLISH: False})

    assert await server.settled() == Publication()
    assert router.released == 1


async def test_broken_mapper_is_told(socket_enabled: None) -> None:
    """A mistake in a test's own mapper does not look like a slow server."""

    async def broken(_internal_port: int) -> int | None:
        raise LookupError

    async with PlexServer(
        automatic_mapper=broken, preferences={PUBLISH: True}
    ) as server:
        with pytest.raises(LookupError):
            await server.settled()


async def test_write_over_http(client: PlexClient, server: PlexServer) -> None:
    """Several settings are written at once; the client's own are not meant."""
    answer = await client.response(
        "/:/prefs?PublishServerOnPlexOnlineKey=1&ManualPortMappingMode=true"
        "&ManualPortMappingPort=40000&X-Plex-Product=Test",
        method="PUT",
    )

    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert await server.settled() == UNREACHABLE


@pytest.mark.parametrize(
    "query",
    ["RelayEnabled=0&nothing=1", "ManualPortMappingPort=many", "relayEnabled=0"],
)
async def test_bad_writes_are_refused(
    client: PlexClient, server: PlexServer, query: str
) -> None:
    """Unknown settings and impossible values change nothing."""
    assert await put(client, query) == 400
    assert server.preferences["RelayEnabled"] is True


async def test_unknown_setting_is_named(client: PlexClient) -> None:
    """The error says which setting there is not."""
    assert await client.text("/:/prefs?foo=1", method="PUT") == (
        400,
        "cannot set preference value for unknown preference foo",
    )


async def test_refresh_finds_what_has_changed(
    client: PlexClient, server: PlexServer, router: PublicSide
) -> None:
    """Asking again gives another verdict, told also when it is the same."""
    await server.set_preferences(MANUAL)
    await server.settled()
    async with client.notifications() as socket:
        await client.status("/myplex/refreshReachability", method="PUT")
        assert (await next_frame(socket))["ReachabilityNotification"] == [
            {"reachability": False}
        ]
        await router.open(40000, server.port)
        await server.settled()
        await client.status("/myplex/refreshReachability", method="PUT")
        assert (await next_frame(socket))["ReachabilityNotification"] == [
            {"reachability": True}
        ]

    assert await server.settled() == REACHABLE


async def test_refresh_of_a_disabled_server_probes_nothing(
    client: PlexClient, server: PlexServer, router: PublicSide
) -> None:
    """What is not published is not probed."""
    assert await client.status("/myplex/refreshReachability", method="PUT") == 200
    assert await server.settled() == Publication()
    assert router.outside.probes == 0


async def test_recheck_maps_again(server: PlexServer, router: PublicSide) -> None:
    """In automatic mode the server recovers from a router that forgot."""
    await server.set_preferences({PUBLISH: True})
    await server.settled()
    router.close(24507)
    await server.remote_access.refresh()
    assert (await server.settled()).error == "unreachable"

    await server.recheck()

    assert (await server.settled()).error == ""


async def test_recheck_follows_a_new_address(
    server: PlexServer, router: PublicSide
) -> None:
    """A new public address is published."""
    await router.open(40000, server.port)
    await server.set_preferences(MANUAL)
    await server.settled()
    router.outside.address = "192.0.1.20"

    await server.recheck()

    assert (await server.settled()).public_address == "192.0.1.20"


async def test_rechecks_come_by_themselves(router: PublicSide) -> None:
    """A server looks again from time to time."""
    async with PlexServer(
        outside=router.outside, preferences=MANUAL, timing=Timing(recheck=0.05)
    ) as server:
        assert await server.settled() == UNREACHABLE
        await router.open(40000, server.port)
        await eventually(lambda: server.publication.error == "")


async def test_restart_publishes_anew(server: PlexServer, router: PublicSide) -> None:
    """After a restart the server is where it was."""
    await router.open(40000, server.port)
    await server.set_preferences(MANUAL)
    await server.settled()
    await server.restart()
    assert server.publication == Publication()

    assert await server.settled() == REACHABLE


async def test_server_without_internet(server: PlexServer, router: PublicSide) -> None:
    """Without plex.tv nothing can be published."""
    router.outside.address = None
    await server.set_preferences(MANUAL)

    assert await server.settled() == Publication(
        MappingState.MAPPED, "publisherror", "", 40000
    )


async def test_signed_out_server_publishes_nothing(
    client: PlexClient, server: PlexServer
) -> None:
    """What plex.tv does not take for its owner's is not published."""
    await server.set_preferences(MANUAL)
    await server.lose_sign_in()
    assert await server.settled() == Publication()
    assert (await client.account())["signInState"] == "invalid"

    await server.sign_in()

    assert await server.settled() == UNREACHABLE


async def test_bandwidth_changes_nothing_else(
    server: PlexServer, router: PublicSide
) -> None:
    """Limits are stored; the server stays published as it is."""
    await router.open(40000, server.port)
    await server.set_preferences(MANUAL)
    await server.settled()
    await server.set_preferences({"WanTotalMaxUploadRate": 300000})

    assert await server.settled() == REACHABLE
    assert router.outside.probes == 1
