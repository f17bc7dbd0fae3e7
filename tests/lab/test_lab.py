"""The lab is a true picture of a home with a router."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
import sys

import pytest

from . import (
    INTERNET_ADDRESS,
    LAN_ADDRESS,
    NAS_ADDRESS,
    ROUTER_ADDRESS,
    WAN_ADDRESS,
    Connection,
    Host,
    Lab,
    LabProcess,
    MappingRefusedError,
    PortForward,
    Protocol,
    RouterOptions,
)
from .product import become

PORT = 32400
FORWARD = PortForward(Protocol.TCP, PORT, LAN_ADDRESS, PORT)

PCP_PORT = 5351
NAT_PMP_ADDRESS_REQUEST = bytes.fromhex("0000")
PCP_ANNOUNCE = (
    bytes.fromhex("02000000 00000000 00000000 00000000 0000ffff") + b"\xc0\xa8\x4d\x0a"
)


@pytest.fixture
def server(lab: Lab, tmp_path: Path) -> LabProcess:
    """Return a web server in the LAN."""
    (tmp_path / "identity").write_text("the server in the LAN")
    return serve(lab, Host.LAN, PORT, tmp_path)


def serve(lab: Lab, host: Host, port: int, folder: Path) -> LabProcess:
    """Start a web server in a host."""
    process = lab.start(
        host, sys.executable, "-um", "http.server", str(port), cwd=folder
    )
    process.wait_bound(("tcp", port))
    return process


@pytest.mark.usefixtures("server")
def test_port_is_reachable_exactly_while_it_is_mapped(lab: Lab) -> None:
    """A mapping in the daemon is a way through the kernel, and nothing else is."""
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.REFUSED
    assert lab.port_forwards() == []

    lab.witness.add(PORT, description="identity")

    (entry,) = lab.witness.table()
    assert entry.internal_client == LAN_ADDRESS
    assert entry.description == "identity"
    assert 0 < entry.lease <= 3600
    assert lab.port_forwards() == [FORWARD]
    response = lab.http_get_from_wan(f"http://{WAN_ADDRESS}:{PORT}/identity")
    assert response.status == 200
    assert response.body == "the server in the LAN"

    lab.witness.delete(PORT)

    assert lab.witness.table() == []
    assert lab.port_forwards() == []
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.REFUSED


@pytest.mark.usefixtures("server")
def test_hosts_of_the_lan_reach_each_other(lab: Lab) -> None:
    """The router only switches what they say, whatever its firewall forbids."""
    assert lab.connect(Host.NAS, LAN_ADDRESS, PORT) is Connection.OPEN
    assert lab.connect(Host.LAN, NAS_ADDRESS, PORT) is Connection.REFUSED


@pytest.mark.parametrize(
    ("clear", "left"), [(True, []), (False, [FORWARD])], ids=["forgets", "remembers"]
)
@pytest.mark.parametrize("clean", [True, False], ids=["shut-down", "pulled-plug"])
def test_restart(lab: Lab, clear: bool, clean: bool, left: list[PortForward]) -> None:
    """A restarted router has lost its table, or kept it."""
    lab.witness.add(PORT)

    lab.restart_router(clear=clear, clean=clean)

    assert lab.port_forwards() == left
    assert [entry.external_port for entry in lab.witness.table()] == [
        forward.external_port for forward in left
    ]


@pytest.mark.usefixtures("server")
def test_wiped_table_is_still_listed_but_leads_nowhere(lab: Lab) -> None:
    """After a silent wipe the daemon believes in its mapping until it is deleted."""
    lab.witness.add(PORT)

    lab.wipe_table()
    lab.witness.add(PORT)

    assert [entry.external_port for entry in lab.witness.table()] == [PORT]
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.REFUSED

    lab.witness.delete(PORT)
    lab.witness.add(PORT)

    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.OPEN


@pytest.mark.usefixtures("server")
def test_wan_address_changes(lab: Lab) -> None:
    """The mapping goes with the router to its new address."""
    lab.witness.add(PORT)

    lab.set_wan_address("192.0.1.77")

    assert lab.witness.external_address() == "192.0.1.77"
    assert lab.connect_from_wan("192.0.1.77", PORT) is Connection.OPEN
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.UNREACHABLE


@pytest.mark.usefixtures("server")
def test_wan_is_down_and_up_again(lab: Lab) -> None:
    """The router knows when its provider is gone."""
    lab.witness.add(PORT)

    lab.wan_down()

    assert lab.witness.status() == "Disconnected"
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.UNREACHABLE

    lab.wan_up()

    assert lab.witness.status() == "Connected"
    assert lab.witness.external_address() == WAN_ADDRESS
    assert lab.connect_from_wan(WAN_ADDRESS, PORT) is Connection.OPEN


@pytest.mark.parametrize("router_options", [RouterOptions(secure_mode=True)])
def test_secure_mode_refuses_other_hosts(lab: Lab) -> None:
    """A client gets ports for itself only."""
    with pytest.raises(MappingRefusedError, match="ConflictInMappingEntry"):
        lab.witness.add(PORT, internal_client=NAS_ADDRESS)

    assert lab.port_forwards() == []


@pytest.mark.parametrize("router_options", [RouterOptions(secure_mode=False)])
def test_other_hosts_without_secure_mode(lab: Lab) -> None:
    """A client gets ports for whom it likes."""
    lab.witness.add(PORT, internal_client=NAS_ADDRESS)

    assert lab.port_forwards() == [PortForward(Protocol.TCP, PORT, NAS_ADDRESS, PORT)]


def test_foreign_rule_is_another_hosts(lab: Lab) -> None:
    """A foreign rule comes from, and leads to, the other host of the LAN."""
    lab.add_foreign_rule(PORT, Protocol.UDP, internal_port=5000)

    (entry,) = lab.witness.table()
    assert entry.description == "foreign"
    assert lab.port_forwards() == [PortForward(Protocol.UDP, PORT, NAS_ADDRESS, 5000)]
    with pytest.raises(MappingRefusedError):
        lab.witness.add(PORT, Protocol.UDP)


@pytest.mark.parametrize(
    ("router_options", "nat_pmp", "pcp", "upnp"),
    [
        pytest.param(RouterOptions(), True, True, True, id="all"),
        pytest.param(RouterOptions(nat_pmp=False), False, True, True, id="no-nat-pmp"),
        pytest.param(RouterOptions(pcp=False), True, False, True, id="no-pcp"),
        pytest.param(RouterOptions(upnp=False), True, True, False, id="no-upnp"),
        pytest.param(
            RouterOptions(nat_pmp=False, pcp=False), False, False, True, id="only-upnp"
        ),
    ],
)
def test_protocols(lab: Lab, nat_pmp: bool, pcp: bool, upnp: bool) -> None:
    """Each protocol answers if it is on."""
    nat_pmp_answer = ask_router(lab, NAT_PMP_ADDRESS_REQUEST)
    pcp_answer = ask_router(lab, PCP_ANNOUNCE)

    # Version 0, the operation code with its highest bit set, success, the address.
    assert (nat_pmp_answer or b"")[:4] == (b"\0\x80\0\0" if nat_pmp else b"")
    assert (nat_pmp_answer or b"")[8:] == (b"\xc0\0\x01\x01" if nat_pmp else b"")
    assert (pcp_answer or b"")[:4] == (b"\x02\x80\0\0" if pcp else b"")
    assert (lab.connect(Host.LAN, ROUTER_ADDRESS, 5000) is Connection.OPEN) is upnp


def ask_router(lab: Lab, request: bytes, *, timeout: float = 0.3) -> bytes | None:
    """Send a NAT-PMP or PCP request."""
    return lab.udp_request(Host.LAN, ROUTER_ADDRESS, PCP_PORT, request, timeout=timeout)


@pytest.mark.parametrize(
    "router_options", [RouterOptions(http_port=0)], ids=["unknown-port"]
)
def test_router_is_found_by_search(lab: Lab) -> None:
    """SSDP leads to a router whose HTTP port is another one each time."""
    assert lab.witness.external_address() == WAN_ADDRESS


@pytest.mark.parametrize(
    ("router_options", "version"),
    [(RouterOptions(igd_v1=True), 1), (RouterOptions(igd_v1=False), 2)],
)
def test_igd_version(lab: Lab, version: int) -> None:
    """The description tells the version wanted."""
    description = lab.http_get(Host.LAN, lab.description_url).body

    assert f":device:InternetGatewayDevice:{version}<" in description


@pytest.mark.parametrize("host", [Host.LAN, Host.NAS])
@pytest.mark.parametrize(
    ("act", "announcement"),
    [
        # PCP ANNOUNCE with epoch 0, NAT-PMP announcement with the new address.
        pytest.param(Lab.restart_router, "028000000000000000000000", id="restart"),
        pytest.param(
            lambda lab: lab.set_wan_address("192.0.1.77"), "c000014d\n", id="address"
        ),
    ],
)
def test_router_announces(
    lab: Lab, host: Host, act: Callable[[Lab], None], announcement: str
) -> None:
    """All hosts of the LAN hear by multicast what happens to the router."""
    heard = lab.listen(host, "224.0.0.1", 5350)

    act(lab)

    heard.wait_output(announcement, timeout=3)


def test_router_says_goodbye_by_ssdp(lab: Lab) -> None:
    """A clean end is heard at the SSDP address."""
    heard = lab.listen(Host.LAN, "239.255.255.250", 1900)

    lab.stop_router(clean=True)

    heard.wait_output(b"ssdp:byebye".hex(), timeout=3)


@pytest.mark.parametrize("router_options", [RouterOptions(announces=False)])
def test_silent_router(lab: Lab) -> None:
    """A router without announcements does its work all the same."""
    heard = lab.listen(Host.LAN, "239.255.255.250", 1900)

    lab.restart_router(clean=True)
    lab.witness.add(PORT)

    assert lab.port_forwards() == [FORWARD]
    assert heard.output == "listening\n"


@pytest.mark.parametrize(
    "router_options",
    [RouterOptions(wan_address="100.64.3.4"), RouterOptions(wan_address="192.168.1.2")],
    ids=["carrier-grade", "second-router"],
)
def test_router_behind_another_nat(lab: Lab, tmp_path: Path) -> None:
    """Such a router maps nothing; the Internet sees another address than its own."""
    internet = serve(lab, Host.WAN, 80, tmp_path)

    response = lab.http_get(Host.LAN, f"http://{INTERNET_ADDRESS}/")

    assert response.status == 200
    assert internet.output.splitlines()[-1].startswith(WAN_ADDRESS)
    assert lab.public_address == WAN_ADDRESS
    assert lab.witness.external_address() == ""
    with pytest.raises(MappingRefusedError):
        lab.witness.add(PORT)
    assert lab.connect_from_wan(lab.public_address, PORT) is Connection.REFUSED


def test_router_that_refuses_everything(lab: Lab) -> None:
    """What stands is kept, but nothing is added until it is as before."""
    lab.witness.add(PORT)

    lab.reconfigure_router(replace(lab.options, refuses=True))

    with pytest.raises(MappingRefusedError):
        lab.witness.add(PORT + 1)
    assert lab.port_forwards() == [FORWARD]
    lab.reconfigure_router(replace(lab.options, refuses=False))
    lab.witness.add(PORT + 1)


def test_router_that_hangs(lab: Lab) -> None:
    """It answers nothing until it goes on where it was."""
    lab.freeze_router()
    assert ask_router(lab, NAT_PMP_ADDRESS_REQUEST) is None

    lab.thaw_router()

    assert ask_router(lab, NAT_PMP_ADDRESS_REQUEST) is not None


def test_router_that_answers_with_errors(lab: Lab) -> None:
    """Its HTTP port has an error for everything, for a while."""
    errors = lab.answer_with_errors()
    assert lab.http_get(Host.LAN, lab.description_url).status == 500

    lab.answer_again(errors)

    assert lab.http_get(Host.LAN, lab.description_url).status == 200


def test_packets_are_lost(lab: Lab) -> None:
    """All of them, if that is wanted, until none is."""
    lab.lose_packets(100)
    assert ask_router(lab, NAT_PMP_ADDRESS_REQUEST) is None

    lab.lose_packets(0)

    assert ask_router(lab, NAT_PMP_ADDRESS_REQUEST) is not None


def test_packets_are_delayed(lab: Lab) -> None:
    """In both directions, until they are not any more; none is lost."""

    def answers_soon() -> bool:
        return ask_router(lab, NAT_PMP_ADDRESS_REQUEST, timeout=0.5) is not None

    delaying = lab.delay_packets(300, 320)
    assert not answers_soon()
    assert ask_router(lab, NAT_PMP_ADDRESS_REQUEST, timeout=5) is not None

    lab.delay_no_packets(delaying)

    become(answers_soon, True, 10)


def test_nothing_leaves_the_lab(lab: Lab) -> None:
    """There is no way from the lab to the real Internet."""
    assert lab.connect(Host.LAN, "198.51.100.1", 443) is Connection.UNREACHABLE
    assert lab.connect(Host.WAN, "198.51.100.1", 443) is Connection.UNREACHABLE
