"""Tests of what people are told of the verdicts, and when."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.announcer import Announcer
from custom_components.plex_remote_access.plan import Cause, Plan, Status

from .portmap.common import Clock

GOOD = Plan(steps=(), status=Status.REACHABLE, cause=None)
CHECKING = Plan(steps=(), status=Status.CONNECTING, cause=Cause.CHECKING)
BAD = Plan(steps=(), status=Status.UNREACHABLE, cause=Cause.PORT_CLOSED)
WORSE = Plan(steps=(), status=Status.NOT_PUBLISHED, cause=Cause.PUBLISH_FAILED)
UNKNOWN = Plan(steps=(), status=Status.UNKNOWN, cause=None)
OFF = Plan(steps=(), status=Status.DISABLED, cause=None)
SIGNED_OUT = Plan(steps=(), status=Status.SIGNED_OUT, cause=Cause.SIGNED_OUT)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def announcer(clock: Clock) -> Iterator[Announcer]:
    """Somebody who has told that all is well."""
    with patch("custom_components.plex_remote_access.announcer.time", clock):
        announcer = Announcer()
        announcer.tell(GOOD)
        yield announcer


def tell(announcer: Announcer, plan: Plan) -> tuple[Status, object]:
    """Return what is told of a verdict."""
    told = announcer.tell(plan)
    return told.status, told.cause


def test_down_is_told_when_it_stands(announcer: Announcer, clock: Clock) -> None:
    """Not before a minute; whatever is bad meanwhile."""
    assert tell(announcer, BAD) == (Status.REACHABLE, Cause.CHECKING)
    assert announcer.due_in == 60

    clock.now += 59
    assert tell(announcer, WORSE) == (Status.REACHABLE, Cause.CHECKING)

    clock.now += 1
    assert tell(announcer, BAD) == (Status.UNREACHABLE, Cause.PORT_CLOSED)
    assert announcer.due_in is None


def test_up_is_told_at_once(announcer: Announcer, clock: Clock) -> None:
    """Good news need not stand."""
    announcer.tell(BAD)
    clock.now += 60
    announcer.tell(BAD)

    assert tell(announcer, GOOD) == (Status.REACHABLE, None)


def test_flapping_is_not_told(announcer: Announcer, clock: Clock) -> None:
    """Each good verdict has the bad ones begin anew."""
    announcer.tell(BAD)
    clock.now += 50
    announcer.tell(GOOD)
    clock.now += 50

    assert tell(announcer, BAD) == (Status.REACHABLE, Cause.CHECKING)
    assert announcer.due_in == 60


def test_what_is_tried_meanwhile_is_no_good_news(
    announcer: Announcer, clock: Clock
) -> None:
    """A port that is opened anew is checked; that does not put off the bad news."""
    announcer.tell(BAD)
    clock.now += 40
    assert tell(announcer, CHECKING) == (Status.CONNECTING, Cause.CHECKING)
    assert tell(announcer, BAD) == (Status.CONNECTING, Cause.CHECKING)
    clock.now += 20

    assert tell(announcer, BAD) == (Status.UNREACHABLE, Cause.PORT_CLOSED)


def test_server_that_says_nothing_is_no_news_either(
    announcer: Announcer, clock: Clock
) -> None:
    """It is told that nobody can say; what is bad afterwards has to stand as ever."""
    assert announcer.tell(UNKNOWN) == UNKNOWN
    assert tell(announcer, BAD) == (Status.UNKNOWN, Cause.CHECKING)
    clock.now += 60

    assert tell(announcer, BAD) == (Status.UNREACHABLE, Cause.PORT_CLOSED)


def test_bad_news_stand_while_something_is_tried(
    announcer: Announcer, clock: Clock
) -> None:
    """They are not taken back and told once more after each remedy."""
    announcer.tell(BAD)
    clock.now += 60
    assert announcer.tell(CHECKING, settled=False).status is Status.UNREACHABLE
    clock.now += 30
    assert announcer.tell(BAD) == BAD
    told = announcer.tell(CHECKING, settled=False)
    assert (told.status, told.cause) == (Status.UNREACHABLE, Cause.PORT_CLOSED)

    announcer.start_afresh()
    assert announcer.tell(CHECKING, settled=False) == CHECKING


def test_server_that_waits_for_a_verdict_is_told(
    announcer: Announcer, clock: Clock
) -> None:
    """What it says itself when it had its time is no matter of what we tried."""
    announcer.tell(BAD)
    clock.now += 60
    assert announcer.tell(BAD) == BAD

    assert announcer.tell(CHECKING) == CHECKING


@pytest.mark.parametrize("plan", [OFF, SIGNED_OUT])
def test_what_is_no_verdict_of_plex_tv_is_told_at_once(
    announcer: Announcer, plan: Plan
) -> None:
    """It is certain."""
    assert announcer.tell(plan) == plan


def test_who_waits_for_the_outcome_is_told_at_once(announcer: Announcer) -> None:
    """The owner has switched on, or pressed retry."""
    announcer.start_afresh()
    announcer.tell(CHECKING)

    assert announcer.tell(BAD) == BAD


def test_first_word_is_told_at_once(clock: Clock) -> None:
    """After a start nobody knows what was before."""
    assert Announcer().tell(BAD) == BAD
