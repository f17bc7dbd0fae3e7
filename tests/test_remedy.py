"""Tests of what is tried against a port that is open and yet lets nobody in."""

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
        watch.judge(BAD, mapped=True)
        yield watch


def test_one_bad_verdict_is_not_enough(watch: RemedyWatch, clock: Clock) -> None:
    """It may be over in a moment."""
    clock.now += 59
    watch.judge(BAD, mapped=True)

    assert watch.due is None
    assert watch.due_in == 1


def test_each_is_tried_once_and_seen_to_fail(watch: RemedyWatch, clock: Clock) -> None:
    """First the gentle one, then the other, then nothing any more."""
    clock.now += 60
    assert str(watch.due) == "rebuild"
    watch.tried(Remedy.REBUILD)
    assert watch.due_in is None

    watch.judge(BAD, mapped=True)
    clock.now += 60
    assert str(watch.due) == "move"
    watch.tried(Remedy.MOVE)

    watch.judge(BAD, mapped=True)
    clock.now += 3600
    assert watch.due is None
    assert watch.due_in is None


@pytest.mark.parametrize(
    ("plan", "mapped"),
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
        pytest.param(BAD, False, id="not-our-mapping"),
    ],
)
def test_what_is_no_matter_of_our_port(
    watch: RemedyWatch, clock: Clock, plan: Plan, mapped: bool
) -> None:
    """Nothing is tried, and the next bad verdict has to stand anew."""
    watch.judge(plan, mapped=mapped)
    clock.now += 3600
    assert watch.due is None

    watch.judge(BAD, mapped=True)
    assert watch.due is None


def test_all_are_ready_after_a_success(watch: RemedyWatch, clock: Clock) -> None:
    """The next incident has all remedies again."""
    watch.tried(Remedy.REBUILD)
    watch.judge(GOOD, mapped=True)
    watch.judge(BAD, mapped=True)
    clock.now += 60

    assert watch.due is Remedy.REBUILD
