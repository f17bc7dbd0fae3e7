"""What goes wrong with the Plex server and its plex.tv, or is changed in Plex Web."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final

from tests.e2e.plex import MANUAL_MODE, MANUAL_PORT, PUBLISHED

from .fault import Fault, Strike, at_once, lasting
from .home import Home, wait

_ANSWERS: Final = ("root", "prefs", "prefs_get", "prefs_put", "account", "websocket")


def _change(home: Home, **wanted: Any) -> None:
    """Change the server; while it restarts that takes a moment."""

    def change() -> bool:
        with suppress(OSError):
            home.plex.change(**wanted)
            return True
        return False

    wait(change, 10)


def _faulty(faults: Mapping[str, Any], normal: Mapping[str, Any]) -> Strike:
    """Return a fault of the server that shows when it looks again."""

    def switch(values: Mapping[str, Any]) -> Callable[[Home], None]:
        def act(home: Home) -> None:
            _change(home, faults=values)
            _change(home, call="recheck")

        return act

    return lasting(switch(faults), switch(normal))


def _answering(**fault: Any) -> Strike:
    """Return a fault of all answers."""
    endpoints = dict.fromkeys(_ANSWERS, fault)
    return lasting(
        lambda home: _change(home, faults={"endpoints": endpoints}),
        lambda home: _change(home, faults={"endpoints": {}}),
    )


def _restart(home: Home) -> None:
    boot = home.random.choice((0.1, 2, 4))
    _change(home, timing={"down": 0.3, "boot": boot})
    _change(home, call="restart")


@contextmanager
def _revoked(home: Home) -> Generator[None]:
    _change(home, call="revoke_token")
    try:
        yield
    finally:
        _change(home, token=home.world.server.token)


def _calls(first: str, then: str) -> Strike:
    return lasting(
        lambda home: _change(home, call=first), lambda home: _change(home, call=then)
    )


def _events(**faults: str) -> Strike:
    """Return trouble with events while the verdict turns around."""
    normal = {"reachability_events": "normal", "preference_events": "one_each"}
    return _faulty({**faults, "flapping": 0.7}, {**normal, "flapping": None})


# In Plex Web


def _publish(home: Home, *, on: bool) -> None:
    home.wanted = on
    _change(home, preferences={PUBLISHED: on})


def _other_port(home: Home) -> None:
    _change(home, preferences={MANUAL_PORT: home.random.randint(20000, 40000)})


def _other_mode(home: Home) -> AbstractContextManager[None]:
    """Untick the manual port, which is another mode; the owner then regrets it."""

    def regret(home: Home) -> None:
        home.select("automatic")

    return lasting(
        lambda home: _change(home, preferences={MANUAL_MODE: False}), regret
    )(home)


def _speed(home: Home) -> None:
    for _ in range(20):
        speed = home.random.randint(0, 100000)
        _change(home, preferences={"WanTotalMaxUploadRate": speed})


FAULTS: Final = (
    Fault(name="server restarts", strike=at_once(_restart), settle=45, weight=6),
    Fault(
        name="server answers 503",
        strike=_answering(status=503),
        hold=6,
        settle=45,
    ),
    Fault(name="server hangs", strike=_answering(hang=True), hold=5, settle=60),
    Fault(name="server hangs up", strike=_answering(hang_up=True), hold=5, settle=45),
    Fault(
        name="token is revoked and given back",
        strike=_revoked,
        hold=13,
        settle=60,
        weight=3,
    ),
    Fault(
        name="server is signed out and in",
        strike=_calls("sign_out", "sign_in"),
        hold=5,
        settle=60,
    ),
    Fault(
        name="plex.tv forgets the server for a while",
        strike=_calls("lose_sign_in", "sign_in"),
        hold=4,
        settle=60,
    ),
    Fault(
        name="server cannot publish itself",
        strike=_faulty(
            {"mapping_error": "publisherror"},
            {"mapping_error": None, "mapping_error_state": "mapped"},
        ),
        hold=5,
        settle=60,
    ),
    Fault(
        name="verdict flaps",
        strike=_faulty({"flapping": 0.3}, {"flapping": None}),
        hold=5,
        settle=60,
    ),
    Fault(
        name="events are lost",
        strike=_events(reachability_events="lost", preference_events="lost"),
        hold=4,
        settle=60,
    ),
    Fault(
        name="events come twice",
        strike=_events(reachability_events="duplicated"),
        hold=4,
        settle=60,
    ),
    Fault(
        name="events come early",
        strike=_events(reachability_events="early"),
        hold=4,
        settle=60,
    ),
    Fault(
        name="events come late, among noise",
        strike=_events(reachability_events="late", preference_events="one_frame"),
        hold=4,
        settle=60,
    ),
    Fault(
        name="switched off in Plex Web",
        strike=at_once(lambda home: _publish(home, on=False)),
        settle=30,
        alone=True,
    ),
    Fault(
        name="switched on in Plex Web",
        strike=at_once(lambda home: _publish(home, on=True)),
        settle=45,
        alone=True,
    ),
    Fault(
        name="switched off and on in Plex Web",
        strike=lasting(
            lambda home: _publish(home, on=False), lambda home: _publish(home, on=True)
        ),
        hold=2,
        settle=45,
        alone=True,
    ),
    Fault(
        name="another port in Plex Web",
        strike=at_once(_other_port),
        settle=45,
        alone=True,
    ),
    Fault(
        name="another mode in Plex Web",
        strike=_other_mode,
        hold=4,
        settle=45,
        alone=True,
    ),
    Fault(name="many settings in Plex Web", strike=at_once(_speed), settle=30),
)
