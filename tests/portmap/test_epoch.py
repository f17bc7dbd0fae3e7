"""Tests of what a router's epoch and address tell about its mappings."""

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address
import math

from hypothesis import given, strategies as st
import pytest

from custom_components.plex_remote_access.portmap import (
    Mapping,
    Method,
    PortMapError,
    Reason,
)
from custom_components.plex_remote_access.portmap.epoch import (
    Continuity,
    Epoch,
    Rule,
    is_lost_by_nat_pmp,
    is_lost_by_pcp,
)

from .common import MAPPING, Clock

BOTH = [
    pytest.param(is_lost_by_nat_pmp, id="nat-pmp"),
    pytest.param(is_lost_by_pcp, id="pcp"),
]
HOME = IPv4Address("198.51.100.7")
MOVED = IPv4Address("198.51.100.99")


@pytest.mark.parametrize("rule", BOTH)
@pytest.mark.parametrize("epoch", [0, 258, 2**32 - 1])
def test_first_answer_is_in_order(rule: Rule, epoch: int) -> None:
    """There is nothing to hold it against."""
    assert not Epoch(rule).lost(epoch, 1000.0)


@pytest.mark.parametrize(
    ("rule", "epoch", "elapsed", "lost"),
    [
        # RFC 6886, section 3.6: under the estimate of 1000 + 7/8 * 800 by over 2.
        pytest.param(is_lost_by_nat_pmp, 1698, 800, False, id="nat-pmp-slow-clock"),
        pytest.param(is_lost_by_nat_pmp, 1697, 800, True, id="nat-pmp-too-slow"),
        pytest.param(is_lost_by_nat_pmp, 5000, 60, False, id="nat-pmp-fast-clock"),
        pytest.param(is_lost_by_nat_pmp, 998, 0, False, id="nat-pmp-two-back"),
        pytest.param(is_lost_by_nat_pmp, 997, 0, True, id="nat-pmp-three-back"),
        pytest.param(is_lost_by_nat_pmp, 0, 45, True, id="nat-pmp-restart"),
        # RFC 6887, section 8.5: back by over 1, or off by over 2 and a sixteenth.
        pytest.param(is_lost_by_pcp, 2498, 1600, False, id="pcp-slow-clock"),
        pytest.param(is_lost_by_pcp, 2497, 1600, True, id="pcp-too-slow"),
        pytest.param(is_lost_by_pcp, 2600, 1498, False, id="pcp-fast-clock"),
        pytest.param(is_lost_by_pcp, 2600, 1497, True, id="pcp-too-fast"),
        pytest.param(is_lost_by_pcp, 999, 0, False, id="pcp-one-back"),
        pytest.param(is_lost_by_pcp, 998, 0, True, id="pcp-two-back"),
        pytest.param(is_lost_by_pcp, 0, 45, True, id="pcp-restart"),
        pytest.param(is_lost_by_pcp, 1045, 45, False, id="pcp-same-pace"),
    ],
)
def test_rules(rule: Rule, epoch: int, elapsed: float, lost: bool) -> None:
    """A router that is behind its epoch of 1000 by more than clocks differ."""
    watched = Epoch(rule)
    watched.lost(1000, 50.0)

    assert watched.lost(epoch, 50.0 + elapsed) is lost


@pytest.mark.parametrize("rule", BOTH)
def test_loss_is_told_once(rule: Rule) -> None:
    """What the router said when it had lost everything counts from then on."""
    watched = Epoch(rule)
    told = [
        watched.lost(*reading) for reading in ((1000, 0), (5, 60), (65, 120), (4, 180))
    ]
    assert told == [False, True, False, True]


@pytest.mark.parametrize("rule", BOTH)
@given(
    start=st.integers(0, 2**31),
    pace=st.floats(15 / 16, 16 / 15),
    pauses=st.lists(st.floats(0, 1e6), max_size=8),
)
def test_steady_router(
    rule: Rule, start: int, pace: float, pauses: list[float]
) -> None:
    """A router that goes on is never taken for one that has restarted."""
    watched = Epoch(rule)
    times = [sum(pauses[:index]) for index in range(len(pauses) + 1)]
    told = [watched.lost(int(start + time * pace), time) for time in times]

    assert not any(told)


@pytest.mark.parametrize("rule", BOTH)
@given(
    longer=st.integers(0, 2**31), unwatched=st.floats(0, 1e6), since=st.floats(0, 1e6)
)
def test_restart(rule: Rule, longer: int, unwatched: float, since: float) -> None:
    """A restart is noticed, if the router was up before for an eighth of the time since.

    Its epoch then tells the time since.
    """
    watched = Epoch(rule)
    watched.lost(int(since / 8) + 4 + longer, 0.0)

    assert watched.lost(int(since), unwatched + since)


# One question for all


