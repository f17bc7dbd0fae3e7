"""Home Assistant to try the integration in: `scripts/develop`, until Ctrl-C."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager, suppress
import shutil
import signal
import socket
import sys
from types import FrameType
from typing import Final

from .homeassistant import OWNER, ROOT, HomeAssistant
from .integration import RemoteAccess, entry_ids, remove_entry
from .plex import PlexControl
from .polling import poll
from .process import Process
from .simulation import LOOPBACK, NATPMP_PORT, PUBLIC_ADDRESS, SERVER, SSDP_PORT

_FOLDER: Final = ROOT / ".cache" / "develop"
_PORT: Final = 8123
# Router and server share the loopback address here, so their ports must differ.
_PUBLIC_PORT: Final = 33400

_TCP: Final = socket.SOCK_STREAM
_UDP: Final = socket.SOCK_DGRAM
_NAMES: Final = {_TCP: "TCP", _UDP: "UDP"}

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_WELCOME: Final = f"""
  Home Assistant   http://localhost:{_PORT}
  User, password   {OWNER.name}, {OWNER.password}
  Log              {{log}}
"""

_SIMULATED: Final = f"""
  Open Settings > Devices & services > Plex Remote Access > {SERVER.name} Remote Access,
  or http://localhost:{_PORT}/config/devices/device/{{device}}
  The Plex server at {SERVER.host}:{SERVER.port} (token {SERVER.token}) and its router at {LOOPBACK},
  which calls itself {PUBLIC_ADDRESS}, are simulated.

  Before and after turning the switch "Remote access" on, ask from the Internet side:
    curl http://{LOOPBACK}:{_PUBLIC_PORT}/identity
  Look behind the scenes, and cause trouble:
    curl http://{SERVER.host}:{SERVER.port}/__control__
"""

_REAL: Final = """
  Open Settings > Devices & services > Add integration > Plex Remote Access, and add
  your own server. Ctrl-C removes it again: the port is closed, and the server gets its
  earlier port settings back.
"""


class TakenError(Exception):
    """Somebody else has a port that we need."""


def main() -> None:
    """Run everything until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description=__doc__)
    parser.add_argument(
        "--real",
        action="store_true",
        help="without simulators, to add your own Plex server",
    )
    real: bool = parser.parse_args().real
    for signum in _SIGNALS:
        signal.signal(signum, _interrupt)
    try:
        _run(real=real)
    except TakenError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("\nNothing is left running.")


def _run(*, real: bool) -> None:
    """Bring everything up, say so, and wait."""
    _require_free(_TCP, _PORT)
    if not real:
        _require_free(_TCP, SERVER.port)
        _require_free(_TCP, _PUBLIC_PORT)
        _require_free(_UDP, NATPMP_PORT)
        _require_free(_UDP, SSDP_PORT)
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    home_assistant = HomeAssistant(
        ROOT / ".venv/bin/python",
        _FOLDER,
        port=_PORT,
        adapters=() if real else ("lo",),
    )
    with _simulation(real=real):
        print("Starting Home Assistant", flush=True)
        with home_assistant, _tidy_up(home_assistant):
            welcome = _WELCOME.format(log=home_assistant.log)
            if real:
                welcome += _REAL
            else:
                entry = RemoteAccess.set_up(
                    home_assistant.client,
                    SERVER,
                    port_mapping="automatic",
                    advanced={"router": LOOPBACK, "preferred_port": _PUBLIC_PORT},
                )
                welcome += _SIMULATED.format(device=entry.device_id())
            print(f"{welcome}\n  Ctrl-C ends it.", flush=True)
            home_assistant.wait()


@contextmanager
def _simulation(*, real: bool) -> Generator[None]:
    """Keep the simulated home running, unless it is the owner's own."""
    if real:
        yield
        return
    simulation = Process(
        [sys.executable, "-m", "tests.e2e.simulation"],
        _FOLDER / "simulation.log",
        cwd=ROOT,
    )

    def answers() -> bool:
        simulation.require_running()
        with suppress(OSError):
            return bool(PlexControl(f"http://{SERVER.host}:{SERVER.port}").read())
        return False

    try:
        poll(answers, bool, 20)
        yield
    finally:
        simulation.stop()


@contextmanager
def _tidy_up(home_assistant: HomeAssistant) -> Generator[None]:
    """Leave no port open: the next start knows nothing of this one's entries."""
    try:
        yield
    finally:
        with suppress(OSError):
            for entry_id in entry_ids(home_assistant.client):
                remove_entry(home_assistant.client, entry_id)
        home_assistant.stop()


def _require_free(kind: socket.SocketKind, port: int) -> None:
    """Raise with the cure when a port cannot be had."""
    with socket.socket(socket.AF_INET, kind) as probe:
        # Connections of the last run that wait to be forgotten are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            option = {_TCP: "-t", _UDP: "-u"}[kind]
            raise TakenError(
                f"{_NAMES[kind]} port {port} is taken ({error.strerror})\n"
                f"  cure: see who has it with `ss {option}lnp 'sport = :{port}'`,"
                " end it and run this again"
            ) from error


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    """End, once: a second Ctrl-C does not stop us half-way; all has a time limit."""
    for signum in _SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
