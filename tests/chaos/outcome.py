"""What came of a sequence of faults."""

from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Self

from tests.reliability import code


@dataclass(slots=True)
class Outcome:
    """What was tried in one sequence, and what did not hold."""

    seed: int
    code: str = ""
    seconds: float = 0
    tried: dict[str, int] = field(default_factory=dict)
    during: str = "the beginning"
    checks: int = 0
    slowest: float = 0
    slowest_fault: str = ""
    warm_up: int = 0
    """How many faults there were before memory was measured first, 0 for never."""
    kib: list[int] = field(default_factory=list)
    """What one process took of the machine's memory: at first, now and then, at last."""
    objects: list[int] = field(default_factory=list)
    """How many objects of the integration's own it had then."""
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
            violation = f"seed {folder.name}: it did not end"
            return cls(0, code(), violation=violation)
        return cls(**content)
