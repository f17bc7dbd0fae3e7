"""PCP of the router simulator, in the bytes of RFC 6887."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.simulators.router import LeasePolicy, Origin, PacketKind, Protocol, Router
from tests.simulators.router.client import exchange, udp_client

LOOPBACK = "00000000000000000000ffff7f000001"
OTHER_HOST = "00000000000000000000ffff7f000002"
PUBLIC = "00000000000000000000ffffc6336407"
UNKNOWN = "00000000000000000000ffff00000000"
NONCE = "000102030405060708090a0b"
ANNOUNCE = f"02 00 0000 00000000 {LOOPBACK}"
# 7200 s; TCP, internal 32400, suggested 32400
MAP_HEADER = f"02 01 0000 00001c20 {LOOPBACK}"
MAP_TCP = f"{NONCE} 06 000000 7e90 7e90 {UNKNOWN}"
MAP = f"{MAP_HEADER} {MAP_TCP}"
UNMAP = f"02 01 0000 00000000 {LOOPBACK} {NONCE} 06 000000 7e90 0000 {UNKNOWN}"
PREFER_FAILURE = "02 00 0000"
THIRD_PARTY = f"01 00 0010 {OTHER_HOST}"
SUCCESS_HEADER = "02 81 0000 00001c20 00000000 000000000000000000000000"


async def ask(router: Router, request_hex: str, source: str = "127.0.0.1") -> bytes:
    """Send a request that is written in hex."""
    return await exchange(router.natpmp_port, bytes.fromhex(request_hex), source=source)


@pytest.fixture
async def router(socket_enabled: None) -> AsyncIterator[Router]:
    """Return a router."""
    async with Router() as router:
        yield router


async def test_announce(router: Router) -> None:
    """ANNOUNCE tells the epoch."""
    router.advance(258)
    assert await ask(router, ANNOUNCE) == bytes.fromhex(
        "02 80 0000 00000000 00000102 000000000000000000000000"
    )
    assert router.packets == {PacketKind.PCP_ANNOUNCE: 1}


async def test_map_and_unmap(router: Router) -> None:
    """MAP returns nonce, port and public address; lifetime 0 deletes."""
    assert await ask(router, MAP) == bytes.fromhex(
        f"{SUCCESS_HEADER} {NONCE} 06 000000 7e90 7e90 {PUBLIC}"
    )
    assert [
        (entry.key, entry.target, entry.origin, entry.nonce) for entry in router.table
    ] == [
        (
            (Protocol.TCP, 32400),
            ("127.0.0.1", 32400),
            Origin.PCP,
            bytes.fromhex(NONCE),
        )
    ]
    assert await ask(router, UNMAP) == bytes.fromhex(
        "02 81 0000 00000000 00000000 000000000000000000000000"
        f"{NONCE} 06 000000 7e90 0000 {UNKNOWN}"
    )
    assert len(router.table) == 0
    assert router.packets == {PacketKind.PCP_MAP: 2}


@pytest.mark.parametrize("request_hex", [MAP, UNMAP])
async def test_other_nonce_is_not_authorized(router: Router, request_hex: str) -> None:
    """A mapping belongs to its nonce."""
    await ask(router, MAP)
    response = await ask(router, request_hex.replace(NONCE, "ff" * 12))
    assert response[:8] == bytes.fromhex("02 81 0002 00000708")
    assert len(router.table) == 1


@pytest.mark.parametrize(
    ("asked_hex", "granted_hex"),
    [("00000001", "00000078"), ("00093a80", "00015180")],
)
async def test_lifetime_limits(
    router: Router, asked_hex: str, granted_hex: str
) -> None:
    """Lifetimes are kept between two minutes and a day."""
    response = await ask(router, MAP.replace("00001c20", asked_hex))
    assert response[4:8] == bytes.fromhex(granted_hex)


async def test_taken_port_gives_the_next_one(router: Router) -> None:
    """A port of somebody else is not handed out."""
    router.add_foreign(32400)
    response = await ask(router, MAP)
    assert response[:4] == bytes.fromhex("02 81 0000")
    assert response[40:44] == bytes.fromhex("7e90 7e91")


async def test_prefer_failure(router: Router) -> None:
    """With PREFER_FAILURE a taken port is an error of short life."""
    router.add_foreign(32400)
    response = await ask(router, MAP + PREFER_FAILURE)
    assert response[:8] == bytes.fromhex("02 81 000b 0000001e")
    assert len(router.table) == 1


async def test_prefer_failure_with_free_port(router: Router) -> None:
    """PREFER_FAILURE does no harm where the port is free, and is echoed."""
    response = await ask(router, MAP + PREFER_FAILURE)
    assert response[:4] == bytes.fromhex("02 81 0000")
    assert response[60:] == bytes.fromhex(PREFER_FAILURE)


async def test_third_party_is_unsupported(router: Router) -> None:
    """Mapping for another host is refused as an option that is not known."""
    response = await ask(router, MAP + THIRD_PARTY)
    assert response[:8] == bytes.fromhex("02 81 0005 00000708")


@pytest.mark.usefixtures("socket_enabled")
async def test_third_party() -> None:
    """Mapping for another host works where it is allowed."""
    async with Router(pcp_third_party=True) as router:
        response = await ask(router, MAP + THIRD_PARTY)
        assert [entry.target for entry in router.table] == [("127.0.0.2", 32400)]
    assert response[:4] == bytes.fromhex("02 81 0000")


@pytest.mark.usefixtures("socket_enabled")
async def test_third_party_of_oneself_is_malformed() -> None:
    """The own address is not another host's."""
    async with Router(pcp_third_party=True) as router:
        response = await ask(router, MAP + THIRD_PARTY.replace(OTHER_HOST, LOOPBACK))
    assert response[:4] == bytes.fromhex("02 81 0003")


