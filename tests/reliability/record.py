"""What one suite tried, as a file for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
import subprocess
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = _ROOT / "test-artifacts" / "reliability"


def code() -> str:
    """Return which code this is: its commit, and whether it was changed since."""
    commit = _git("rev-parse", "--short=7", "HEAD")
    # The page about it is no code.
    changed = _git("status", "--porcelain", "custom_components", "tests")
    return f"{commit} with changes" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What was tried, and what did not hold.

    `tried` counts faults, inputs or attacks by their kind. A violation says in words what
    did not hold, and with which seed. `figures` are measurements worth telling, `notes`
    what has to be known to judge them.
    """

    suite: str
    tried: Mapping[str, int]
    violations: Sequence[str]
    seeds: Sequence[int]
    seconds: float
    figures: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = field(default_factory=list)
    code: str = field(default_factory=code)
    """Which code was tried; several commits where it took long."""

    def write(self) -> None:
        """Keep it for the report, instead of what the suite wrote before."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=2, sort_keys=True)
        (FOLDER / f"{self.suite}.json").write_text(f"{text}\n")


def read_all() -> list[Record]:
    """Return what all suites wrote."""
    return [
        Record(**{"code": "not noted", **json.loads(file.read_text())})
        for file in sorted(FOLDER.glob("*.json"))
    ]
