"""Tests of how little the router is asked while nothing happens."""

from unittest.mock import Mock

import pytest

from custom_components.plex_remote_access.portmap import KeptPort, Method, Router
from tests.simulators.router import PacketKind, Router as SimulatedRouter

from .common import PLACE, Clock
from .fakes import FakeClock

MINUTES = 120
NAT_PMP = {PacketKind.NAT_PMP_ADDRESS, PacketKind.NAT_PMP_MAP}
PCP = {PacketKind.PCP_ANNOUNCE, PacketKind.PCP_MAP}


@pytest.mark.parametrize(
    ("silent", "method"),
    [
        pytest.param(set(), Method.PCP, id="both"),
        pytest.param(NAT_PMP, Method.PCP, id="only-pcp"),
        pytest.param(PCP, Method.NAT_PMP, id="only-nat-pmp"),
    ],
)
@pytest.mark.usefixtures("short_waits")
async def test_four_packets_a_minute(
    client: Router,
    router: SimulatedRouter,
    clock: Clock,
    silent: set[PacketKind],
    method: Method,
) -> None:
    """Question and answer counted, over hours with renewals."""
    router.faults.packets.drop = {*silent, PacketKind.SSDP}
    time = FakeClock()
    port = KeptPort(client, PLACE, changed=Mock(), wake=Mock(), clock=time)
    time.time = clock.now
    await port.open(40000)
    assert port.mapping is not None
    assert port.mapping.method is method

    async def pass_minutes(count: int) -> None:
        end = clock.now + 60 * count
        while (due := port.due_at) is not None and due <= end:
            router.advance(max(0, due - clock.now))
            clock.now = time.time = max(clock.now, due)
            await port.tend()

    # What the router speaks besides is found out once.
    await pass_minutes(3)
    router.records.clear()
    await pass_minutes(MINUTES)

    asked = sum(router.packets.values())
    assert asked > MINUTES / 2
    assert 2 * asked <= 4 * MINUTES
    assert port.times_opened == 1