@pytest.mark.parametrize(
    ("request_hex", "start_hex"),
    [
        pytest.param("01" + MAP[2:], "02 81 0001 00000708", id="unsupported version"),
        pytest.param(
            MAP.replace(LOOPBACK, OTHER_HOST), "02 81 000c 00000708", id="mismatch"
        ),
        pytest.param("02 7f" + ANNOUNCE[5:], "02 ff 0004 00000708", id="opcode"),
        pytest.param(MAP_HEADER, "02 81 0003 00000708", id="no payload"),
        pytest.param(f"{MAP} 00", "02 81 0003 00000708", id="odd length"),
        pytest.param(
            MAP.replace("06 000000", "84 000000"), "02 81 0009 00000708", id="SCTP"
        ),
        pytest.param(f"{MAP} 7f 00 0000", "02 81 0005 00000708", id="option"),
        pytest.param(
            f"{MAP} 02 00 0004 00000000", "02 81 0006 00000708", id="bad option"
        ),
    ],
)
async def test_bad_requests(router: Router, request_hex: str, start_hex: str) -> None:
    """Bad requests are refused for half an hour."""
    response = await ask(router, request_hex)
    assert response[:8] == bytes.fromhex(start_hex)
    assert len(router.table) == 0


async def test_option_that_may_be_ignored(router: Router) -> None:
    """Options from 128 on do not stop a request."""
    response = await ask(router, f"{MAP} 80 00 0000")
    assert response[:4] == bytes.fromhex("02 81 0000")


@pytest.mark.usefixtures("socket_enabled")
async def test_private_wan_address_is_told() -> None:
    """On a private WAN the refusal names the real address."""
    async with Router(wan_address="100.64.3.4") as router:
        response = await ask(router, MAP)
    assert response[:8] == bytes.fromhex("02 81 0008 0000001e")
    assert response[44:60] == bytes.fromhex("00000000000000000000ffff64400304")


async def test_wan_down(router: Router) -> None:
    """Without a WAN address it is a network failure of short life."""
    router.wan_down()
    response = await ask(router, MAP)
    assert response[:8] == bytes.fromhex("02 81 0007 0000001e")


