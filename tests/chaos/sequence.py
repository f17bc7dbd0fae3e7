"""A sequence of faults, drawn from a seed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
import time
import traceback
from typing import Final

from tests.lab import RouterOptions
from tests.reliability import code

from . import home_assistant_faults, plex_faults, router_faults
from .fault import Fault
from .home import Home, make_home
from .inside import Inside, look_inside
from .invariants import (
    ALWAYS,
    NEVER,
    SETTLED,
    Invariant,
    entities_tell_the_truth,
    unwanted_is_closed,
)
from .outcome import Outcome

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
# A server's good verdict counts once it has stood for 30 s; until then bad news stand.
_PROOF: Final = 40
_TWO_AT_ONCE: Final = 0.25
_PAUSE: Final = 0.25
# How long the owner waits before doing again what did not work.
_PATIENCE: Final = 5
# After how many faults memory is measured again.
_STRETCH: Final = 100


class ViolationError(Exception):
    """An invariant does not hold."""


def carry_out(
    seed: int,
    count: int,
    folder: Path,
    faults: Sequence[Fault] = FAULTS,
    *,
    same_process: bool = False,
) -> Outcome:
    """Have so many things go wrong, and tell what came of it.

    The same seed is the same sequence; how long everything takes is not. In the same
    process each fault strikes once before all that, and memory is measured from then
    on: what it needs for the first of a kind Home Assistant loads only then.
    """
    random = Random(seed)
    outcome = Outcome(seed, code())
    began = time.monotonic()
    try:
        with make_home(folder, random, ROUTERS[seed % len(ROUTERS)]) as home:
            run = _Run(home, outcome)
            run.begin()
            if same_process:
                run.suffer_all([fault] for fault in random.sample(faults, len(faults)))
                outcome.warm_up = outcome.total
                run.measure()
            while (left := outcome.warm_up + count - outcome.total) > 0:
                run.suffer_all(_draw(random, faults, min(left, _STRETCH)))
                if same_process:
                    run.measure()
                    # It takes long, and may be interrupted.
                    outcome.seconds = time.monotonic() - began
                    outcome.write(folder)
            run.end()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()
        outcome.violation = (
            f"seed {seed}, fault {outcome.total} ({outcome.during}):"
            f" {type(error).__name__}: {error}"
        )
    outcome.seconds = time.monotonic() - began
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


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is not yet as it should be; `is_told` if the owner is told otherwise."""

    text: str
    is_told: bool = False


class _Run:
    """Has things go wrong in a home, one after the other."""

    def __init__(self, home: Home, outcome: Outcome) -> None:
        """Know nothing yet of what the process holds in quiet times."""
        self._home = home
        self._outcome = outcome
        self._before: Inside | None = None

    def begin(self) -> None:
        """Have all well."""
        self._home.turn(on=True)
        self._settle(_BEGINNING)
        self._before = look_inside(self._home)

    def suffer_all(self, groups: Iterable[Sequence[Fault]]) -> None:
        """Have one thing go wrong after the other."""
        for group in groups:
            self._during(" and ".join(fault.name for fault in group))
            self._suffer(group)

    def _suffer(self, group: Sequence[Fault]) -> None:
        """Have something go wrong, and be overcome."""
        home = self._home
        with ExitStack() as stack:
            for fault in group:
                self._outcome.count(fault.name)
                stack.enter_context(fault.strike(home))
                time.sleep(home.random.uniform(0, fault.hold))
            self._require(ALWAYS)
        if any(fault.ends_process for fault in group):
            self._before = None
        self._settle(max(fault.settle for fault in group))
        if self._before is None:
            self._before = look_inside(home)
        if not home.wanted and home.random.random() < 0.6:
            self._during("switched on again")
            home.turn(on=True)
            self._settle(_BEGINNING)

    def measure(self) -> None:
        """Note what the process holds when all is green."""
        self._see_green()
        inside = look_inside(self._home)
        self._outcome.kib.append(inside.kib)
        self._outcome.objects.append(inside.objects)

    def end(self) -> None:
        """See that all is green in the end, that off is off and removed is removed."""
        home = self._home
        self._see_green()
        self._during("the end")
        home.turn(on=False)
        self._require(SETTLED)
        home.turn(on=True)
        home.remove()
        home.wanted = False
        self._require((unwanted_is_closed, *ALWAYS, *NEVER))

    def _see_green(self) -> None:
        """Have it switched on and reached, and all quiet."""
        self._during("the verdict")
        self._home.turn(on=True)
        self._settle(_BEGINNING)
        self._home.entry.wait_for("status", "reachable", _VERDICT)
        self._settle(_BEGINNING)

    def _during(self, names: str) -> None:
        """Note what happens now."""
        self._outcome.during = names
        print(f"{self._outcome.total}: {names}", flush=True)

    def _settle(self, seconds: float) -> None:
        """Wait until all is as it is wanted, and raise if that takes too long."""
        started = insist_at = time.monotonic()
        while wrong := self._wrong():
            patience = seconds + (_PROOF if wrong.is_told else 0)
            if time.monotonic() > started + patience:
                raise ViolationError(f"after {patience} s still: {wrong.text}")
            if time.monotonic() >= insist_at:
                self._home.insist()
                insist_at = time.monotonic() + _PATIENCE
            time.sleep(_PAUSE)
        if (took := time.monotonic() - started) > self._outcome.slowest:
            self._outcome.slowest = took
            self._outcome.slowest_fault = self._outcome.during
        self._require(NEVER)

    def _wrong(self) -> _Wrong | None:
        """Return what is not yet as it should be."""
        self._outcome.checks += len(SETTLED)
        for check in SETTLED:
            if wrong := check(self._home):
                return _Wrong(wrong, is_told=check is entities_tell_the_truth)
        if self._before is not None:
            if excess := self._before.excess(look_inside(self._home)):
                return _Wrong(excess)
        return None

    def _require(self, invariants: Iterable[Invariant]) -> None:
        """Raise if one of some invariants does not hold right now."""
        for invariant in invariants:
            self._outcome.checks += 1
            if (wrong := invariant(self._home)) is not None:
                raise ViolationError(wrong)
