"""Tests of PCP's packets, in the bytes of RFC 6887."""

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.pcp_packets import (
    MapRequest,
    MapResponse,
    build_announce_request,
    build_map_request,
    parse_announce_response,
    parse_map_response,
)

from .common import NONCE

US = "00000000000000000000ffffc0a80105"
OTHER = "00000000000000000000ffffc0a80109"
PUBLIC = "00000000000000000000ffffc6336407"
UNKNOWN = "00000000000000000000ffff00000000"
NONCE_HEX = "000102030405060708090a0b"
# TCP, internal port 32400, external port 40000
PORTS = "06 000000 7e90 9c40"
REQUEST = MapRequest(
    client=IPv4Address("192.168.1.5"),
    internal=IPv4Address("192.168.1.5"),
    internal_port=32400,
    nonce=NONCE,
    external_port=40000,
    lifetime=7200,
)
FOR_OTHER = replace(REQUEST, internal=IPv4Address("192.168.1.9"))
# version 2, MAP, success, 7200 s, epoch 258
HEADER = "02 81 0000 00001c20 00000102 000000000000000000000000"
MAPPED = bytes.fromhex(f"{HEADER} {NONCE_HEX} {PORTS} {PUBLIC}")
ANNOUNCED = bytes.fromhex("02 80 0000 00000000 00000102 000000000000000000000000")


def refusal(result: int, address: str = UNKNOWN, lifetime: int = 30) -> bytes:
    """Return a refusal with the request behind the header, as section 8.2 has it."""
    return bytes.fromhex(
        f"02 81 00 {result:02x} {lifetime:08x} 00000102 000000000000000000000000"
        f"{NONCE_HEX} {PORTS} {address}"
    )


def refused(packet: bytes, request: MapRequest = REQUEST) -> PortMapError:
    """Return what a refusal means."""
    with pytest.raises(PortMapError) as raised:
        parse_map_response(packet, request)
    return raised.value


def test_announce_request() -> None:
    """Version 2, opcode 0, no lifetime, our address."""
    assert build_announce_request(REQUEST.client) == bytes.fromhex(
        f"02 00 0000 00000000 {US}"
    )


@pytest.mark.parametrize(
    ("request_", "packet"),
    [
        pytest.param(
            REQUEST,
            f"02 01 0000 00001c20 {US} {NONCE_HEX} {PORTS} {UNKNOWN}",
            id="map",
        ),
        pytest.param(
            FOR_OTHER,
            f"02 01 0000 00001c20 {US} {NONCE_HEX} {PORTS} {UNKNOWN}01 00 0010 {OTHER}",
            id="map-for-another-host",
        ),
        pytest.param(
            replace(REQUEST, external_port=0, lifetime=0),
            f"02 01 0000 00000000 {US} {NONCE_HEX} 06 000000 7e90 0000 {UNKNOWN}",
            id="delete",
        ),
    ],
)
def test_map_request(request_: MapRequest, packet: str) -> None:
    """Header, nonce, protocol, ports, unknown address, and who it is for."""
    assert build_map_request(request_) == bytes.fromhex(packet)


@pytest.mark.parametrize("result", [0, 4], ids=["success", "only-maps"])
def test_announce_response(result: int) -> None:
    """The epoch, also of a router that does not know the question."""
    packet = ANNOUNCED[:3] + bytes([result]) + ANNOUNCED[4:]

    assert parse_announce_response(packet) == 258


def test_map_response() -> None:
    """Epoch, lifetime and what was assigned."""
    assert parse_map_response(MAPPED, REQUEST) == MapResponse(
        epoch=258,
        lifetime=7200,
        external_port=40000,
        external_address=IPv4Address("198.51.100.7"),
    )


def test_options_behind_a_response_are_passed_over() -> None:
    """THIRD_PARTY comes back with the answer."""
    assert parse_map_response(MAPPED + bytes.fromhex(f"01000010{OTHER}"), FOR_OTHER)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(UNKNOWN, id="none"),
        pytest.param("0" * 32, id="none-of-ipv6"),
        pytest.param("20010db8" + "0" * 24, id="ipv6"),
    ],
)
def test_unknown_address(address: str) -> None:
    """A mapping may come without an IPv4 address."""
    packet = bytes.fromhex(f"{HEADER} {NONCE_HEX} {PORTS} {address}")
    response = parse_map_response(packet, REQUEST)

    assert response is not None
    assert response.external_address is None


