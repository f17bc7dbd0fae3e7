"""What Home Assistant's process holds, and what of that is too much."""

from dataclasses import dataclass
from pathlib import Path
import re

from .home import Home


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """What the process held at one moment."""

    pid: int
    tasks: dict[str, int]
    timers: int
    sockets: int
    files: int
    objects: int
    kib: int

    def excess(self, later: Inside) -> str | None:
        """Tell what the same process has not given back later."""
        more = {
            name: count
            for name, count in later.tasks.items()
            if count > max(1, self.tasks.get(name, 0))
        }
        if more:
            return f"tasks linger: {more}"
        # A look, an alarm and the like may be due at any time.
        if later.timers > self.timers + 4:
            return f"timers linger: {later.timers}, {self.timers} at the start"
        # Connections are kept for a while to be used again.
        if later.sockets > self.sockets + 8:
            return f"sockets linger: {later.sockets}, {self.sockets} at the start"
        if later.files > self.files + 16:
            return f"files linger: {later.files}, {self.files} at the start"
        return None


def look_inside(home: Home) -> Inside:
    """Look into Home Assistant's process."""
    pid = home.home_assistant.pid
    seen = home.home_assistant.client.get("/api/inside_view")
    targets = [_target(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
    return Inside(
        pid=pid,
        tasks=seen["tasks"],
        timers=seen["timers"],
        sockets=sum(bool(re.match("socket:", target)) for target in targets),
        files=len(targets),
        objects=seen["objects"],
        kib=seen["kib"],
    )


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except FileNotFoundError:
        return ""
