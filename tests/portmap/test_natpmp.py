"""Tests of NAT-PMP, in the bytes of RFC 6886."""

from ipaddress import IPv4Address

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason
from custom_components.plex_remote_access.portmap.natpmp import (
    AddressResponse,
    MapResponse,
    build_address_request,
    build_map_request,
    parse_address_response,
    parse_map_response,
)

# version, opcode 128, result 0, epoch 258, 198.51.100.7
ADDRESS = bytes.fromhex("00 80 0000 00000102 c6336407")
# version, opcode 130, result 0, epoch 258, internal 32400, external 40000, 7200 s
MAPPED = bytes.fromhex("00 82 0000 00000102 7e90 9c40 00001c20")


def test_address_request() -> None:
    """Two bytes: version 0, opcode 0."""
    assert build_address_request() == bytes.fromhex("0000")


@pytest.mark.parametrize(
    ("arguments", "packet"),
    [
        pytest.param(
            (32400, 40000, 7200), "00 02 0000 7e90 9c40 00001c20", id="map-tcp"
        ),
        pytest.param((32400, 0, 0), "00 02 0000 7e90 0000 00000000", id="delete"),
        pytest.param(
            (65535, 65535, 0xFFFFFFFF), "00 02 0000 ffff ffff ffffffff", id="largest"
        ),
    ],
)
def test_map_request(arguments: tuple[int, int, int], packet: str) -> None:
    """Version, opcode, two ports and the lifetime."""
    assert build_map_request(*arguments) == bytes.fromhex(packet)


def test_all_mappings_are_never_deleted_at_once() -> None:
    """Internal port 0 would take other programs' mappings along."""
    with pytest.raises(ValueError, match="all mappings"):
        build_map_request(0, 0, 0)


def test_address_response() -> None:
    """Epoch and address."""
    assert parse_address_response(ADDRESS) == AddressResponse(
        epoch=258, address=IPv4Address("198.51.100.7")
    )


def test_map_response() -> None:
    """Epoch, both ports and the granted lifetime."""
    assert parse_map_response(MAPPED, 32400) == MapResponse(
        epoch=258, internal_port=32400, external_port=40000, lifetime=7200
    )


def test_absurd_lifetime_is_cut() -> None:
    """A mapping is renewed once a day at least."""
    packet = MAPPED[:12] + bytes.fromhex("ffffffff")
    response = parse_map_response(packet, 32400)

    assert response is not None
    assert response.lifetime == 86400


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("", id="empty"),
        pytest.param("008000", id="cut-off-head"),
        pytest.param("0080 0000 00000102 c63364", id="cut-off-address"),
        pytest.param("0000", id="own-request"),
        pytest.param("0000 0000 00000102 c6336407", id="request-opcode"),
        pytest.param("0280 0000 00000102 c6336407", id="quirk-65-another-version"),
        pytest.param("0081 0000 00000102 7e909c4000001c20", id="another-opcode"),
        pytest.param(MAPPED.hex(), id="answer-to-another-question"),
    ],
)
def test_no_address_response(packet: str) -> None:
    """What is no answer is passed over."""
    assert parse_address_response(bytes.fromhex(packet)) is None


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param("", id="empty"),
        pytest.param("0082 0000 00000102 7e90 9c40", id="cut-off"),
        pytest.param("0082 0000 00000102 7e91 9c40 00001c20", id="another-port"),
        pytest.param("0081 0000 00000102 7e90 9c40 00001c20", id="answer-for-udp"),
        pytest.param("0002 0000 7e90 9c40 00001c20", id="own-request"),
        pytest.param("0282 0000 00000102 7e90 9c40 00001c20", id="another-version"),
        pytest.param(ADDRESS.hex(), id="answer-to-another-question"),
    ],
)
def test_no_map_response(packet: str) -> None:
    """What is no answer, or none to this question, is passed over."""
    assert parse_map_response(bytes.fromhex(packet), 32400) is None


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (1, Reason.NO_ROUTER),
        (2, Reason.REFUSED),
        (3, Reason.NO_PUBLIC_ADDRESS),
        (4, Reason.TABLE_FULL),
        (5, Reason.NO_ROUTER),
        (6, Reason.FAILED),
        (0xFFFF, Reason.FAILED),
    ],
)
@pytest.mark.parametrize(
    "size", [4, 8, 12, 16, 24], ids=lambda size: f"quirk-65-{size}-bytes"
)
def test_result_codes(result: int, reason: Reason, size: int) -> None:
    """A refusal is understood from its first four bytes."""
    head = bytes([0, 130]) + result.to_bytes(2)

    with pytest.raises(PortMapError) as raised:
        parse_map_response(head.ljust(size, b"\0"), 32400)
    assert raised.value.reason is reason
    assert str(result) in raised.value.detail


@pytest.mark.parametrize("opcode", [0, 128])
def test_unsupported_version_comes_with_any_opcode(opcode: int) -> None:
    """Section 3.5: eight bytes that name no request."""
    packet = bytes([0, opcode]) + bytes.fromhex("0001 00000102")

    with pytest.raises(PortMapError) as raised:
        parse_map_response(packet, 32400)
    assert raised.value.reason is Reason.NO_ROUTER


@given(st.binary(max_size=32) | st.binary(max_size=24).map(lambda tail: b"\0" + tail))
def test_any_packet(packet: bytes) -> None:
    """Whatever comes is an answer, none, or a refusal."""
    try:
        answers = parse_address_response(packet), parse_map_response(packet, 32400)
    except PortMapError:
        return
    assert isinstance(answers[0], (AddressResponse, type(None)))
    assert isinstance(answers[1], (MapResponse, type(None)))


@given(st.integers(1, 65535), st.integers(0, 65535), st.integers(0, 2**32 - 1))
def test_round_trip(internal: int, external: int, lifetime: int) -> None:
    """An answer that repeats the request is read as it was written."""
    request = build_map_request(internal, external, lifetime)
    response = bytes([0, 130, 0, 0]) + bytes(4) + request[4:]

    assert parse_map_response(response, internal) == MapResponse(
        epoch=0,
        internal_port=internal,
        external_port=external,
        lifetime=min(lifetime, 86400),
    )
