"""Tests of the page that tells what was tried."""

from pathlib import Path

import pytest

from . import Record, read_all, record
from .report import page

HELD = Record(
    suite="chaos",
    tried={"server restarts": 1200, "power cut": 34},
    violations=[],
    seeds=list(range(1, 31)),
    seconds=3600,
    figures={"Growth": "1.0 MiB"},
    notes=["No packet is delayed."],
    code="1a2b3c4",
)
BROKEN = Record(
    suite="hostile",
    tried={"endless body": 1},
    violations=["seed 7: the port stayed open"],
    seeds=[7],
    seconds=4,
)


def test_all_held() -> None:
    """The sum is told, and each suite in detail."""
    text = page([HELD])

    assert "**1,234 faults, inputs and attacks were tried. The invariants held" in text
    assert "| server restarts | 1,200 |" in text
    assert "| Faults in a running home | 1,234 | 0 | 60 min | 1a2b3c4 |" in text
    assert "| Growth | 1.0 MiB |" in text
    assert "- No packet is delayed." in text
    assert "Seeds: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 18 more." in text


def test_violation_is_told() -> None:
    """Nobody has to look for what did not hold."""
    text = page([HELD, BROKEN])

    assert "**1,235 faults, inputs and attacks were tried." in text
    assert "did not hold 1 times" in text
    assert "- seed 7: the port stayed open" in text


def test_records_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suites are run apart, and the page is written from what all of them left."""
    monkeypatch.setattr(record, "FOLDER", tmp_path / "reliability")
    HELD.write()
    BROKEN.write()
    BROKEN.write()

    assert read_all() == [HELD, BROKEN]
