"""The page that tells the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
import platform
from statistics import median, quantiles
import subprocess

PEERS = ("miniupnpc", "async-upnp-client", "aiohttp")
PACKAGES = ("miniupnpd-nftables", "miniupnpc", "natpmpc")


_ABOUT = (
    "Written by `scripts/benchmark`; all figures are of one run on one machine. A real"
    " miniupnpd is the router, in network namespaces, so the network itself takes next"
    " to nothing. The command line clients pay for the start of a process."
)
_TERMS = (
    "Each maps a port that nobody has mapped, and it is deleted afterwards. *Cold* is a"
    " client that knows nothing yet, *warm* one that has mapped before. Ours looks before"
    " it adds whether the port is somebody else's, as many routers overwrite without a"
    " word. A question in UPnP is a connection of some ten packets."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What is to be reached."""

    name: str
    figure: str
    wanted: str
    reached: bool


def p95(figures: Sequence[float]) -> float:
    """Return what all but the worst twentieth stay below."""
    return quantiles(figures, n=20, method="inclusive")[-1]


def page(
    rounds: int, mapping: Mapping[str, Sequence[float]], goals: Sequence[Goal]
) -> str:
    """Return the whole page."""
    lines = [
        "# Benchmarks",
        "",
        _ABOUT,
        "",
        "## Getting a mapping",
        "",
        f"Milliseconds, {rounds} rounds in turn. {_TERMS}",
        "",
        "| Client | Runs | Median | Best | p95 |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {len(figures)} | {median(figures):.2f}"
            f" | {min(figures):.2f} | {p95(figures):.2f} |"
            for name, figures in mapping.items()
        ),
        "",
        *conclusion(goals),
    ]
    return "\n".join(lines)


def conclusion(goals: Sequence[Goal]) -> list[str]:
    """Return the end of each page: what is reached, and where that was measured."""
    return [
        "## Goals",
        "",
        "| What | Figure | Goal | |",
        "| --- | ---: | ---: | --- |",
        *(
            f"| {goal.name} | {goal.figure} | {goal.wanted}"
            f" | {'reached' if goal.reached else '**missed**'} |"
            for goal in goals
        ),
        "",
        "## Machine and versions",
        "",
        *(f"- {line}" for line in _versions()),
        "",
    ]


def _versions() -> list[str]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return [
        f"{model}, Linux {platform.release()}, Python {platform.python_version()}",
        *(f"{name} {version(name)} (Python)" for name in PEERS),
        *(f"{name} {_debian(name)}" for name in PACKAGES),
    ]


def _debian(package: str) -> str:
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    result = subprocess.run(query, check=False, capture_output=True, text=True)
    return result.stdout or "(not a Debian package here)"
