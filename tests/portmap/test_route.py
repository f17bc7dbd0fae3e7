"""Tests of where the router is, seen from this machine."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
import socket
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason, resolve
from custom_components.plex_remote_access.portmap.route import (
    Route,
    find_route,
    is_this_host,
    parse_table,
    source_address,
)

from .common import LOOPBACK, PACKAGE

HEAD = (
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
)
DEFAULT = "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
LINK = "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
WIFI = "wlan0\t00000000\t01B2A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
WIFI_LINK = "wlan0\t00B2A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
VPN = "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000080\t0\t0\t0\n"
DOWN = "eth1\t00000000\t0101A8C0\t0002\t0\t0\t10\t00000000\t0\t0\t0\n"
STATIC = "eth0\t00000AC0\t0200000A\t0003\t0\t0\t100\t0000FFFF\t0\t0\t0\n"

GATEWAY, NAMED = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.254")
TEN = IPv4Network("10.0.0.0/24")
WIRELESS = IPv4Network("192.168.178.0/24")


@pytest.mark.parametrize(
    ("table", "gateway", "on_link"),
    [
        pytest.param(HEAD + DEFAULT + LINK, "10.0.0.1", [TEN], id="one-router"),
        pytest.param(
            HEAD + WIFI + DEFAULT + LINK + WIFI_LINK,
            "10.0.0.1",
            [TEN, WIRELESS],
            id="quirk-43-two-routers-lowest-metric",
        ),
        pytest.param(
            HEAD + VPN + DEFAULT + LINK,
            "10.0.0.1",
            [IPv4Network("0.0.0.0/1"), TEN],
            id="tunnel-is-no-router",
        ),
        pytest.param(HEAD + DOWN + LINK, None, [TEN], id="route-that-is-down"),
        pytest.param(HEAD + STATIC + LINK, None, [TEN], id="static-route"),
        pytest.param(HEAD + LINK, None, [TEN], id="no-router"),
        pytest.param(HEAD, None, [], id="no-network"),
        pytest.param("", None, [], id="no-table"),
        pytest.param(HEAD + "\n eth0 0\n" + DEFAULT, "10.0.0.1", [], id="odd-lines"),
    ],
)
def test_table(table: str, gateway: str | None, on_link: list[IPv4Network]) -> None:
    """The kernel writes addresses in the order of the machine's bytes."""
    assert parse_table(table) == (
        gateway and IPv4Address(gateway),
        tuple(on_link),
    )


@pytest.mark.parametrize(
    ("table", "named", "found"),
    [
        pytest.param(DEFAULT + LINK, None, GATEWAY, id="default"),
        pytest.param(DEFAULT + LINK, NAMED, NAMED, id="named-by-owner"),
        pytest.param(LINK, NAMED, NAMED, id="named-without-default"),
    ],
)
async def test_route(
    tmp_path: Path, table: str, named: IPv4Address | None, found: IPv4Address
) -> None:
    """The router that the owner names comes before the default one."""
    path = tmp_path / "route"
    path.write_text(HEAD + table)
    source = IPv4Address("10.0.0.7")
    with (
        patch(f"{PACKAGE}.route._ROUTES", path),
        patch(f"{PACKAGE}.route.source_address", return_value=source),
    ):
        route = await find_route(named)

    assert route == Route(gateway=found, source=source, on_link=(TEN,))


@pytest.mark.parametrize("exists", [True, False])
async def test_no_route(tmp_path: Path, exists: bool) -> None:
    """Without a default route, or on a system without this table, there is none."""
    path = tmp_path / "route"
    path.write_text(HEAD + LINK)
    with patch(f"{PACKAGE}.route._ROUTES", path if exists else tmp_path / "missing"):
        assert await find_route() is None


async def test_router_out_of_reach() -> None:
    """A router to which there is no way is none."""
    with patch(f"{PACKAGE}.route.source_address", return_value=None):
        assert await find_route(IPv4Address("192.0.2.1")) is None


async def test_route_of_this_machine(socket_enabled: None) -> None:
    """The real table of whatever machine this is can be read."""
    route = await find_route(LOOPBACK)

    assert route is not None
    assert (route.gateway, route.source) == (LOOPBACK, LOOPBACK)


@pytest.mark.usefixtures("socket_enabled")
def test_source_address_quirk_44() -> None:
    """Our own address is the one that packets to the router have."""
    assert source_address(LOOPBACK) == LOOPBACK


@pytest.mark.usefixtures("socket_enabled")
def test_no_source_address() -> None:
    """Where no packet can go, there is no address."""
    with patch.object(socket.socket, "connect", side_effect=OSError("Unreachable")):
        assert source_address(IPv4Address("192.0.2.1")) is None


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("address", "ours"), [("127.0.0.1", True), ("192.0.2.10", False)]
)
def test_is_this_host(address: str, ours: bool) -> None:
    """Only an address of ours can be listened on."""
    assert is_this_host(IPv4Address(address)) is ours


async def test_resolve() -> None:
    """A host is an address already, or a name for one."""
    assert await resolve("192.0.2.10") == IPv4Address("192.0.2.10")
    assert await resolve("localhost") == LOOPBACK


@pytest.mark.parametrize("error", [socket.gaierror("unknown"), OSError("no resolver")])
async def test_unknown_host(error: OSError) -> None:
    """A name that nobody knows has no address."""
    with (
        patch("socket.getaddrinfo", side_effect=error),
        pytest.raises(PortMapError) as raised,
    ):
        await resolve("plex.invalid")
    assert raised.value.reason is Reason.FAILED


async def test_host_with_ipv6_only() -> None:
    """A port mapping of IPv4 does not lead to an address of IPv6."""
    with pytest.raises(PortMapError) as raised:
        await resolve("2001:db8::1")
    assert raised.value.reason is Reason.FAILED
