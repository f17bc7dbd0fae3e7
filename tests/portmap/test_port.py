"""Tests of a port that is kept open."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import pairwise
from unittest.mock import AsyncMock

import pytest

from custom_components.plex_remote_access.portmap import (
    KeptPort,
    Method,
    PortMapError,
    Reason,
    Signal,
)

from .common import LOOPBACK, MAPPING, ROUTE, TARGET
from .fakes import ADDRESS, FakeClock, FakeRouter, pass_time

SILENT = PortMapError(Reason.NO_ROUTER, "No answer")
REFUSED = PortMapError(Reason.REFUSED, "No")


async def test_open(port: KeptPort, fake_router: FakeRouter) -> None:
    """The mapping stands, and its address is known."""
    await port.open(40000)

    assert list(fake_router.table) == [40000]
    assert (port.external_address, port.obstacle) == (ADDRESS, None)
    assert port.times_opened == 1


async def test_refusal_is_asked_again_ever_more_seldom(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """A router that says no is left alone for a while."""
    fake_router.errors["map"] = REFUSED
    await port.open(40000)
    await pass_time(port, fake_clock, 1200)

    start = fake_router.called("map")[0]
    assert [at - start for at in fake_router.called("map")] == [
        0, 15, 45, 105, 225, 525, 825, 1125,
    ]  # fmt: skip
    assert port.obstacle is REFUSED

    fake_router.errors.clear()
    await pass_time(port, fake_clock, 300)
    assert list(fake_router.table) == [40000]
    assert port.obstacle is None


@pytest.mark.parametrize(
    ("lease", "between"),
    [(7200, (3420, 3780)), (600, (285, 315)), (None, (1800, 1860))],
    ids=["two-hours", "ten-minutes", "permanent"],
)
async def test_renewal(
    port: KeptPort,
    fake_router: FakeRouter,
    fake_clock: FakeClock,
    lease: float | None,
    between: tuple[float, float],
) -> None:
    """At half of the lease, a little at random; a permanent one now and then."""
    fake_router.lease = lease
    await port.open(40000)
    start = fake_clock.time

    await pass_time(port, fake_clock, between[1] + 60)

    renewed = fake_router.called("extend")[0] - start
    assert between[0] <= renewed <= between[1] + 50
    assert port.times_opened == 1


async def test_failed_renewal_is_tried_again(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """At three and at seven eighths; the owner hears of it when it gets serious."""
    await port.open(40000)
    start = fake_clock.time
    fake_router.errors["extend"] = REFUSED
    # 7/8 comes at 5985 s at the earliest.
    await pass_time(port, fake_clock, 5900)

    tries = [(at - start) / 7200 for at in fake_router.called("extend")]
    assert tries == pytest.approx([1 / 2, 3 / 4], rel=0.06)
    assert port.obstacle != REFUSED

    await pass_time(port, fake_clock, 1300)
    assert port.obstacle is REFUSED
    gaps = [b - a for a, b in pairwise(fake_router.called("extend"))]
    assert min(gaps) >= 4


async def test_lost_mapping_is_restored(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """At the next look, on the same port."""
    await port.open(40000)
    fake_router.table.clear()

    await pass_time(port, fake_clock, 60)

    assert list(fake_router.table) == [40000]
    assert port.times_opened == 2


async def test_router_that_restarts_with_another_protocol(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """The other one will do."""
    await port.open(40000)
    fake_router.table.clear()
    fake_router.errors["extend"] = SILENT
    fake_router.method = Method.PCP

    await port.tend(Signal.ANNOUNCEMENT)

    assert port.mapping is not None
    assert port.mapping.method is Method.PCP


async def test_router_without_the_protocol_that_it_spoke(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """It is not waited for until the lease ends; what it was asked for is closed."""
    await port.open(40000)
    fake_router.errors["verify"] = fake_router.errors["extend"] = SILENT
    fake_router.method, fake_router.speaks_otherwise = Method.PCP, True

    await pass_time(port, fake_clock, 120)

    assert port.mapping is not None
    assert port.mapping.method is Method.PCP


async def test_mapping_that_was_not_lost_after_all_is_closed(
    port: KeptPort, fake_router: FakeRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router that was only confused for a moment does not keep two ways in."""
    await port.open(40000)
    monkeypatch.setattr(fake_router, "verify", AsyncMock(return_value=False))
    fake_router.errors["extend"] = SILENT
    fake_router.method, fake_router.assigned = Method.PCP, 40001

    await port.tend(Signal.ANNOUNCEMENT)

    assert list(fake_router.table) == [40001]
    assert port.leaving == ()


