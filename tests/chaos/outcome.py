"""What came of a sequence of faults."""

from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Self


@dataclass(slots=True)
class Outcome:
    """What was tried in one sequence, and what did not hold."""

    seed: int
    tried: dict[str, int] = field(default_factory=dict)
    checks: int = 0
    slowest: float = 0
    slowest_fault: str = ""
    kib_before: int = 0
    kib_after: int = 0
    violation: str | None = None

    @property
    def total(self) -> int:
        """Return how many faults were tried."""
        return sum(self.tried.values())

    def count(self, fault: str) -> None:
        """Note that a fault is tried."""
        self.tried[fault] = self.tried.get(fault, 0) + 1

    def write(self, folder: Path) -> None:
        """Keep it beside the logs."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "outcome.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what a sequence wrote; one that wrote nothing did not end."""
        try:
            content = json.loads((folder / "outcome.json").read_text())
        except FileNotFoundError:
            return cls(0, violation=f"{folder}: it did not end")
        return cls(**content)
