"""What happens to a real router is heard at once."""

from collections.abc import Callable
from pathlib import Path
import re
import sys

import pytest

from . import ROUTER_ADDRESS, Host, Lab, LabProcess

REPOSITORY = Path(__file__).parents[2]
AT_ONCE = 2


@pytest.fixture
def listener(lab: Lab) -> LabProcess:
    """Return the product, listening in the LAN."""
    description = lab.http_get(Host.LAN, lab.description_url).body
    path = re.search(r"<eventSubURL>(/evt/IPConn)</eventSubURL>", description)
    assert path is not None
    process = lab.start(
        Host.LAN,
        sys.executable,
        "-m",
        "tests.lab.listen_signals",
        ROUTER_ADDRESS,
        f"http://{ROUTER_ADDRESS}:{lab.options.http_port}{path[1]}",
        cwd=REPOSITORY,
    )
    process.wait_output("listening\n", timeout=30)
    assert process.output == "listening\n"
    return process


@pytest.mark.parametrize(
    ("act", "signal"),
    [
        pytest.param(
            lambda lab: lab.set_wan_address("192.0.1.77"),
            "announcement",
            id="address-announcement",
        ),
        pytest.param(
            lambda lab: lab.set_wan_address("192.0.1.77"), "event", id="address-event"
        ),
        pytest.param(Lab.wan_down, "announcement", id="wan-down-announcement"),
        pytest.param(Lab.wan_down, "event", id="wan-down-event"),
        pytest.param(Lab.restart_router, "announcement", id="restart-announcement"),
        pytest.param(
            lambda lab: lab.add_foreign_rule(32400), "event", id="table-event"
        ),
    ],
)
def test_signal(
    lab: Lab, listener: LabProcess, act: Callable[[Lab], None], signal: str
) -> None:
    """Each signal comes within two seconds."""
    act(lab)
    listener.wait_output(f"{signal}\n", timeout=AT_ONCE)


def test_table_is_cleaned_by_somebody(lab: Lab, listener: LabProcess) -> None:
    """A mapping that somebody deletes is an event, and so is each one before."""
    lab.witness.add(32400)
    listener.wait_output("listening\nevent\n", timeout=AT_ONCE)
    lab.witness.delete(32400)
    listener.wait_output("listening\nevent\nevent\n", timeout=AT_ONCE)
