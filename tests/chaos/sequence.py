"""A sequence of faults, drawn from a seed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
import time
from typing import Final

from tests.lab import RouterOptions

from . import home_assistant_faults, plex_faults, router_faults
from .fault import Fault
from .home import Home, make_home
from .inside import Inside, look_inside
from .invariants import ALWAYS, NEVER, SETTLED, Invariant

FAULTS: Final = (
    *router_faults.FAULTS,
    *plex_faults.FAULTS,
    *home_assistant_faults.FAULTS,
)
ROUTERS: Final = (
    RouterOptions(),
    RouterOptions(nat_pmp=False, pcp=False),
    RouterOptions(pcp=False),
    RouterOptions(nat_pmp=False, pcp=False, igd_v1=True),
)

# How long plex.tv may take for its verdict, after what was done last.
_VERDICT: Final = 120
_BEGINNING: Final = 45
_TWO_AT_ONCE: Final = 0.25
_PAUSE: Final = 0.25
# How long the owner waits before doing again what did not work.
_PATIENCE: Final = 5


class ViolationError(Exception):
    """An invariant does not hold."""


@dataclass(slots=True)
class Outcome:
    """What came of a sequence."""

    seed: int
    tried: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    slowest: tuple[float, str] = (0.0, "")
    before: Inside | None = None
    after: Inside | None = None


def run(
    seed: int,
    count: int,
    folder: Path,
    faults: Sequence[Fault] = FAULTS,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Have so many things go wrong; raises ViolationError when one is not overcome.

    The same seed is the same sequence; how long everything takes is not.
    """
    random = Random(seed)
    outcome = Outcome(seed)
    with make_home(folder, random, ROUTERS[seed % len(ROUTERS)]) as home:
        home.turn(on=True)
        _settle(home, outcome, "the beginning", _BEGINNING)
        outcome.before = look_inside(home)
        for group in _draw(random, faults, count):
            names = " and ".join(fault.name for fault in group)
            number = outcome.tried.total() + len(group)
            tell(f"seed {seed}, {number} of {count}: {names}")
            try:
                _suffer(home, outcome, group, names)
            except ViolationError as error:
                raise ViolationError(
                    f"seed {seed}, at fault {number} ({names}): {error}"
                ) from error
        _end(home, outcome)
    return outcome


def _draw(random: Random, faults: Sequence[Fault], count: int) -> Iterator[list[Fault]]:
    """Return what goes wrong, one thing after the other and at times two at once."""
    weights = [fault.weight for fault in faults]
    while count > 0:
        group = random.choices(faults, weights, k=min(2, count))
        alone = any(fault.alone for fault in group)
        if alone or random.random() > _TWO_AT_ONCE or group[0] is group[-1]:
            del group[1:]
        count -= len(group)
        yield group


def _suffer(home: Home, outcome: Outcome, group: Iterable[Fault], names: str) -> None:
    """Have something go wrong, and be overcome."""
    with ExitStack() as stack:
        for fault in group:
            stack.enter_context(fault.strike(home))
            outcome.tried[fault.name] += 1
            time.sleep(home.random.uniform(0, fault.hold))
        _require(home, outcome, ALWAYS)
    if any(fault.ends_process for fault in group):
        outcome.before = None
    _settle(home, outcome, names, max(fault.settle for fault in group))
    if outcome.before is None:
        outcome.before = look_inside(home)
    if not home.wanted and home.random.random() < 0.6:
        home.turn(on=True)
        _settle(home, outcome, "switched on again", _BEGINNING)


def _settle(home: Home, outcome: Outcome, names: str, seconds: float) -> None:
    """Wait until everything is as it is wanted, and raise if it takes too long."""
    started = time.monotonic()
    insist_at = started
    while wrong := _wrong(home, outcome):
        if time.monotonic() > started + seconds:
            raise ViolationError(f"after {seconds} s still: {wrong}")
        if time.monotonic() >= insist_at:
            home.insist()
            insist_at = time.monotonic() + _PATIENCE
        time.sleep(_PAUSE)
    outcome.slowest = max(outcome.slowest, (time.monotonic() - started, names))
    _require(home, outcome, NEVER)


def _wrong(home: Home, outcome: Outcome) -> str | None:
    """Return what is not yet as it should be."""
    outcome.checks += len(SETTLED)
    wrong = next((wrong for check in SETTLED if (wrong := check(home))), None)
    if wrong is None and outcome.before is not None:
        return outcome.before.excess(look_inside(home))
    return wrong


def _require(home: Home, outcome: Outcome, invariants: Iterable[Invariant]) -> None:
    """Raise if one of some invariants does not hold right now."""
    for invariant in invariants:
        outcome.checks += 1
        if (wrong := invariant(home)) is not None:
            raise ViolationError(wrong)


def _end(home: Home, outcome: Outcome) -> None:
    """See that all is green in the end, and that off is off and removed is removed."""
    home.turn(on=True)
    home.insist()
    home.entry.wait_for("status", "reachable", _VERDICT)
    _settle(home, outcome, "the verdict", _BEGINNING)
    outcome.after = look_inside(home)
    home.turn(on=False)
    _require(home, outcome, SETTLED)
    home.turn(on=True)
    home.remove()
    home.wanted = False
    _require(home, outcome, (SETTLED[1], *ALWAYS, *NEVER))