class Asked:
    """The router, which tells epoch and address or what it is made to raise."""

    def __init__(self) -> None:
        """Be in order."""
        self.epoch = 1000
        self.address = HOME
        self.refusal: PortMapError | None = None
        self.times = 0
        self.continuity = Continuity(self.look)

    async def look(self) -> None:
        """Answer a question, not at once."""
        self.times += 1
        await asyncio.sleep(0.01)
        if self.refusal is not None:
            raise self.refusal
        self.continuity.hear(Method.NAT_PMP, self.epoch, self.address)

    async def stands(self, mapping: Mapping) -> bool:
        """Tell whether a mapping stands."""
        return await self.continuity.stands(mapping)


@pytest.fixture
def asked(clock: Clock) -> Asked:
    """The router, since some time before the mapping."""
    clock.now = 500.0
    asked = Asked()
    clock.now = 1000.0
    return asked


@pytest.fixture
def mapping(clock: Clock) -> Mapping:
    """A mapping that was granted just now."""
    return replace(MAPPING, granted_at=1000.0)


async def test_mapping_stands(asked: Asked, mapping: Mapping) -> None:
    """Nothing happened."""
    assert await asked.stands(mapping)


async def test_mapping_of_an_earlier_run(asked: Asked, mapping: Mapping) -> None:
    """What nobody watched is asked for once, and then stands."""
    assert not await asked.stands(replace(mapping, granted_at=-math.inf))
    assert await asked.stands(mapping)


async def test_fifty_servers_share_a_question(asked: Asked, mapping: Mapping) -> None:
    """Who asks at the same time, or soon after, gets the same answer."""
    assert all(await asyncio.gather(*(asked.stands(mapping) for _ in range(50))))
    assert await asked.stands(mapping)
    assert asked.times == 1


async def test_silence_is_shared(asked: Asked, mapping: Mapping) -> None:
    """Nobody waits for a silent router in turn."""
    asked.refusal = PortMapError(Reason.NO_ROUTER, "No answer", retry_after=30)
    outcomes = await asyncio.gather(
        *(asked.stands(mapping) for _ in range(50)), return_exceptions=True
    )

    assert {
        (outcome.reason, outcome.detail, outcome.retry_after)
        for outcome in outcomes
        if isinstance(outcome, PortMapError)
    } == {(Reason.NO_ROUTER, "No answer", 30)}
    assert len(outcomes) == 50
    assert asked.times == 1


async def test_silence_proves_no_loss(
    asked: Asked, mapping: Mapping, clock: Clock
) -> None:
    """A mapping of a router that was away for a moment stands."""
    asked.refusal = PortMapError(Reason.NO_ROUTER, "No answer")
    with pytest.raises(PortMapError):
        await asked.stands(mapping)
    asked.refusal = None
    clock.now += 1.0

    assert await asked.stands(mapping)


async def test_who_gives_up_spoils_nothing(asked: Asked, mapping: Mapping) -> None:
    """The next one in the queue asks in its place."""
    first, second = (asyncio.create_task(asked.stands(mapping)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert await second
    assert asked.times == 2


async def test_asked_again_after_a_while(
    asked: Asked, mapping: Mapping, clock: Clock
) -> None:
    """A loss is noticed as soon as the last answer is old enough."""
    assert await asked.stands(mapping)
    asked.epoch = 3
    clock.now += 1.0

    assert not await asked.stands(mapping)
    assert await asked.stands(replace(mapping, granted_at=clock.now))


async def test_another_address(asked: Asked, mapping: Mapping, clock: Clock) -> None:
    """Some routers keep the epoch when they get another address (quirk 60)."""
    assert await asked.stands(mapping)
    asked.address = MOVED
    asked.epoch += 10
    clock.now += 10.0

    assert not await asked.stands(mapping)
    assert asked.continuity.address == MOVED


async def test_refusal_may_be_a_loss(
    asked: Asked, mapping: Mapping, clock: Clock
) -> None:
    """A router without address is asked for the mapping again, which tells why."""
    assert await asked.stands(mapping)
    asked.refusal = PortMapError(Reason.NO_PUBLIC_ADDRESS, "network failure")
    clock.now += 10.0

    assert not await asked.stands(mapping)
    assert asked.continuity.address is None


async def test_refusal_that_goes_on_is_no_further_loss(
    asked: Asked, mapping: Mapping, clock: Clock
) -> None:
    """What the router granted all the same is not asked for again each time."""
    asked.refusal = PortMapError(Reason.NO_PUBLIC_ADDRESS, "network failure")
    clock.now += 10.0
    assert not await asked.stands(mapping)
    granted_again = replace(mapping, granted_at=clock.now)
    clock.now += 45.0

    assert await asked.stands(granted_again)


async def test_another_address_in_each_protocol(
    asked: Asked, mapping: Mapping, clock: Clock
) -> None:
    """Where PCP and NAT-PMP disagree for good, that is a reason to ask again once."""
    asked.continuity.hear(Method.PCP, 1000, MOVED)
    assert not await asked.stands(replace(mapping, granted_at=999.0))
    clock.now += 45.0
    asked.epoch += 45
    asked.continuity.hear(Method.PCP, 1045, MOVED)

    assert await asked.stands(mapping)
