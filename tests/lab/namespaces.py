"""Network namespaces under names of their own, and programs inside them."""

from collections.abc import Iterable, Mapping
import os
from pathlib import Path
import signal
import subprocess
import time

from .process import LabError, LabProcess

_MOUNTS = Path("/run/netns")
# For what takes no time: a machine that stands still says nothing of what is tested.
PATIENCE = 30.0


class Namespaces:
    """The namespaces of one lab, all called `<prefix>-<host>`."""

    def __init__(self, prefix: str, logs: Path) -> None:
        """Take a prefix that no other lab has."""
        self.prefix = prefix
        self._logs = logs
        self._processes: list[LabProcess] = []

    def name(self, host: str) -> str:
        """Return the name that `ip netns` knows a host by."""
        return f"{self.prefix}-{host}"

    def create(self, hosts: Iterable[str]) -> None:
        """Make an empty namespace for each host."""
        _ip("-batch", "-", lines=[f"netns add {self.name(host)}" for host in hosts])

    def ip(self, host: str, *lines: str) -> None:
        """Let iproute2 carry out some commands in a host, in one go."""
        _ip("-n", self.name(host), "-batch", "-", lines=lines)

    def set_kernel(self, host: str, settings: Mapping[str, int]) -> None:
        """Set kernel settings below /proc/sys/net, which each host has its own of."""
        self.run(
            host,
            "sh",
            stdin="\n".join(
                f"echo {value} > /proc/sys/net/{name}"
                for name, value in settings.items()
            ),
        )

    def run(
        self,
        host: str,
        *command: str | Path,
        stdin: str = "",
        timeout: float = PATIENCE,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in a host until it ends."""
        result = subprocess.run(
            self._inside(host, command),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and result.returncode:
            words = " ".join(map(str, command))
            raise LabError(f"{words} failed in {host}: {result.stderr.strip()}")
        return result

    def start(
        self,
        host: str,
        *command: str | Path,
        log: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> LabProcess:
        """Start a program in a host; it writes to `<log>.log`."""
        name = log or f"{host}-{Path(command[0]).name}-{len(self._processes)}"
        self._logs.mkdir(parents=True, exist_ok=True)
        process = LabProcess(
            self._inside(host, command),
            namespace=_MOUNTS / self.name(host),
            log=self._logs / f"{name}.log",
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        self._processes.append(process)
        return process

    def _inside(self, host: str, command: Iterable[str | Path]) -> list[str]:
        """Return the command that runs a command in a host."""
        return ["ip", "netns", "exec", self.name(host), *map(str, command)]

    def destroy(self) -> None:
        """End all that runs in the namespaces, then remove them; never fails."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.stop()
        destroy(self.prefix)


def destroy(prefix: str) -> None:
    """Remove the namespaces of a lab whose processes may be nobody's children."""
    names = [path.name for path in _MOUNTS.glob(f"{prefix}-*")]
    deadline = time.monotonic() + 2
    while (pids := _pids(names)) and time.monotonic() < deadline:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)
    for name in names:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _pids(names: Iterable[str]) -> list[int]:
    """Return what still runs in some namespaces."""
    listings = [
        subprocess.run(
            ["ip", "netns", "pids", name], capture_output=True, text=True, check=False
        ).stdout
        for name in names
    ]
    return [int(pid) for listing in listings for pid in listing.split()]


def _ip(*arguments: str, lines: Iterable[str]) -> None:
    """Run a batch of iproute2 commands."""
    result = subprocess.run(
        ["ip", *arguments],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if result.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {result.stderr.strip()}")
