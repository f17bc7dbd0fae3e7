"""Tests of asking through several protocols at once."""

import asyncio
from unittest.mock import AsyncMock, Mock, patch

import pytest

from custom_components.plex_remote_access.portmap import (
    Method,
    PortMapError,
    Reason,
    Router,
)
from custom_components.plex_remote_access.portmap.race import first_to_map

from .common import MAPPING, PACKAGE, TARGET
from .fakes import FakeMapper

NO = PortMapError(Reason.NO_ROUTER, "closed")
FULL = PortMapError(Reason.TABLE_FULL, "full")
NEVER = 60.0
PCP, NAT_PMP, UPNP = Method


async def race(*mappers: FakeMapper, proven: Method | None = None) -> Method:
    """Return who wins, within a second."""
    async with asyncio.timeout(1):
        return (
            await first_to_map(mappers, TARGET, 40000, proven=proven, asking=Mock())
        ).method


@pytest.mark.parametrize(
    ("mappers", "calls"),
    [
        pytest.param(
            [FakeMapper(PCP), FakeMapper(NAT_PMP), FakeMapper(UPNP)],
            [["probe", "map"], ["probe"], ["probe"]],
            id="all-answer-the-best-is-asked",
        ),
        pytest.param(
            [FakeMapper(PCP, probe=NEVER), FakeMapper(NAT_PMP), FakeMapper(UPNP)],
            [["probe"], ["probe", "map"], ["probe"]],
            id="pcp-is-silent",
        ),
        pytest.param(
            [
                FakeMapper(PCP, probe=NO),
                FakeMapper(NAT_PMP, probe=NO),
                FakeMapper(UPNP),
            ],
            [["probe"], ["probe"], ["probe", "map"]],
            id="only-upnp",
        ),
        pytest.param(
            [
                FakeMapper(PCP, probe=NEVER),
                FakeMapper(NAT_PMP, probe=NEVER),
                FakeMapper(UPNP),
            ],
            [["probe"], ["probe"], ["probe", "map"]],
            id="upnp-and-silence",
        ),
        pytest.param(
            [FakeMapper(PCP, map=FULL), FakeMapper(NAT_PMP), FakeMapper(UPNP)],
            [["probe", "map"], ["probe", "map"], ["probe"]],
            id="the-best-refuses-quirk-59",
        ),
    ],
)
async def test_who_is_asked(mappers: list[FakeMapper], calls: list[list[str]]) -> None:
    """Only one, unless it fails or is silent."""
    await race(*mappers)

    assert [mapper.calls for mapper in mappers] == calls


async def test_slow_one_is_overtaken_and_cleaned_up() -> None:
    """Whoever may have mapped too late is told to remove it; the winner is sure."""
    slow, fast = FakeMapper(PCP, map=NEVER), FakeMapper(UPNP)

    assert await race(slow, fast) is UPNP
    assert slow.calls == ["probe", "map", "release"]
    assert fast.calls == ["probe", "map", "map"]


async def test_silent_one_is_cleaned_up() -> None:
    """It may have mapped, although its answer was not heard."""
    silent, other = FakeMapper(PCP, map=NO), FakeMapper(UPNP)

    assert await race(silent, other) is UPNP
    assert silent.calls == ["probe", "map", "release"]
    assert other.calls == ["probe", "map", "map"]


async def test_proven_one_is_asked_at_once() -> None:
    """Without a probe, and alone."""
    pcp, upnp = FakeMapper(PCP), FakeMapper(UPNP)

    assert await race(pcp, upnp, proven=UPNP) is UPNP
    assert (pcp.calls, upnp.calls) == ([], ["map"])


async def test_proven_one_fails() -> None:
    """Then all are asked."""
    assert await race(FakeMapper(PCP), FakeMapper(UPNP, map=NO), proven=UPNP) is PCP


async def test_what_worked_before_has_failed(client: Router) -> None:
    """The others do not have to wait for it at each attempt."""
    race = AsyncMock(side_effect=[MAPPING, NO, MAPPING])
    with patch(f"{PACKAGE}.router.first_to_map", race):
        await client.map(TARGET, 40000)
        with pytest.raises(PortMapError):
            await client.map(TARGET, 40000)
        await client.map(TARGET, 40000)

    proven = [call.kwargs["proven"] for call in race.call_args_list]
    assert proven == [None, UPNP, None]


async def test_most_telling_error() -> None:
    """Of several failures the one that helps is told."""
    with pytest.raises(PortMapError) as raised:
        await race(FakeMapper(PCP, probe=NO), FakeMapper(UPNP, map=FULL))
    assert raised.value.reason is Reason.TABLE_FULL


async def test_cancelling_ends_all() -> None:
    """Nobody goes on asking."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(race(FakeMapper(PCP, map=NEVER)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait((task,))

    assert asyncio.all_tasks() == before
