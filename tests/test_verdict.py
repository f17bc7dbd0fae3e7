"""Tests of when plex.tv's verdict counts, and when it may be asked for another one."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from custom_components.plex_remote_access.verdict import VerdictWatch


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock that the watch reads."""
    clock = Clock()
    with patch("custom_components.plex_remote_access.verdict.time", clock):
        yield clock


def test_first_word_is_a_verdict(clock: Clock) -> None:
    """A server that was found running has had its verdict."""
    watch = VerdictWatch()

    assert watch.settled
    assert watch.next_pause() is None
    assert watch.probe_allowed
    assert not watch.probe_due


def test_verdict_takes_half_a_minute(clock: Clock) -> None:
    """After a change green is provisional, and looked at more and more slowly."""
    watch = VerdictWatch()
    watch.changed()

    assert [watch.next_pause() for _ in range(5)] == [1, 2, 4, 8, 15]
    clock.now += 29
    assert (watch.settled, watch.next_pause()) == (False, 1)
    clock.now += 1
    assert (watch.settled, watch.next_pause()) == (True, None)


def test_server_that_is_slow_to_publish_itself(clock: Clock) -> None:
    """It is looked at once more when green has had its time."""
    watch = VerdictWatch()
    watch.changed()
    for _ in range(5):
        watch.next_pause()
    clock.now += 30

    assert [watch.next_pause(), watch.next_pause()] == [30, None]


def test_green_that_comes_late_is_provisional_as_well(clock: Clock) -> None:
    """The half minute begins when the server begins to show green."""
    watch = VerdictWatch()
    watch.changed()
    for green in (False, False, True, True):
        clock.now += 5
        watch.look(green=green)
    clock.now += 24

    assert not watch.settled
    clock.now += 1
    assert watch.settled


def test_green_of_before_the_change(clock: Clock) -> None:
    """A server that is slow to begin shows what was."""
    watch = VerdictWatch()
    watch.changed()
    watch.look(green=True)
    clock.now += 4
    watch.look(green=False)
    clock.now += 4
    watch.look(green=True)
    clock.now += 29

    assert not watch.settled


def test_green_that_nobody_saw_begin(clock: Clock) -> None:
    """Where nobody looked for long, it counts from the last look."""
    watch = VerdictWatch()
    watch.changed()
    watch.look(green=False)
    clock.now += 15
    watch.look(green=True)
    clock.now += 15

    assert watch.settled


def test_green_that_does_not_come(clock: Clock) -> None:
    """It is not awaited forever."""
    watch = VerdictWatch()
    watch.changed()
    for _ in range(10):
        clock.now += 5
        watch.look(green=False)

    assert watch.settled


def test_a_port_that_opens_later_is_probed_once(clock: Clock) -> None:
    """The server does not know of it, so plex.tv is asked to look again; once."""
    watch = VerdictWatch()
    watch.published()
    watch.opened()
    assert watch.probe_due

    watch.probed()

    assert not watch.probe_due


def test_publishing_includes_a_probe(clock: Clock) -> None:
    """A server that is told the port needs no other probe."""
    watch = VerdictWatch()
    watch.opened()
    watch.published()

    assert not watch.probe_due


def test_probes_are_a_minute_apart(clock: Clock) -> None:
    """plex.tv limits them."""
    watch = VerdictWatch()
    watch.probed()
    watch.opened()

    assert (watch.probe_allowed, watch.probe_due) == (False, False)
    clock.now += 60
    assert (watch.probe_allowed, watch.probe_due) == (True, True)
