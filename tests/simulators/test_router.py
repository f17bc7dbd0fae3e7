"""The router simulator as a whole: table, forwards, restarts."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.simulators.router import Entry, Protocol, Router
from tests.simulators.router.client import exchange

WAN = "198.51.100.7"
PORT = 20000


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet everyone who tells a name, until there are no more."""
    while name := await reader.readline():
        writer.write(b"Hello " + name)
    writer.close()
    await writer.wait_closed()


@pytest.fixture
async def server_port(socket_enabled: None) -> AsyncIterator[int]:
    """Return the port of a small server in the LAN."""
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        server.close_clients()


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[Router]:
    """Return a router."""
    async with Router() as router:
        yield router


async def map_port(
    router: Router, server_port: int, lifetime: int = 7200, public_port: int = PORT
) -> None:
    """Map the public port to the server by NAT-PMP."""
    await exchange(
        router.natpmp_port,
        bytes.fromhex("00 02 0000")
        + server_port.to_bytes(2)
        + public_port.to_bytes(2)
        + lifetime.to_bytes(4),
    )


async def open_from_outside(
    router: Router,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the public port."""
    endpoint = router.dial(WAN, PORT)
    assert endpoint is not None
    return await asyncio.open_connection(*endpoint)


async def request_from_outside(router: Router) -> bytes:
    """Send a request to the public port and return the answer."""
    reader, writer = await open_from_outside(router)
    writer.write(b"Plex\n")
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_request_from_outside(router: Router, server_port: int) -> None:
    """A request to the public port is answered by the server in the LAN."""
    await map_port(router, server_port)
    assert await request_from_outside(router) == b"Hello Plex\n"


async def test_large_transfer(router: Router, server_port: int) -> None:
    """Everything that is sent arrives before the connection ends."""
    await map_port(router, server_port)
    reader, writer = await open_from_outside(router)
    writer.write(b"x\n" * 20_000)
    writer.write_eof()
    assert await reader.read() == b"Hello x\n" * 20_000
    writer.close()
    await writer.wait_closed()


async def test_server_that_is_not_there(router: Router) -> None:
    """If nothing answers in the LAN the connection just ends."""
    await map_port(router, 1)
    assert await request_from_outside(router) == b""


@pytest.mark.parametrize(("address", "port"), [("198.51.100.8", PORT), (WAN, PORT + 1)])
async def test_nothing_there(
    router: Router, server_port: int, address: str, port: int
) -> None:
    """Other addresses and other ports lead nowhere."""
    await map_port(router, server_port)
    assert router.dial(address, port) is None


async def test_unmap_cuts(router: Router, server_port: int) -> None:
    """With the mapping go the open port and its connections."""
    await map_port(router, server_port)
    endpoint = router.dial(WAN, PORT)
    assert endpoint is not None
    reader, writer = await open_from_outside(router)
    writer.write(b"Plex\n")
    assert await reader.readline() == b"Hello Plex\n"
    await map_port(router, server_port, lifetime=0)
    async with asyncio.timeout(1):
        assert await reader.read() == b""
    writer.close()
    assert router.dial(WAN, PORT) is None
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*endpoint)


async def test_lease_expires(router: Router, server_port: int) -> None:
    """A mapping that is not renewed ends by itself."""
    await map_port(router, server_port, lifetime=1)
    assert await request_from_outside(router) == b"Hello Plex\n"
    async with asyncio.timeout(3):
        while len(router.table):
            await asyncio.sleep(0.02)
    assert router.dial(WAN, PORT) is None


async def test_lease_expires_when_time_passes(router: Router, server_port: int) -> None:
    """Tests need not wait for a long lease."""
    await map_port(router, server_port, lifetime=7200)
    router.advance(7199)
    assert len(router.table) == 1
    router.advance(1)
    assert len(router.table) == 0


async def test_restart_clears(router: Router, server_port: int) -> None:
    """A restart empties the table and begins a new epoch."""
    await map_port(router, server_port)
    router.advance(1000)
    router.restart()
    assert len(router.table) == 0
    assert router.epoch == 0
    assert router.dial(WAN, PORT) is None


async def test_restart_that_keeps_the_table(router: Router, server_port: int) -> None:
    """A restart may also keep the table."""
    await map_port(router, server_port)
    router.restart(clear=False)
    assert await request_from_outside(router) == b"Hello Plex\n"


async def test_new_address(router: Router, server_port: int) -> None:
    """Mappings survive a change of the public address, with a new epoch."""
    await map_port(router, server_port)
    router.advance(1000)
    router.set_wan_address("198.51.100.99")
    assert router.epoch == 0
    assert router.dial(WAN, PORT) is None
    assert router.dial("198.51.100.99", PORT) is not None


async def test_wan_down(router: Router, server_port: int) -> None:
    """Without WAN there is no way in; with it the mapping works again."""
    await map_port(router, server_port)
    router.wan_down()
    assert router.dial(WAN, PORT) is None
    router.set_wan_address(WAN)
    assert await request_from_outside(router) == b"Hello Plex\n"


async def test_listed_but_dead(router: Router, server_port: int) -> None:
    """A router may list a mapping and carry nothing."""
    await map_port(router, server_port)
    router.faults.mapping.dead_forward = True
    reader, writer = await open_from_outside(router)
    assert await reader.read() == b""
    writer.close()


async def test_power_cut(router: Router, server_port: int) -> None:
    """After a power cut the router is back at the same ports, with nothing mapped."""
    ports = router.natpmp_port, router.ssdp_port, router.http_port
    await map_port(router, server_port)
    await router.stop()
    await router.start()
    assert (router.natpmp_port, router.ssdp_port, router.http_port) == ports
    assert len(router.table) == 0
    await map_port(router, server_port)
    assert await request_from_outside(router) == b"Hello Plex\n"


@pytest.mark.usefixtures("socket_enabled")
async def test_real_ports(server_port: int) -> None:
    """With real ports the external port itself is open."""
    async with Router(real_ports=True) as router:
        await map_port(router, server_port, public_port=20100)
        assert router.dial(WAN, 20100) == ("127.0.0.1", 20100)
        reader, writer = await asyncio.open_connection("127.0.0.1", 20100)
        writer.write(b"Plex\n")
        assert await reader.readline() == b"Hello Plex\n"
        writer.close()


@pytest.mark.usefixtures("socket_enabled")
async def test_real_port_in_use(server_port: int) -> None:
    """A real port that is in use counts as taken: the next one is assigned."""
    async with (
        await asyncio.start_server(greet, "127.0.0.1", 20200),
        Router(real_ports=True) as router,
    ):
        await map_port(router, server_port, public_port=20200)
        assert [entry.external_port for entry in router.table] == [20201]


@pytest.mark.usefixtures("socket_enabled")
async def test_real_port_never_forwards_to_itself() -> None:
    """The public port of a server on the same address counts as taken."""
    async with Router(real_ports=True) as router:
        await map_port(router, 20300, public_port=20300)
        assert [entry.external_port for entry in router.table] == [20301]


async def test_tests_change_the_table(router: Router, server_port: int) -> None:
    """Entries put into the table by a test work like any other."""
    entry = Entry(
        protocol=Protocol.TCP,
        external_port=PORT,
        internal_client="127.0.0.1",
        internal_port=server_port,
    )
    router.table.put(entry)
    assert await request_from_outside(router) == b"Hello Plex\n"
    router.table.remove(*entry.key)
    assert router.dial(WAN, PORT) is None
