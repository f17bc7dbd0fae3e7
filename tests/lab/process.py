"""A program that runs in the lab."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import signal
import subprocess
import time
from typing import Literal


class LabError(Exception):
    """The lab, not what is tested in it, does not work."""


type Transport = Literal["tcp", "udp"]

_LISTENING = {"tcp": "0A", "udp": "07"}


class LabProcess:
    """A program in a namespace, with its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        namespace: Path,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None,
    ) -> None:
        """Start the program."""
        self.log = log
        # For messages, without `ip netns exec <name>`.
        self._command = " ".join(command[4:])
        self._namespace = namespace
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                # Ctrl-C reaches the lab alone, which then ends what it started.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id, which is also that of its process group."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Return whether the program has not ended."""
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        """Return what the program wrote so far."""
        return self.log.read_text(errors="replace")

    def wait_bound(self, *ports: tuple[Transport, int], timeout: float = 10) -> None:
        """Wait until somebody in the program's namespace listens on some ports."""
        deadline = time.monotonic() + timeout
        while not self._bound() >= set(ports):
            if not self.running:
                raise LabError(f"{self._command} ended: {self.output[-2000:]}")
            if time.monotonic() > deadline:
                raise LabError(f"{self._command} does not listen on {ports}")
            time.sleep(0.005)

    def wait_output(self, text: str, timeout: float = 10) -> None:
        """Wait until the program has written something."""
        deadline = time.monotonic() + timeout
        while text not in self.output:
            if time.monotonic() > deadline:
                raise LabError(f"{self._command}: no {text!r} in {self.log}")
            time.sleep(0.005)

    def terminate(self, signum: int = signal.SIGTERM) -> None:
        """Ask the program and its children to end."""
        try:
            os.killpg(self.pid, signum)
        except ProcessLookupError:
            return

    def stop(self, timeout: float = 3) -> None:
        """End the program, by force when it does not listen."""
        if self.running:
            self.terminate()
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the program at once."""
        if self.running:
            self.terminate(signal.SIGKILL)
            self._popen.wait()

    def _bound(self) -> set[tuple[Transport, int]]:
        """Return which ports are listened on in the program's namespace."""
        proc = Path(f"/proc/{self.pid}")
        try:
            # Right after its start the process is still in the lab's namespace.
            if not (proc / "ns/net").samefile(self._namespace):
                return set()
            return _listening(proc, "tcp") | _listening(proc, "udp")
        except FileNotFoundError, ProcessLookupError:
            return set()


def _listening(proc: Path, transport: Transport) -> set[tuple[Transport, int]]:
    """Return the ports listened on, as the kernel tells in /proc/net."""
    rows = [
        line.split()
        for table in (transport, f"{transport}6")
        for line in (proc / "net" / table).read_text().splitlines()[1:]
    ]
    return {
        (transport, int(row[1].rpartition(":")[2], 16))
        for row in rows
        if row[3] == _LISTENING[transport]
    }
