"""How soon people get in again after something happened to a real router."""

from pathlib import Path
import signal
import sys
import time

import pytest

from . import Connection, Host, Lab, RouterOptions
from .product import PORT, UPNP_ONLY, become, connect, program, serve

REPOSITORY = Path(__file__).parents[2]
OTHER_PORT = 32401
# With 48 s between two looks, and 55 s in UPnP.
BY_POLLING = 60


def test_router_restarts_with_an_empty_table(lab: Lab) -> None:
    """The port is open again within seconds, without anybody asking."""
    serve(lab)
    program(lab, "watch", str(PORT)).wait_output("leads to")

    lab.restart_router()

    become(lambda: connect(lab), Connection.OPEN, 5)


@pytest.mark.parametrize("router_options", [RouterOptions(), UPNP_ONLY])
def test_new_public_address(lab: Lab) -> None:
    """It is noticed at once, and the port leads to the server there as well."""
    serve(lab)
    keeper = program(lab, "watch", str(PORT))
    keeper.wait_output("external address 192.0.1.1\n")

    lab.set_wan_address("192.0.1.77")

    keeper.wait_output("external address 192.0.1.77")
    become(lambda: connect(lab), Connection.OPEN, 5)


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param(RouterOptions(announces=False, upnp=False), id="pcp"),
        pytest.param(
            RouterOptions(announces=False, upnp=False, pcp=False), id="nat-pmp"
        ),
        pytest.param(
            RouterOptions(announces=False, nat_pmp=False, pcp=False), id="upnp"
        ),
    ],
)
def test_router_that_restarts_in_silence(lab: Lab) -> None:
    """Looking alone heals within a minute."""
    serve(lab)
    program(lab, "watch", str(PORT)).wait_output("external address")

    lab.restart_router()

    become(lambda: connect(lab), Connection.OPEN, BY_POLLING)


@pytest.mark.parametrize(
    "router_options",
    [
        pytest.param(RouterOptions(upnp=False), id="pcp"),
        pytest.param(RouterOptions(upnp=False, pcp=False), id="nat-pmp"),
    ],
)
def test_table_is_wiped_in_silence(lab: Lab) -> None:
    """The router says that nothing happened, and lists what it does not forward."""
    serve(lab)
    program(lab, "watch", str(PORT)).wait_output("external address")

    lab.wipe_table()

    become(lambda: connect(lab), Connection.OPEN, BY_POLLING)


@pytest.mark.parametrize("router_options", [RouterOptions(), UPNP_ONLY])
def test_provider_is_gone_and_back(lab: Lab) -> None:
    """Why nobody gets in is told, and they do again as soon as they can."""
    serve(lab)
    keeper = program(lab, "watch", str(PORT))
    keeper.wait_output("external address")
    # Events are only sent to who has subscribed to them.
    time.sleep(1)

    lab.wan_down()
    keeper.wait_output("wan_down: ")
    lab.wan_up()

    become(lambda: connect(lab), Connection.OPEN, 5)


@pytest.mark.parametrize("router_options", [RouterOptions(), UPNP_ONLY])
def test_two_servers_share_a_router(lab: Lab) -> None:
    """Each has its port; what becomes of one does not matter to the other."""
    serve(lab)
    serve(lab, port=OTHER_PORT)
    keeper = lab.start(
        Host.LAN,
        sys.executable,
        "-m",
        "tests.lab.keep_two",
        str(PORT),
        str(OTHER_PORT),
        cwd=REPOSITORY,
    )
    keeper.wait_output("open", timeout=30)
    assert [connect(lab, port) for port in (PORT, OTHER_PORT)] == 2 * [Connection.OPEN]

    keeper.terminate(signal.SIGUSR1)
    keeper.wait_output("closed")

    assert connect(lab, PORT) is Connection.REFUSED
    assert connect(lab, OTHER_PORT) is Connection.OPEN


@pytest.mark.parametrize(
    "router_options", [RouterOptions(), RouterOptions(pcp=False), UPNP_ONLY]
)
def test_weak_wifi(lab: Lab) -> None:
    """A fifth of all packets gets lost, and the port is opened all the same."""
    serve(lab)
    lab.lose_packets(20)

    program(lab, "watch", str(PORT)).wait_output("leads to", timeout=30)

    become(lambda: connect(lab), Connection.OPEN, 10)


@pytest.mark.parametrize(
    "router_options", [RouterOptions(), RouterOptions(pcp=False), UPNP_ONLY]
)
def test_slow_link(lab: Lab) -> None:
    """All packets come late and in disorder; one mapping is made, and closed again."""
    serve(lab)
    lab.delay_packets(100, 400)

    keeper = program(lab, "watch", str(PORT))
    keeper.wait_output("leads to", timeout=30)

    become(lambda: connect(lab), Connection.OPEN, 10)
    become(lambda: len(lab.port_forwards()), 1, 10)
    keeper.terminate(signal.SIGINT)
    keeper.wait_output("closed", timeout=30)
    assert lab.port_forwards() == []
