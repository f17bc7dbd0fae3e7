"""Tests of keeping one mapping."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any
from unittest.mock import create_autospec

import pytest

from custom_components.plex_remote_access.portmap import (
    Keeper,
    PortMapError,
    Reason,
    Router,
)
from tests.simulators.router import Router as SimulatedRouter

from .common import DESCRIPTION, MAPPING as MAPPED, PACKAGE, TARGET, Clock

ADDRESS = IPv4Address("198.51.100.7")
MAPPING = replace(MAPPED, renew_after=2800, good_until=4600)
SILENCE = PortMapError(Reason.NO_ROUTER, "No answer")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands at 1000 s."""
    clock = Clock()
    monkeypatch.setattr(f"{PACKAGE}.keeper.time", clock)
    return clock


@pytest.fixture
def way() -> Any:
    """A router that does everything as it is asked."""
    way = create_autospec(Router, instance=True)
    way.find_target.return_value = TARGET
    way.map.return_value = MAPPING
    way.renew.return_value = MAPPING
    way.verify.return_value = MAPPING
    way.external_address.return_value = ADDRESS
    return way


@pytest.fixture
def keeper(way: Any) -> Keeper:
    """A keeper that keeps nothing yet."""
    return Keeper(way, host="127.0.0.1", port=32400, description=DESCRIPTION)


@pytest.fixture
async def open_keeper(keeper: Keeper) -> Keeper:
    """A keeper of a mapping."""
    await keeper.open(32400)
    return keeper


async def test_nothing_is_kept_at_first(keeper: Keeper, way: Any) -> None:
    """Nothing is asked of a router before the owner wants it."""
    await keeper.verify()
    await keeper.renew()
    await keeper.close()

    assert (keeper.mapping, keeper.obstacle, keeper.due_in) == (None, None, None)
    assert not keeper.renewal_due
    assert way.mock_calls == []


async def test_open(keeper: Keeper, way: Any) -> None:
    """A mapping is opened to the place of the server, and known from outside."""
    await keeper.open(40000)

    way.find_target.assert_awaited_once_with("127.0.0.1", 32400, DESCRIPTION)
    way.map.assert_awaited_once_with(TARGET, 40000)
    assert (keeper.mapping, keeper.external_address) == (MAPPING, ADDRESS)
    assert keeper.obstacle is None
    assert keeper.due_in == 60


@pytest.mark.parametrize("call", ["find_target", "map"])
async def test_open_fails(keeper: Keeper, way: Any, call: str) -> None:
    """Why there is no mapping is kept, and the router is left alone for a while."""
    getattr(way, call).side_effect = SILENCE

    await keeper.open(32400)

    assert (keeper.mapping, keeper.obstacle) == (None, SILENCE)
    assert keeper.due_in == 15


async def test_open_without_address(keeper: Keeper, way: Any) -> None:
    """A mapping that stands is ours, also where the router knows no address."""
    offline = PortMapError(Reason.NO_PUBLIC_ADDRESS, "no address")
    way.external_address.side_effect = offline

    await keeper.open(32400)

    assert (keeper.mapping, keeper.obstacle) == (MAPPING, offline)


async def test_verify_now_and_then(open_keeper: Keeper, way: Any, clock: Clock) -> None:
    """The router is asked once a minute whether the mapping stands, not more."""
    clock.now += 59
    await open_keeper.verify()
    assert way.verify.await_count == 0

    clock.now += 1
    assert open_keeper.due_in == 0
    await open_keeper.verify()
    await open_keeper.verify()
    assert way.verify.await_count == 1


