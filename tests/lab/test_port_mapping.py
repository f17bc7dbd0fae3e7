"""The port mapper with a real router, judged from the Internet."""

from pathlib import Path
import re
import signal
import sys

import pytest

from . import NAS_ADDRESS, Connection, Host, Lab, RouterOptions
from .product import PORT, UPNP_ONLY, connect, program, serve

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("router_options", "method"),
    [
        pytest.param(RouterOptions(), "pcp", id="pcp"),
        pytest.param(RouterOptions(pcp=False), "nat_pmp", id="nat-pmp-only"),
        pytest.param(UPNP_ONLY, "upnp", id="upnp-only"),
        pytest.param(
            RouterOptions(nat_pmp=False, pcp=False, igd_v1=True), "upnp", id="igd-1"
        ),
    ],
)
def test_opened_and_closed(lab: Lab, method: str) -> None:
    """From outside the server answers as long as the port is kept, and not after."""
    serve(lab)
    keeper = program(lab, "watch", str(PORT))
    keeper.wait_output(f"{method}: port {PORT} leads to")
    assert connect(lab) is Connection.OPEN

    keeper.terminate(signal.SIGINT)
    keeper.wait_output("closed")

    assert connect(lab) is Connection.REFUSED
    assert lab.port_forwards() == []


@pytest.mark.parametrize(
    ("router_options", "outcome"),
    [
        pytest.param(
            RouterOptions(secure_mode=False), "upnp: port 32400 leads to", id="upnp"
        ),
        pytest.param(
            RouterOptions(pcp_third_party=True), "pcp: port 32400 leads to", id="pcp"
        ),
    ],
)
def test_another_host(lab: Lab, outcome: str) -> None:
    """The server may run elsewhere, where the router allows that."""
    serve(lab, Host.NAS)
    program(lab, "watch", str(PORT), "--host", NAS_ADDRESS).wait_output(outcome)

    assert connect(lab) is Connection.OPEN


@pytest.mark.parametrize(
    ("router_options", "arguments", "verdict"),
    [
        pytest.param(
            RouterOptions(),
            ("--host", NAS_ADDRESS),
            "refused_for_other_host",
            id="secure-mode",
        ),
        pytest.param(
            RouterOptions(wan_address="100.64.3.4"), (), "carrier_nat", id="carrier"
        ),
        pytest.param(
            RouterOptions(wan_address="192.168.55.7"), (), "double_nat", id="private"
        ),
        pytest.param(
            RouterOptions(upnp=False, nat_pmp=False, pcp=False),
            (),
            "no_router",
            id="nothing",
        ),
    ],
)
def test_verdict(lab: Lab, arguments: tuple[str, ...], verdict: str) -> None:
    """Why it does not work is told, in time, and nothing is left open."""
    process = program(lab, "map", str(PORT), *arguments)

    process.wait_output(f"{verdict}: ")

    assert lab.port_forwards() == []


@pytest.mark.parametrize("second", [40000, 50000])
def test_mapping_moves_to_another_protocol(lab: Lab, second: int) -> None:
    """The router closes no row by PCP where one of UPnP leads to the same server."""
    process = lab.start(
        Host.LAN,
        sys.executable,
        "-m",
        "tests.lab.move_to_upnp",
        "40000",
        str(second),
        cwd=REPOSITORY,
    )
    process.wait_output("moved")

    assert [forward.external_port for forward in lab.port_forwards()] == [second]


def test_port_of_somebody_else(lab: Lab) -> None:
    """He keeps it; ours is another one, and works."""
    lab.add_foreign_rule(PORT)
    foreign = lab.port_forwards()
    serve(lab)
    keeper = program(lab, "watch", str(PORT))
    keeper.wait_output("leads to")

    (port,) = re.findall(r"port (\d+) leads to", keeper.output)
    assert connect(lab, int(port)) is Connection.OPEN
    assert [rule for rule in lab.port_forwards() if rule in foreign] == foreign
