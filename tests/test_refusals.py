"""Tests of when a refused token is a case for its owner."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.plex import (
    PlexAuthenticationError,
    PlexConnectionError,
    PlexError,
    PlexForbiddenError,
    PlexStartingError,
)
from custom_components.plex_remote_access.refusals import Refusals

from .portmap.common import Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock that it reads."""
    clock = Clock()
    with patch("custom_components.plex_remote_access.refusals.time", clock):
        yield clock


@pytest.mark.parametrize("kind", [PlexAuthenticationError, PlexForbiddenError])
def test_two_refusals_some_seconds_apart(clock: Clock, kind: type[PlexError]) -> None:
    """One may be a server that is not itself yet."""
    refusals = Refusals()

    certain = [refusals.failed(kind("no"))]
    due_in = refusals.due_in
    clock.now += 9
    certain.append(refusals.failed(kind("no")))
    clock.now += 1
    certain.append(refusals.failed(kind("no")))

    assert due_in == 10
    assert certain == [False, False, True]
    assert refusals.due_in is None


@pytest.mark.parametrize("kind", [PlexStartingError, PlexConnectionError])
def test_server_that_starts_meanwhile(clock: Clock, kind: type[PlexError]) -> None:
    """What it said before does not count any more."""
    refusals = Refusals()
    refusals.failed(PlexAuthenticationError("no"))
    clock.now += 10

    assert refusals.failed(kind("later")) is False
    assert refusals.due_in is None
    assert refusals.failed(PlexAuthenticationError("no")) is False


def test_token_that_is_taken_again(clock: Clock) -> None:
    """A good answer ends the matter."""
    refusals = Refusals()
    refusals.failed(PlexAuthenticationError("no"))
    refusals.accepted()
    clock.now += 10

    assert refusals.failed(PlexAuthenticationError("no")) is False