async def test_verify_finds_the_mapping_gone(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """A mapping that the router lost is none."""
    clock.now += 60
    way.verify.return_value = None

    await open_keeper.verify()

    assert open_keeper.mapping is None
    assert open_keeper.obstacle is None
    assert open_keeper.due_in is None


async def test_verify_finds_another_address(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """The address on the Internet side may change any time."""
    clock.now += 60
    way.external_address.return_value = IPv4Address("198.51.100.99")

    await open_keeper.verify()

    assert open_keeper.external_address == IPv4Address("198.51.100.99")


async def test_server_with_another_address(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """A mapping that leads to the old address is removed, to be opened anew."""
    clock.now += 60
    way.find_target.return_value = replace(TARGET, address=IPv4Address("10.0.0.9"))

    await open_keeper.verify()

    way.release.assert_awaited_once_with(MAPPING)
    assert way.verify.await_count == 0
    assert (open_keeper.mapping, open_keeper.external_address) == (None, None)


async def test_mapping_to_the_old_address_cannot_be_removed(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """It stays ours until it is gone."""
    clock.now += 60
    way.find_target.return_value = replace(TARGET, address=IPv4Address("10.0.0.9"))
    way.release.side_effect = SILENCE

    await open_keeper.verify()

    assert (open_keeper.mapping, open_keeper.obstacle) == (MAPPING, SILENCE)


async def test_silence_is_no_proof(open_keeper: Keeper, way: Any, clock: Clock) -> None:
    """A router that restarts may still have the mapping afterwards."""
    clock.now += 60
    way.verify.side_effect = SILENCE

    await open_keeper.verify()

    assert (open_keeper.mapping, open_keeper.obstacle) == (MAPPING, SILENCE)
    assert open_keeper.due_in == 15


@pytest.mark.parametrize(
    ("good_until", "stands"),
    [
        pytest.param(4599.0, False, id="lease-over"),
        pytest.param(4600.0, False, id="lease-just-over"),
        pytest.param(4601.0, True, id="lease-not-over"),
        pytest.param(None, True, id="permanent"),
    ],
)
async def test_silence_until_the_lease_is_over(
    keeper: Keeper, way: Any, clock: Clock, good_until: float | None, stands: bool
) -> None:
    """After the end of the lease the mapping is gone, whatever the router says."""
    keeper.adopt(replace(MAPPING, good_until=good_until))
    clock.now = 4600
    way.verify.side_effect = SILENCE

    await keeper.verify()

    assert (keeper.mapping is not None) is stands
    assert keeper.obstacle is SILENCE


@pytest.mark.parametrize(("now", "due"), [(2799, False), (2800, True), (9999, True)])
async def test_renewal_is_due(
    open_keeper: Keeper, clock: Clock, now: float, due: bool
) -> None:
    """Half of the lease later the mapping is to be renewed."""
    clock.now = now

    assert open_keeper.renewal_due is due


async def test_renewal(open_keeper: Keeper, way: Any, clock: Clock) -> None:
    """What the router grants anew counts from then on."""
    clock.now = 2800
    renewed = replace(MAPPING, renew_after=4600, good_until=6400)
    way.renew.return_value = renewed

    await open_keeper.renew()

    assert open_keeper.mapping == renewed
    assert open_keeper.renewal_due is False
    way.renew.assert_awaited_once_with(MAPPING)


async def test_renewal_fails(open_keeper: Keeper, way: Any, clock: Clock) -> None:
    """A mapping that could not be extended stands until its end."""
    clock.now = 2800
    way.renew.side_effect = SILENCE

    await open_keeper.renew()

    assert (open_keeper.mapping, open_keeper.obstacle) == (MAPPING, SILENCE)
    assert open_keeper.renewal_due
    assert open_keeper.due_in == 15


async def test_close(open_keeper: Keeper, way: Any) -> None:
    """What is closed is gone."""
    await open_keeper.close()

    way.release.assert_awaited_once_with(MAPPING)
    assert (open_keeper.mapping, open_keeper.external_address) == (None, None)
    assert open_keeper.due_in is None


async def test_close_fails(open_keeper: Keeper, way: Any) -> None:
    """What is not closed for certain is open."""
    way.release.side_effect = SILENCE

    await open_keeper.close()

    assert (open_keeper.mapping, open_keeper.obstacle) == (MAPPING, SILENCE)
    assert open_keeper.due_in == 15


async def test_close_fails_after_the_lease(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """A mapping whose lease is over is gone, also if nobody can be asked."""
    clock.now = 4600
    way.release.side_effect = SILENCE

    await open_keeper.close()

    assert open_keeper.mapping is None


async def failed_wait(keeper: Keeper) -> float | None:
    """Try in vain, and return how long the router is left alone."""
    await keeper.open(32400)
    return keeper.due_in


async def test_router_is_left_alone_longer_each_time(
    keeper: Keeper, way: Any, clock: Clock
) -> None:
    """A router that says no is asked less and less often."""
    way.map.side_effect = SILENCE

    assert [await failed_wait(keeper) for _ in range(6)] == [15, 30, 60, 120, 300, 300]


async def test_success_makes_patient_again(keeper: Keeper, way: Any) -> None:
    """After a success the first wait is short again."""
    way.map.side_effect = [SILENCE, SILENCE, MAPPING]
    await keeper.open(32400)
    await keeper.open(32400)
    await keeper.open(32400)
    assert keeper.obstacle is None

    way.release.side_effect = SILENCE
    await keeper.close()
    assert keeper.due_in == 15


async def test_old_obstacle_is_forgotten(
    keeper: Keeper, way: Any, clock: Clock
) -> None:
    """When the wait is over the router gets another chance."""
    way.map.side_effect = SILENCE
    await keeper.open(32400)

    clock.now += 14
    keeper.forget_old_obstacle()
    assert keeper.obstacle is SILENCE

    clock.now += 1
    keeper.forget_old_obstacle()
    assert keeper.obstacle is None


async def test_nothing_to_forget(keeper: Keeper) -> None:
    """Without an obstacle nothing is forgotten."""
    keeper.forget_old_obstacle()

    assert keeper.obstacle is None


async def test_obstacle_keeps_from_asking(
    open_keeper: Keeper, way: Any, clock: Clock
) -> None:
    """A router that is left alone is not asked for the mapping either."""
    clock.now += 60
    way.verify.side_effect = SILENCE
    await open_keeper.verify()
    clock.now += 1

    await open_keeper.verify()

    assert way.verify.await_count == 1


async def test_try_again(open_keeper: Keeper, way: Any, clock: Clock) -> None:
    """The owner does not have to wait."""
    way.release.side_effect = SILENCE
    await open_keeper.close()

    open_keeper.try_again()
    assert open_keeper.obstacle is None
    await open_keeper.verify()

    assert way.verify.await_count == 1


async def test_adopted_mapping_is_verified_first(keeper: Keeper, way: Any) -> None:
    """What stood before a restart is not opened again, but asked for."""
    keeper.adopt(MAPPING)
    assert keeper.due_in == -1000

    await keeper.verify()

    assert (keeper.mapping, keeper.external_address) == (MAPPING, ADDRESS)
    assert way.map.await_count == 0


async def test_nothing_to_adopt(keeper: Keeper, way: Any) -> None:
    """Without an earlier mapping there is nothing to ask."""
    keeper.adopt(None)
    await keeper.verify()

    assert keeper.due_in is None
    assert way.mock_calls == []


async def test_with_a_router(client: Router, router: SimulatedRouter) -> None:
    """Opened, lost by a restart, opened again and closed."""
    keeper = Keeper(client, host="127.0.0.1", port=32400, description=DESCRIPTION)
    await keeper.open(40000)
    assert keeper.external_address == ADDRESS
    assert len(router.table) == 1

    router.restart()
    await keeper.renew()
    assert keeper.obstacle is None
    assert len(router.table) == 1

    await keeper.close()
    assert keeper.obstacle is None
    assert len(router.table) == 0
