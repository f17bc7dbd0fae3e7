"""Tests of what is told of many sequences."""

from pathlib import Path

import pytest

from tests.reliability import record

from . import soak
from .outcome import Outcome

LONG = Outcome(
    1,
    "1a2b3c4",
    600,
    {"server restarts": 100, "owner switches": 40},
    warm_up=40,
    kib=[240 * 1024, 241 * 1024, 240 * 1024 + 512],
    objects=[150, 151],
)
BROKEN = Outcome(
    2, "5d6e7f8", 30, {"owner switches": 3}, slowest=7, violation="seed 2: two mappings"
)


def test_all_sequences_are_told() -> None:
    """Which code held, which did not, and how memory grew."""
    told = soak.tell([LONG, BROKEN])

    assert told.tried == {"owner switches": 43, "server restarts": 100}
    assert told.violations == ["5d6e7f8, seed 2: two mappings"]
    assert told.code == "1a2b3c4, 5d6e7f8"
    assert told.seconds == 630
    assert (
        "0.5 MiB of 240"
        in told.figures["Growth in 100 faults in one process (goal: 2 MiB in 500)"]
    )
    assert told.figures["Growth after each 100 of them, in MiB"] == "+1.0, +0.5"
    assert told.figures["Faults on 5d6e7f8"] == "3"


def test_earlier_sequences_are_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that broke, and one that wrote nothing."""
    monkeypatch.setattr(soak, "LOGS", tmp_path)
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["soak", "--faults", "0", "--add"])
    LONG.write(tmp_path / "1")
    BROKEN.write(tmp_path / "2")
    Outcome.read(tmp_path / "3").write(tmp_path / "3")

    soak.main()

    (told,) = record.read_all()
    assert told.violations[0] == "5d6e7f8, seed 2: two mappings"
    assert told.violations[1].endswith("seed 3: it did not end")
