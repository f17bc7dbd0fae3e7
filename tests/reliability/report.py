"""The page that tells what was tried."""

from collections.abc import Iterable, Sequence
import platform

from .record import Record

_ABOUT = (
    "Written by `scripts/soak`, from what its suites counted when they last ran on one"
    " machine. A short form of each runs in CI with `scripts/test`."
)
_TITLES = {
    "chaos": "Faults in a running home",
    "fuzz": "Inputs of every parser",
    "hostile": "Hostile neighbours",
    "limits": "Limits",
    "model": "Interleavings of a model",
}
_SHOWN_SEEDS = 12


def page(records: Sequence[Record]) -> str:
    """Return the whole page."""
    tried = sum(sum(record.tried.values()) for record in records)
    broken = sum(len(record.violations) for record in records)
    lines = [
        "# Reliability",
        "",
        _ABOUT,
        "",
        f"**{tried:,} faults, inputs and attacks were tried. {_outcome(broken)}**",
        "",
        "| Suite | Tried | Violations | Time | Code |",
        "| --- | ---: | ---: | ---: | --- |",
        *(
            f"| {_title(record)} | {sum(record.tried.values()):,}"
            f" | {len(record.violations)} | {_duration(record.seconds)}"
            f" | {record.code} |"
            for record in records
        ),
        *(line for record in records for line in _section(record)),
        "",
        f"Linux {platform.release()}, Python {platform.python_version()}.",
        "",
    ]
    return "\n".join(lines)


def _outcome(broken: int) -> str:
    if broken == 0:
        return "The invariants held in all of them."
    return f"The invariants did not hold {broken} times, see below."


def _title(record: Record) -> str:
    return _TITLES.get(record.suite, record.suite.capitalize())


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _section(record: Record) -> Iterable[str]:
    """Tell one suite in detail."""
    yield from ("", f"## {_title(record)}", "")
    yield from ("| What | Times |", "| --- | ---: |")
    yield from (f"| {name} | {count:,} |" for name, count in record.tried.items())
    if record.figures:
        yield from ("", "| Figure | |", "| --- | ---: |")
        yield from (f"| {name} | {figure} |" for name, figure in record.figures.items())
    if record.notes:
        yield from ("", *(f"- {note}" for note in record.notes))
    if record.violations:
        yield from ("", "What did not hold:", "")
        yield from (f"- {violation}" for violation in record.violations)
    if record.seeds:
        yield from ("", f"Seeds: {_seeds(record.seeds)}.")


def _seeds(seeds: Sequence[int]) -> str:
    shown = ", ".join(map(str, seeds[:_SHOWN_SEEDS]))
    more = len(seeds) - _SHOWN_SEEDS
    return f"{shown} and {more} more" if more > 0 else shown
