"""A lab leaves nothing behind, however it ends."""

from collections.abc import Callable, Generator
import os
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from . import Host, Lab, LabError

pytestmark = pytest.mark.usefixtures("lab_needs")

NAMESPACES = Path("/run/netns")
RUNTIME = Path("/run/plex-remote-access-lab")
ROOT = Path(__file__).parents[2]

# A lab in a process of its own, with a program in it that does not end by itself.
SCRIPT = """
import signal
import time
from tests.lab import Host, Lab

# Shells start background jobs with Ctrl-C ignored, and nohup all with SIGHUP ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with Lab() as lab:
    sleeper = lab.start(Host.NAS, "sh", "-c", "trap '' TERM; sleep 1000 & wait; wait")
    print(lab.namespace(Host.LAN), sleeper.pid, flush=True)
    while True:
        time.sleep(0.1)
"""


@pytest.fixture
def other_lab() -> Generator[subprocess.Popen[str]]:
    """Return another process with a lab."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def read_line(process: subprocess.Popen[str]) -> tuple[str, Path]:
    """Return prefix and a process of the other lab, once it is up."""
    assert process.stdout is not None
    namespace, pid = process.stdout.readline().split()
    return namespace.removesuffix(Host.LAN), Path("/proc") / pid


def leftovers(prefix: str) -> list[Path]:
    """Return what is left of a lab."""
    return [
        *NAMESPACES.glob(f"{prefix}*"),
        *RUNTIME.glob(f"{prefix.removesuffix('-')}*"),
    ]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ended_lab_cleans_up(
    other_lab: subprocess.Popen[str], signum: signal.Signals
) -> None:
    """A lab that is asked to end takes all with it."""
    prefix, sleeper = read_line(other_lab)
    assert len(leftovers(prefix)) == len(Host) + 1

    other_lab.send_signal(signum)
    other_lab.wait(10)

    assert leftovers(prefix) == []
    assert not sleeper.exists()


def test_killed_lab_is_cleaned_up_by_the_next(
    other_lab: subprocess.Popen[str],
) -> None:
    """What a killed lab could not remove, the next one does."""
    prefix, sleeper = read_line(other_lab)
    other_lab.kill()
    other_lab.wait()
    assert len(leftovers(prefix)) == len(Host) + 1
    assert sleeper.exists()

    with Lab():
        assert leftovers(prefix) == []
        assert not is_alive(sleeper)


def is_alive(process: Path) -> bool:
    """Return whether a process runs; an orphan may wait for its burial a while."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except FileNotFoundError, ProcessLookupError:
        return False


def test_two_labs_at_once(lab: Lab, other_lab: subprocess.Popen[str]) -> None:
    """Labs do not see each other, nor do they clean each other up."""
    prefix, sleeper = read_line(other_lab)
    with Lab() as third:
        third.witness.add(32400)

        assert lab.port_forwards() == []
        assert len(third.port_forwards()) == 1
        assert len(leftovers(prefix)) == len(Host) + 1
        assert is_alive(sleeper)


def break_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rules not be loaded."""
    monkeypatch.setattr("tests.lab.firewall._RULES", "no rules")


def break_router(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the daemon end at its start."""
    monkeypatch.setattr("tests.lab.router._configuration", lambda *_: "nonsense=1\n")


@pytest.mark.parametrize("break_it", [break_firewall, break_router])
def test_failed_start_cleans_up(
    monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """A lab that does not come up says why and leaves nothing."""
    break_it(monkeypatch)

    with pytest.raises(LabError, match=r"nft|miniupnpd"), Lab():
        pass

    assert leftovers(f"pra{os.getpid()}n") == []
