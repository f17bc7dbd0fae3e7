"""NAT-PMP of the router simulator, in the bytes of RFC 6886."""

from collections.abc import AsyncIterator

import pytest

from tests.simulators.router import Entry, Origin, PacketKind, Protocol, Router
from tests.simulators.router.client import exchange, receive, udp_client
from tests.simulators.router.datagram import group_socket

ADDRESS_REQUEST = bytes.fromhex("00 00")
# version, opcode 2 (TCP), reserved, internal 32400, suggested 32400, 7200 s
MAP_TCP = bytes.fromhex("00 02 0000 7e90 7e90 00001c20")
UNMAP_TCP = bytes.fromhex("00 02 0000 7e90 0000 00000000")


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[Router]:
    """Return a router."""
    async with Router() as router:
        yield router


async def test_external_address(router: Router) -> None:
    """The public address comes with result 0 and the epoch."""
    router.advance(258)
    assert await exchange(router.natpmp_port, ADDRESS_REQUEST) == bytes.fromhex(
        "00 80 0000 00000102 c6336407"
    )
    assert router.packets == {PacketKind.NAT_PMP_ADDRESS: 1}


async def test_map_and_unmap(router: Router) -> None:
    """A mapping stands in the table until it is deleted."""
    assert await exchange(router.natpmp_port, MAP_TCP) == bytes.fromhex(
        "00 82 0000 00000000 7e90 7e90 00001c20"
    )
    assert [(entry.key, entry.target, entry.origin) for entry in router.table] == [
        ((Protocol.TCP, 32400), ("127.0.0.1", 32400), Origin.NAT_PMP)
    ]
    assert await exchange(router.natpmp_port, UNMAP_TCP) == bytes.fromhex(
        "00 82 0000 00000000 7e90 0000 00000000"
    )
    assert len(router.table) == 0
    assert router.packets == {PacketKind.NAT_PMP_MAP: 2}


async def test_map_udp(router: Router) -> None:
    """UDP mappings are listed, without a forward."""
    response = await exchange(router.natpmp_port, b"\x00\x01" + MAP_TCP[2:])
    assert response[:4] == bytes.fromhex("00 81 0000")
    assert router.table.get(Protocol.UDP, 32400) is not None
    assert router.dial("198.51.100.7", 32400) is None


async def test_unmap_of_nothing_succeeds(router: Router) -> None:
    """Deleting a mapping that is not there is no error."""
    response = await exchange(router.natpmp_port, UNMAP_TCP)
    assert response[:4] == bytes.fromhex("00 82 0000")


async def test_unmap_leaves_others_alone(router: Router) -> None:
    """Only entries that NAT-PMP made for this host are deleted."""
    foreign = router.add_foreign(32400, internal_client="127.0.0.1")
    await exchange(router.natpmp_port, UNMAP_TCP)
    assert list(router.table) == [foreign]


async def test_taken_port_gives_the_next_one(router: Router) -> None:
    """A port of somebody else is not handed out."""
    router.add_foreign(32400)
    response = await exchange(router.natpmp_port, MAP_TCP)
    assert response[8:12] == bytes.fromhex("7e90 7e91")


async def test_renewal_keeps_the_assigned_port(router: Router) -> None:
    """Another suggestion for the same internal port changes nothing."""
    await exchange(router.natpmp_port, MAP_TCP)
    other = bytes.fromhex("00 02 0000 7e90 c350 00001c20")
    response = await exchange(router.natpmp_port, other)
    assert response[8:12] == bytes.fromhex("7e90 7e90")
    assert len(router.table) == 1


async def test_low_port_gives_one_that_is_allowed(router: Router) -> None:
    """Ports below 1024 are not handed out."""
    https = bytes.fromhex("00 02 0000 7e90 01bb 00001c20")
    response = await exchange(router.natpmp_port, https)
    assert response[8:12] == bytes.fromhex("7e90 0400")


@pytest.mark.parametrize(
    ("request_hex", "response_hex"),
    [
        pytest.param("00 03", "00 83 0005 00000000", id="unsupported opcode"),
        pytest.param(
            "00 02 0000 0000 7e90 00001c20",
            "00 82 0002 00000000 0000 0000 00000000",
            id="internal port 0",
        ),
    ],
)
async def test_bad_requests(
    router: Router, request_hex: str, response_hex: str
) -> None:
    """Bad requests are refused."""
    response = await exchange(router.natpmp_port, bytes.fromhex(request_hex))
    assert response == bytes.fromhex(response_hex)


