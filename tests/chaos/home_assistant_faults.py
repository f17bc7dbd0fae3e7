"""What happens to Home Assistant, or is done there at a bad moment."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final

from tests.e2e.plex import PUBLISHED

from .fault import Fault, at_once
from .home import REFUSALS, Home, wait


def _reload(home: Home) -> None:
    with suppress(*REFUSALS):
        entry = home.entry.entry_id
        home.home_assistant.client.post(
            f"/api/config/config_entries/entry/{entry}/reload"
        )


def _restart(home: Home) -> None:
    home.home_assistant.stop()
    home.home_assistant.start()


def _kill(home: Home) -> None:
    # Home Assistant itself writes a new entry down only after a second.
    home.home_assistant.wait_until_stored(home.entry.entry_id)
    home.home_assistant.kill()
    home.home_assistant.start()


def _kill_while(act: Callable[[Home], None]) -> Callable[[Home], None]:
    """Cut the power while the owner does something, which is then done again."""

    def kill(home: Home) -> None:
        _start(home, act)
        _kill(home)

    return kill


def _start(home: Home, act: Callable[[Home], None]) -> Thread:
    """Begin something, and be somewhere in the middle of it."""
    thread = Thread(target=act, args=(home,))
    thread.start()
    thread.join(home.random.uniform(0, 0.3))
    return thread


@contextmanager
def _jump(home: Home) -> Generator[None]:
    """Set the wall clock ahead, and right again; timers go by another one."""
    home.clock.jump(home.random.choice((90, 3600, 86400)))
    try:
        yield
    finally:
        home.clock.jump(0)


def _toggle(home: Home) -> None:
    home.turn(on=not home.wanted)


def _change_options(home: Home) -> None:
    """Let somebody else open the port while Home Assistant is about to."""
    turning = _start(home, lambda home: home.turn(on=True))
    home.select(home.random.choice(("manual", "server")))
    turning.join()
    home.select("automatic")


def _remove(home: Home) -> None:
    """Remove the entry while it opens the port, and add it again."""
    turning = _start(home, lambda home: home.turn(on=not home.wanted))
    home.remove()
    turning.join()
    # Remote access itself stays as the server has it.
    wait(lambda: home.forwards() == [], 10)
    home.wanted = False
    home.plex.change(preferences={PUBLISHED: False})


def _toggle_often(home: Home) -> None:
    for _ in range(6):
        _toggle(home)


def _enable_for_a_moment(home: Home) -> None:
    """Switch on for a while that is over soon."""
    home.wanted = False
    with suppress(*REFUSALS):
        home.call(
            "plex_remote_access/enable_for", "remote_access", duration={"seconds": 3}
        )


def _retry(home: Home) -> None:
    with suppress(*REFUSALS):
        home.call("button/press", "retry")


FAULTS: Final = (
    Fault(name="entry is reloaded", strike=at_once(_reload), settle=45),
    Fault(
        name="Home Assistant restarts",
        strike=at_once(_restart),
        settle=60,
        weight=2,
        ends_process=True,
    ),
    Fault(
        name="power cut", strike=at_once(_kill), settle=60, weight=2, ends_process=True
    ),
    Fault(
        name="power cut in the middle of switching",
        strike=at_once(_kill_while(_toggle)),
        settle=60,
        weight=2,
        alone=True,
        ends_process=True,
    ),
    Fault(name="wall clock jumps", strike=_jump, hold=4, settle=60),
    Fault(name="owner switches", strike=at_once(_toggle), settle=45),
    Fault(
        name="owner switches to and fro",
        strike=at_once(_toggle_often),
        settle=45,
        alone=True,
    ),
    Fault(name="owner retries", strike=at_once(_retry), settle=45),
    Fault(
        name="options change in the middle of a mapping",
        strike=at_once(_change_options),
        settle=60,
        alone=True,
    ),
    Fault(
        name="entry is removed in the middle, and added again",
        strike=at_once(_remove),
        settle=60,
        alone=True,
    ),
    Fault(
        name="switched on for a moment",
        strike=at_once(_enable_for_a_moment),
        settle=45,
        alone=True,
    ),
)
