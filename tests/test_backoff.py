"""Tests of how long somebody who fails is left alone."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.backoff import Backoff

from .portmap.common import Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock that pauses are measured by."""
    clock = Clock()
    with patch("custom_components.plex_remote_access.backoff.time", clock):
        yield clock


def test_pauses_grow_to_a_limit(clock: Clock) -> None:
    """Who fails often is asked rarely, but never given up."""
    backoff = Backoff()
    pauses = []
    for _ in range(8):
        backoff.failed()
        pauses.append(backoff.due_in)

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.failing


def test_pause_passes(clock: Clock) -> None:
    """Then it is time for another attempt."""
    backoff = Backoff()
    backoff.failed()
    clock.now += 1

    assert backoff.due_in == 0


def test_what_works_is_not_held_against_anybody(clock: Clock) -> None:
    """The next failure begins anew."""
    backoff = Backoff()
    backoff.failed()
    backoff.failed()
    backoff.worked()
    assert (backoff.due_in <= 0, backoff.failing) == (True, False)

    backoff.failed()

    assert backoff.due_in == 1
