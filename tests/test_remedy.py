"""Tests of what is tried when nobody gets in, and when."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.plan import Cause, Plan, Remedy, Status
from custom_components.plex_remote_access.remedy import RemedyWatch

from .portmap.common import Clock

BAD = Plan(steps=(), status=Status.UNREACHABLE, cause=Cause.PORT_CLOSED)
GOOD = Plan(steps=(), status=Status.REACHABLE, cause=None)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Iterator[RemedyWatch]:
    """A watch that has seen one bad verdict."""
    with patch("custom_components.plex_remote_access.remedy.time", clock):
        watch = RemedyWatch()
        watch.judge(BAD, mapped=True, engaged=True)
        yield watch


def ladder(
    watch: RemedyWatch, clock: Clock, *, mapped: bool
) -> list[tuple[str, float]]:
    """Return what is tried against a verdict that stays bad, and after how long."""
    tried = []
    while (due_in := watch.due_in) is not None:
        clock.now += due_in
        tried.append((str(watch.due), due_in))
        watch.tried(Remedy(tried[-1][0]))
        watch.judge(BAD, mapped=mapped, engaged=True)
    return tried


def test_each_is_tried_once_and_seen_to_fail(watch: RemedyWatch, clock: Clock) -> None:
    """The gentle ones first, then nothing any more but the owner."""
    assert ladder(watch, clock, mapped=True) == [
        ("check", 0),
        ("rebuild", 60),
        ("move", 60),
        ("republish", 120),
        ("probe", 240),
    ]
    exhausted = [watch.exhausted]
    clock.now += 60
    exhausted.append(watch.exhausted)
    assert exhausted == [False, True]
    clock.now += 36000
    assert watch.due is None


def test_what_helps_without_a_mapping_of_ours(watch: RemedyWatch, clock: Clock) -> None:
    """The server can still be had to begin anew."""
    watch.judge(BAD, mapped=False, engaged=True)

    assert ladder(watch, clock, mapped=False) == [("republish", 120), ("probe", 240)]


def test_one_bad_verdict_is_not_enough(watch: RemedyWatch, clock: Clock) -> None:
    """It may be over in a moment; only a look does no harm."""
    watch.tried(Remedy.CHECK)
    watch.judge(BAD, mapped=True, engaged=True)
    clock.now += 59

    assert watch.due is None
    assert watch.due_in == 1


@pytest.mark.parametrize(
    ("plan", "engaged"),
    [
        pytest.param(GOOD, True, id="reachable"),
        pytest.param(
            Plan(steps=(), status=Status.CONNECTING, cause=Cause.CHECKING),
            True,
            id="checking",
        ),
        pytest.param(
            Plan(steps=(), status=Status.DOUBLE_NAT, cause=Cause.DOUBLE_NAT),
            True,
            id="double-nat",
        ),
        pytest.param(BAD, False, id="nobody-asked-us"),
    ],
)
def test_what_nothing_is_tried_against(
    watch: RemedyWatch, clock: Clock, plan: Plan, engaged: bool
) -> None:
    """And the next bad verdict has to stand anew."""
    watch.tried(Remedy.CHECK)
    watch.judge(plan, mapped=True, engaged=engaged)
    clock.now += 3600
    assert watch.due is None

    watch.judge(BAD, mapped=True, engaged=True)
    assert watch.due is None


@pytest.mark.parametrize(
    ("minutes", "remedy"),
    [
        pytest.param(9, Remedy.REBUILD, id="helped-for-a-moment"),
        pytest.param(10, Remedy.CHECK, id="helped"),
    ],
)
def test_next_incident(
    watch: RemedyWatch, clock: Clock, minutes: int, remedy: Remedy
) -> None:
    """What helps for a moment only is not tried over and over."""
    watch.tried(Remedy.CHECK)
    watch.judge(GOOD, mapped=True, engaged=True)
    clock.now += minutes * 60
    watch.judge(GOOD, mapped=True, engaged=True)
    watch.judge(BAD, mapped=True, engaged=True)
    clock.now += 60

    assert watch.due is remedy


def test_owner_wants_a_fresh_start(watch: RemedyWatch, clock: Clock) -> None:
    """Then all are ready."""
    watch.tried(Remedy.CHECK)
    watch.reset()
    watch.judge(BAD, mapped=True, engaged=True)

    assert watch.due is Remedy.CHECK
