"""Programs that end with the test."""

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import signal
import subprocess


class Process:
    """A program and its children, with their output in a file."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start the program; it appends to its log."""
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                # Ctrl-C reaches only the one who started it, who then ends it.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Return whether the program has not ended."""
        return self._popen.poll() is None

    def require_running(self) -> None:
        """Raise with the end of the log when the program has ended."""
        if not self.running:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{self._popen.args!r} ended:\n{tail}")

    def wait(self) -> None:
        """Wait until the program ends."""
        self._popen.wait()

    def stop(self, timeout: float = 15) -> None:
        """Ask the program to end, and end it by force when it does not."""
        self._signal(signal.SIGTERM)
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self._popen.args!r} did not end by itself") from None

    def kill(self) -> None:
        """End the program and its children like a power cut."""
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def _signal(self, signum: signal.Signals) -> None:
        """Signal the program's whole process group, as long as it is ours."""
        if self.running:
            os.killpg(self._popen.pid, signum)