@pytest.mark.usefixtures("socket_enabled")
async def test_nat_pmp_request_gets_unsupported_version() -> None:
    """A router without NAT-PMP says so in a way that NAT-PMP clients read too."""
    async with Router(nat_pmp=False) as router:
        response = await ask(router, "00 00")
    assert response[:4] == bytes.fromhex("02 80 0001")


async def test_responses_are_not_answered(router: Router) -> None:
    """A packet with the response bit is ignored."""
    with pytest.raises(TimeoutError):
        await exchange(
            router.natpmp_port, bytes.fromhex("02 80" + ANNOUNCE[5:]), patience=0.1
        )


async def test_refusal_by_fault(router: Router) -> None:
    """A result code can be forced, with its usual lifetime."""
    router.faults.packets.results = {PacketKind.PCP_MAP: 8}
    response = await ask(router, MAP)
    assert response[:8] == bytes.fromhex("02 81 0008 0000001e")


async def test_lifetime_of_refusals(router: Router) -> None:
    """How long a refusal holds can be set."""
    router.leases = LeasePolicy(pcp_refusal=5)
    router.wan_down()
    response = await ask(router, MAP)
    assert response[:8] == bytes.fromhex("02 81 0007 00000005")


async def test_prefer_failure_is_ignored(router: Router) -> None:
    """Like miniupnpd, the router can assign another port all the same."""
    router.faults.pcp.ignore_prefer_failure = True
    router.add_foreign(32400)
    response = await ask(router, MAP + PREFER_FAILURE)
    assert response[:4] == bytes.fromhex("02 81 0000")
    assert response[40:44] == bytes.fromhex("7e90 7e91")


@pytest.mark.parametrize(
    ("second_mapping", "ports"),
    [(False, [32400]), (True, [32400, 50000])],
    ids=["standard", "miniupnpd"],
)
async def test_another_suggestion(
    router: Router, second_mapping: bool, ports: list[int]
) -> None:
    """A mapping keeps its port; miniupnpd makes a second one instead."""
    router.faults.pcp.second_mapping = second_mapping
    await ask(router, MAP)
    response = await ask(router, MAP.replace("7e90 7e90", "7e90 c350"))
    assert int.from_bytes(response[42:44]) == ports[-1]
    assert [entry.external_port for entry in router.table] == ports


async def test_second_mapping_is_deleted_first_to_last(router: Router) -> None:
    """A delete takes one mapping of the internal port, as miniupnpd does."""
    router.faults.pcp.second_mapping = True
    await ask(router, MAP)
    await ask(router, MAP.replace("7e90 7e90", "7e90 c350"))
    await ask(router, UNMAP)
    assert [entry.external_port for entry in router.table] == [50000]


@pytest.mark.parametrize(
    ("silent", "answers"),
    [
        ({PacketKind.PCP_ANNOUNCE, PacketKind.PCP_MAP}, "00 00"),
        ({PacketKind.NAT_PMP_ADDRESS, PacketKind.NAT_PMP_MAP}, ANNOUNCE),
    ],
    ids=["pcp", "nat-pmp"],
)
async def test_one_protocol_is_silent(
    router: Router, silent: set[PacketKind], answers: str
) -> None:
    """The other one is answered as ever."""
    router.faults.packets.drop = silent
    assert (await ask(router, answers))[1] == 0x80


async def test_answer_that_is_cut_off(router: Router) -> None:
    """Only the beginning of an answer can arrive."""
    router.faults.packets.cut = {PacketKind.PCP_ANNOUNCE: 8}
    assert len(await ask(router, ANNOUNCE)) == 8
    assert len(await ask(router, MAP)) == 60


async def test_answer_from_another_address(router: Router) -> None:
    """An answer can come from where it was not asked for."""
    router.faults.packets.answer_from = "127.0.0.2"
    async with udp_client() as sock:
        sock.sendto(bytes.fromhex(ANNOUNCE), ("127.0.0.1", router.natpmp_port))
        async with asyncio.timeout(2):
            _, sender = await asyncio.get_running_loop().sock_recvfrom(sock, 2048)
    assert sender[0] == "127.0.0.2"