def test_absurd_lifetime_is_cut() -> None:
    """A mapping is renewed once a day at least."""
    packet = MAPPED[:4] + bytes.fromhex("ffffffff") + MAPPED[8:]
    response = parse_map_response(packet, REQUEST)

    assert response is not None
    assert response.lifetime == 86400


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("", id="empty"),
        pytest.param("02 80 00", id="cut-off-head"),
        pytest.param(ANNOUNCED[:23].hex(), id="cut-off-header"),
        pytest.param(f"02 00 0000 00000000 {US}", id="own-request"),
        pytest.param("03 00 0000 00000000", id="request-of-another-version"),
        pytest.param(MAPPED.hex(), id="answer-to-another-question"),
    ],
)
def test_no_announce_response(packet: str) -> None:
    """What is no answer is passed over."""
    assert parse_announce_response(bytes.fromhex(packet)) is None


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("", id="empty"),
        pytest.param(HEADER, id="header-only"),
        pytest.param(MAPPED[:-1].hex(), id="cut-off"),
        pytest.param(
            f"{HEADER} {'ff' * 12} {PORTS} {PUBLIC}", id="answer-to-another-nonce"
        ),
        pytest.param(
            f"{HEADER} {NONCE_HEX} 11 000000 7e90 9c40 {PUBLIC}", id="answer-for-udp"
        ),
        pytest.param(
            f"{HEADER} {NONCE_HEX} 06 000000 7e91 9c40 {PUBLIC}",
            id="answer-for-another-port",
        ),
        pytest.param(
            refusal(2).hex().replace(NONCE_HEX, "ff" * 12), id="refusal-of-another-one"
        ),
        pytest.param(build_map_request(REQUEST).hex(), id="own-request"),
        pytest.param(ANNOUNCED.hex(), id="announcement"),
    ],
)
def test_no_map_response(packet: str) -> None:
    """What is no answer, or none to this request, is passed over."""
    assert parse_map_response(bytes.fromhex(packet), REQUEST) is None


@pytest.mark.parametrize(
    ("result", "own", "third_party"),
    [
        (1, Reason.NO_ROUTER, Reason.NO_ROUTER),
        (2, Reason.REFUSED, Reason.REFUSED_FOR_OTHER_HOST),
        (3, Reason.FAILED, Reason.FAILED),
        (4, Reason.FAILED, Reason.FAILED),
        (5, Reason.FAILED, Reason.REFUSED_FOR_OTHER_HOST),
        (6, Reason.FAILED, Reason.FAILED),
        (7, Reason.WAN_DOWN, Reason.WAN_DOWN),
        (8, Reason.TABLE_FULL, Reason.TABLE_FULL),
        (9, Reason.FAILED, Reason.FAILED),
        (10, Reason.TABLE_FULL, Reason.TABLE_FULL),
        (11, Reason.PORT_TAKEN, Reason.PORT_TAKEN),
        (12, Reason.FAILED, Reason.FAILED),
        (13, Reason.FAILED, Reason.FAILED),
        (255, Reason.FAILED, Reason.FAILED),
    ],
)
def test_result_codes(result: int, own: Reason, third_party: Reason) -> None:
    """Each code has its reason, which depends on whom the mapping is for."""
    assert refused(refusal(result)).reason is own
    assert refused(refusal(result), FOR_OTHER).reason is third_party
    assert str(result) in refused(refusal(result)).detail


@pytest.mark.parametrize("size", [4, 8, 24, 59])
def test_refusal_may_be_cut_off(size: int) -> None:
    """Four bytes tell the result."""
    assert refused(refusal(11)[:size]).reason is Reason.PORT_TAKEN


def test_another_nat_is_named() -> None:
    """An address mismatch has a cause that the owner can look for."""
    assert "another NAT" in refused(refusal(12)).detail


def test_deletion_for_another_host_with_a_wrong_nonce() -> None:
    """It is not the other host that is the matter."""
    deletion = replace(FOR_OTHER, external_port=0, lifetime=0)

    assert refused(refusal(2), deletion).reason is Reason.REFUSED
    assert refused(refusal(5), deletion).reason is Reason.REFUSED_FOR_OTHER_HOST


@pytest.mark.parametrize("result", [7, 8])
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.168.1.55", Reason.DOUBLE_NAT),
        ("10.0.0.2", Reason.DOUBLE_NAT),
        ("100.64.3.4", Reason.CARRIER_NAT),
    ],
)
def test_address_tells_why(result: int, address: str, reason: Reason) -> None:
    """Where the assigned address would be is the router's own private one."""
    field = "00000000000000000000ffff" + IPv4Address(address).packed.hex()
    error = refused(refusal(result, field))

    assert error.reason is reason
    assert address in error.detail