@pytest.mark.parametrize("wan_address", [None, "100.64.3.4", "192.168.1.55"])
@pytest.mark.parametrize(
    ("request_data", "response_hex"),
    [
        (ADDRESS_REQUEST, "00 80 0003 00000000 00000000"),
        (MAP_TCP, "00 82 0003 00000000 7e90 0000 00000000"),
    ],
)
@pytest.mark.usefixtures("socket_enabled")
async def test_no_public_address(
    wan_address: str | None, request_data: bytes, response_hex: str
) -> None:
    """Without a public address everything is a network failure."""
    async with Router(wan_address=wan_address) as router:
        response = await exchange(router.natpmp_port, request_data)
    assert response == bytes.fromhex(response_hex)


@pytest.mark.usefixtures("socket_enabled")
async def test_pcp_request_gets_unsupported_version() -> None:
    """A router without PCP says so in NAT-PMP."""
    async with Router(pcp=False) as router:
        response = await exchange(router.natpmp_port, b"\x02" + bytes(23))
    assert response == bytes.fromhex("00 00 0001 00000000")


@pytest.mark.usefixtures("socket_enabled")
async def test_no_server_refuses_at_once() -> None:
    """Without NAT-PMP and PCP nothing is bound."""
    async with Router() as router:
        port = router.natpmp_port
    async with udp_client() as sock:
        sock.connect(("127.0.0.1", port))
        sock.send(ADDRESS_REQUEST)
        with pytest.raises(ConnectionRefusedError):
            await receive(sock)


async def test_lost_packets(router: Router) -> None:
    """A lost packet is counted and not answered; the next one is."""
    router.faults.packets.drop_next = {PacketKind.NAT_PMP_ADDRESS: 1}
    with pytest.raises(TimeoutError):
        await exchange(router.natpmp_port, ADDRESS_REQUEST, patience=0.1)
    assert await exchange(router.natpmp_port, ADDRESS_REQUEST)
    assert router.packets[PacketKind.NAT_PMP_ADDRESS] == 2


async def test_refusal_by_fault(router: Router) -> None:
    """A result code can be forced."""
    router.faults.packets.results = {PacketKind.NAT_PMP_MAP: 2}
    response = await exchange(router.natpmp_port, MAP_TCP)
    assert response[:4] == bytes.fromhex("00 82 0002")
    assert len(router.table) == 0


async def test_success_without_mapping(router: Router) -> None:
    """A router can lie about a mapping."""
    router.faults.mapping.forget = True
    response = await exchange(router.natpmp_port, MAP_TCP)
    assert response[:4] == bytes.fromhex("00 82 0000")
    assert len(router.table) == 0


async def test_other_port_assigned(router: Router) -> None:
    """A router can insist on another port."""
    router.faults.mapping.assign_port = 50000
    response = await exchange(router.natpmp_port, MAP_TCP)
    assert response[8:12] == bytes.fromhex("7e90 c350")


async def test_entries_are_those_of_the_table(router: Router) -> None:
    """The table tells lease and description."""
    await exchange(router.natpmp_port, MAP_TCP)
    entry = router.table.get(Protocol.TCP, 32400)
    assert isinstance(entry, Entry)
    assert router.table.remaining(entry) == 7200
    assert entry.description == "NAT-PMP 32400 tcp"


@pytest.mark.usefixtures("socket_enabled")
async def test_announcements() -> None:
    """All hosts hear of a new address, by NAT-PMP and by PCP."""
    with group_socket("224.0.0.1", "127.0.0.1", 0) as member:
        announce_port = member.getsockname()[1]
        async with Router(multicast=True, announce_port=announce_port) as router:
            await receive(member)
            await receive(member)
            router.advance(258)
            router.set_wan_address("198.51.100.99")
            nat_pmp, pcp = await receive(member), await receive(member)
    assert nat_pmp == bytes.fromhex("00 80 0000 00000000 c6336463")
    assert pcp == bytes.fromhex("02 80 0000 00000000 00000000") + bytes(12)


async def test_answer_that_is_cut_off(router: Router) -> None:
    """Only the beginning of an answer can arrive."""
    router.faults.packets.cut = {PacketKind.NAT_PMP_MAP: 8}
    assert len(await exchange(router.natpmp_port, MAP_TCP)) == 8
    assert len(await exchange(router.natpmp_port, ADDRESS_REQUEST)) == 12