async def test_router_that_restarts_is_asked_each_second(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """It will be back in a moment, as a rule."""
    await port.open(40000)
    fake_router.errors["all"] = SILENT
    start = fake_clock.time
    await port.tend(Signal.ANNOUNCEMENT)
    await pass_time(port, fake_clock, 120)

    asked = [at - start for at in fake_router.called("verify")]
    assert asked == [*range(11), 25, 55, 115]
    assert port.mapping is not None


async def test_end_of_the_lease(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """Silence alone proves nothing; the end of the lease does."""
    await port.open(40000)
    fake_router.errors["all"] = SILENT
    await pass_time(port, fake_clock, 7100)
    assert port.mapping is not None

    await pass_time(port, fake_clock, 200)
    assert port.mapping is None


async def test_assigned_port_is_kept(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """Once the router has given another one, that is what is asked for."""
    fake_router.assigned = 40001
    await port.open(40000)
    fake_router.assigned = None
    fake_router.table.clear()

    await pass_time(port, fake_clock, 60)

    assert list(fake_router.table) == [40001]


@pytest.mark.parametrize("change", ["server", "router"])
async def test_new_address(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock, change: str
) -> None:
    """Wherever the server or the router went, the port leads there."""
    await port.open(40000)
    if change == "server":
        fake_router.target = replace(TARGET, address=IPv4Address("127.0.0.9"))
    else:
        fake_router.route = replace(ROUTE, gateway=IPv4Address("127.0.0.8"))

    await port.tend(Signal.ANNOUNCEMENT)

    assert fake_router.called("release")
    assert port.mapping is not None
    assert port.mapping.target == fake_router.target
    assert fake_router.route is not None
    assert port.mapping.gateway == fake_router.route.gateway


async def test_another_port(port: KeptPort, fake_router: FakeRouter) -> None:
    """The one that was open before is closed first, not forgotten."""
    await port.open(40000)
    fake_router.calls.clear()

    await port.open(40001)

    assert list(fake_router.table) == [40001]
    assert [name for name, _ in fake_router.calls[:2]] == ["release", "map"]
    assert port.leaving == ()


async def test_same_port_again(port: KeptPort, fake_router: FakeRouter) -> None:
    """What is wanted anyway is not closed in between."""
    await port.open(40000)
    await port.open(40000)

    assert list(fake_router.table) == [40000]
    assert fake_router.called("release") == []


@pytest.mark.parametrize(
    ("method", "leaving"),
    [(Method.UPNP, [40000]), (Method.PCP, []), (Method.NAT_PMP, [])],
)
async def test_another_port_while_the_old_one_cannot_be_closed(
    port: KeptPort, fake_router: FakeRouter, method: Method, leaving: list[int]
) -> None:
    """It is closed later; in PCP and NAT-PMP to close it would close the new one."""
    fake_router.method = method
    await port.open(40000)
    fake_router.errors["release"] = REFUSED
    await port.open(40001)

    assert port.mapping is not None
    assert port.mapping.external_port == 40001
    assert [mapping.external_port for mapping in port.leaving] == leaving


async def test_port_that_is_wanted_again(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """What could not be closed and is open again on purpose stays open."""
    await port.open(40000)
    fake_router.errors["release"] = SILENT
    await port.close()
    fake_router.errors.clear()
    await port.open(40000)

    await pass_time(port, fake_clock, 120)

    assert list(fake_router.table) == [40000]
    assert port.leaving == ()


async def test_close(port: KeptPort, fake_router: FakeRouter) -> None:
    """Closed, and nothing left to do."""
    await port.open(40000)
    await port.close()

    assert fake_router.table == {}
    assert (port.mapping, port.leaving, port.due_at) == (None, (), None)


async def test_router_that_cannot_be_reached_is_released_later(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """The mapping is remembered until it is gone."""
    await port.open(40000)
    fake_router.errors["release"] = SILENT
    await port.close()
    assert [mapping.external_port for mapping in port.leaving] == [40000]

    fake_router.errors.clear()
    await pass_time(port, fake_clock, 16)
    assert port.leaving == ()
    assert fake_router.table == {}


async def test_closing_is_tried_again_as_soon_as_the_first_time(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """That it took long before is no reason to wait longer now."""
    await port.open(40000)
    fake_router.errors["release"] = SILENT
    await port.close()
    await pass_time(port, fake_clock, 300)
    fake_router.errors.clear()
    await pass_time(port, fake_clock, 300)
    await port.open(40000)
    fake_router.errors["release"] = SILENT
    await port.close()

    fake_router.errors.clear()
    await pass_time(port, fake_clock, 16)

    assert fake_router.table == {}


async def test_lease_of_what_could_not_be_closed_ends(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """Then there is nothing to close any more."""
    await port.open(40000)
    fake_router.errors["release"] = SILENT
    await port.close()

    await pass_time(port, fake_clock, 7600)

    assert port.leaving == ()


async def test_close_does_not_wait_for_a_router_that_hangs(
    port: KeptPort, fake_router: FakeRouter
) -> None:
    """What is under way is given up; what it may have opened is closed."""
    fake_router.hang = True
    opening = asyncio.create_task(port.open(40000))
    await asyncio.sleep(0.01)
    fake_router.hang = False

    async with asyncio.timeout(1):
        await port.close()
        await opening

    assert fake_router.called("withdraw")
    assert port.mapping is None


@pytest.mark.parametrize("waiting", ["open", "rebuild"])
async def test_close_before_it_was_our_turn(
    port: KeptPort, fake_router: FakeRouter, waiting: str
) -> None:
    """What waits for its turn when the owner wants it closed does not open it again."""
    await port.open(40000)
    fake_router.hang = True
    busy = asyncio.create_task(port.tend(Signal.ANNOUNCEMENT))
    await asyncio.sleep(0.01)
    begin = {"open": lambda: port.open(40001), "rebuild": port.rebuild}[waiting]
    late = asyncio.create_task(begin())
    await asyncio.sleep(0.01)
    fake_router.hang = False
    await port.close()
    await asyncio.gather(busy, late)
    await port.tend(Signal.ANNOUNCEMENT)

    assert port.wanted is None
    assert not fake_router.table


async def test_adopted_mapping_is_looked_at_first(
    port: KeptPort, fake_router: FakeRouter, fake_clock: FakeClock
) -> None:
    """It is verified, extended, and what else is ours is removed."""
    mapping = replace(MAPPING, gateway=LOOPBACK, good_until=fake_clock.time + 100)
    fake_router.table[32400] = mapping
    port.adopt(mapping)

    await pass_time(port, fake_clock, 0)

    assert [name for name, _ in fake_router.calls[:2]] == ["verify", "extend"]
    assert fake_router.called("tidy")
    assert port.times_opened == 0


async def test_rebuild_quirk_21(port: KeptPort, fake_router: FakeRouter) -> None:
    """Removed and added again, where a mapping is listed and carries nothing."""
    await port.open(40000)
    fake_router.calls.clear()

    await port.rebuild()

    assert [name for name, _ in fake_router.calls[:2]] == ["release", "map"]


async def test_difference_is_told(port: KeptPort, fake_router: FakeRouter) -> None:
    """Only when there is one."""
    await port.open(40000)
    assert not await port.tend(Signal.ANNOUNCEMENT)

    fake_router.table.clear()
    assert await port.tend(Signal.ANNOUNCEMENT)
