"""The wall clock of Home Assistant's process, to be set to another time."""

from pathlib import Path
import shutil
import struct
import subprocess
from typing import Final

_SOURCE: Final = Path(__file__).with_name("clock.c")


class WallClock:
    """A clock that goes with the real one, some seconds ahead."""

    def __init__(self, folder: Path) -> None:
        """Build what is put before the C library."""
        self._offset: Final = folder / "clock-offset"
        self._library: Final = folder / "clock.so"
        compiler = shutil.which("cc")
        assert compiler, "a C compiler is missing (Debian package gcc)"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", self._library, _SOURCE],
            check=True,
        )
        self._offset.write_bytes(bytes(8))

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of a process that goes by this clock."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET": str(self._offset)}

    def jump(self, seconds: int) -> None:
        """Be so many seconds ahead of the real time from now on."""
        # In place: the process sees the file through its memory.
        with self._offset.open("r+b") as file:
            file.write(struct.pack("=q", seconds))