@pytest.mark.parametrize(
    ("result", "reason"), [(7, Reason.WAN_DOWN), (8, Reason.TABLE_FULL)]
)
def test_public_address_is_not_told(result: int, reason: Reason) -> None:
    """It would end up in a log."""
    error = refused(refusal(result, PUBLIC))

    assert error.reason is reason
    assert "198.51.100.7" not in error.detail


@pytest.mark.parametrize("result", [2, 3, 11, 12])
def test_address_says_nothing_about_other_refusals(result: int) -> None:
    """A taken port is one on a private address as well."""
    private = "00000000000000000000ffffc0a80137"

    assert refused(refusal(result, private)).reason is refused(refusal(result)).reason


@pytest.mark.parametrize(
    ("packet", "seconds"),
    [
        pytest.param(refusal(8, lifetime=30), 30, id="short"),
        pytest.param(refusal(2, lifetime=1800), 1800, id="long"),
        pytest.param(refusal(2, lifetime=0), 0, id="none"),
        pytest.param(refusal(2, lifetime=2**32 - 1), 86400, id="absurd"),
        pytest.param(refusal(8)[:7], None, id="cut-off"),
        pytest.param(bytes.fromhex("00800001 00000102"), None, id="nat-pmp-epoch"),
    ],
)
def test_how_long_to_leave_the_router_alone(
    packet: bytes, seconds: float | None
) -> None:
    """The lifetime of a refusal, within reason."""
    assert refused(packet).retry_after == seconds


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("00 00 0001 00000102", id="nat-pmp"),
        pytest.param("00 80 0001 00000102", id="nat-pmp-answer"),
        pytest.param("00 81 0001 00000102", id="nat-pmp-answer-to-map"),
        pytest.param("00 80 0001 00000102" + "00" * 16, id="nat-pmp-24-bytes"),
        pytest.param("02 80 0001 00000708", id="8-bytes"),
        pytest.param("02 81 0001 00000708" + "00" * 52, id="60-bytes"),
        pytest.param("01 80 0004 00000708" + "00" * 16, id="version-1-opcode"),
        pytest.param("03 81 0001 00000708" + "00" * 16, id="version-3"),
        pytest.param("02 ff 0001", id="any-opcode"),
    ],
)
def test_unsupported_version(packet: str) -> None:
    """In whatever version and size it comes, the router does not speak ours."""
    assert refused(bytes.fromhex(packet)).reason is Reason.NO_ROUTER
    with pytest.raises(PortMapError) as raised:
        parse_announce_response(bytes.fromhex(packet))
    assert raised.value.reason is Reason.NO_ROUTER


@given(
    st.binary(max_size=128)
    | st.binary(max_size=128).map(lambda tail: b"\x02\x81\0" + tail)
    | st.binary(max_size=128).map(lambda tail: MAPPED[:40] + tail)
    | st.binary(max_size=128).map(lambda tail: b"\x02\x80\0" + tail)
)
def test_any_packet(packet: bytes) -> None:
    """Whatever comes is an answer, none, or a refusal."""
    try:
        answers = parse_announce_response(packet), parse_map_response(packet, REQUEST)
    except PortMapError:
        return
    assert isinstance(answers[0], (int, type(None)))
    assert isinstance(answers[1], (MapResponse, type(None)))


@given(
    nonce=st.binary(min_size=12, max_size=12),
    internal_port=st.integers(1, 65535),
    external_port=st.integers(0, 65535),
    lifetime=st.integers(0, 2**32 - 1),
)
def test_round_trip(
    nonce: bytes, internal_port: int, external_port: int, lifetime: int
) -> None:
    """An answer that repeats the request is read as it was written."""
    request = replace(
        FOR_OTHER,
        nonce=nonce,
        internal_port=internal_port,
        external_port=external_port,
        lifetime=lifetime,
    )
    packet = bytearray(build_map_request(request))
    packet[1] |= 0x80
    packet[8:24] = bytes(16)

    assert parse_map_response(bytes(packet), request) == MapResponse(
        epoch=0,
        lifetime=min(lifetime, 86400),
        external_port=external_port,
        external_address=None,
    )


def test_nonce_is_hidden() -> None:
    """Who knows it can close the port: it does not end up in a log."""
    assert "nonce" not in repr(REQUEST)
