"""A real Home Assistant in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from .client import Client
from .polling import poll
from .process import Process

ROOT: Final = Path(__file__).parents[2]

DOMAIN: Final = "plex_remote_access"

_ELSEWHERE: Final = Path(__file__).parent / "plextv_elsewhere"

_CONFIGURATION: Final = """\
homeassistant:
  name: Home
  latitude: 52.37
  longitude: 4.89
  elevation: 2
  unit_system: metric
  country: NL
  language: en
  time_zone: Europe/Amsterdam
config:
frontend:
logger:
  default: info
  logs:
    custom_components.plex_remote_access: debug
"""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account."""

    name: str
    password: str


OWNER: Final = User(name="dev", password="dev")


class HomeAssistant:
    """A Home Assistant with this repository's integration, and its configuration."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        *,
        port: int = 8123,
        adapters: Sequence[str] = (),
        plextv: str | None = None,
        components: Sequence[Path] = (),
        integrations: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Write the configuration into a new folder.

        With `adapters`, nothing is discovered on other network interfaces. With `plextv`,
        the URL of a simulator, people sign in there. `components` are set up as well,
        and so are `integrations` of Home Assistant itself.
        """
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "home-assistant-output.log"
        self._python = python
        self._folder = folder
        self._env = env
        self._process: Process | None = None
        self._client: Client | None = None
        components_folder = folder / "custom_components"
        components_folder.mkdir(parents=True)
        (components_folder / DOMAIN).symlink_to(ROOT / "custom_components" / DOMAIN)
        # A package, or Python would take that of the repository instead.
        (components_folder / "__init__.py").touch()
        configuration = _CONFIGURATION
        if plextv:
            (components_folder / _ELSEWHERE.name).symlink_to(_ELSEWHERE)
            configuration += f"{_ELSEWHERE.name}:\n  url: {plextv}\n"
        for component in components:
            (components_folder / component.name).symlink_to(component)
            configuration += f"{component.name}:\n"
        for integration in integrations:
            configuration += f"{integration}:\n"
        (folder / "configuration.yaml").write_text(configuration)
        storage = folder / ".storage"
        storage.mkdir()
        # As Home Assistant itself stored it in its first version, which it still
        # reads. `http:` in YAML would be on trial for five minutes with a dialog over
        # the page, and Home Assistant would restart without it then.
        _store(storage, "http", 1, server_host=["127.0.0.1"], server_port=port)
        # The onboarding's core_config step sets up integrations that go out to the
        # Internet; what it asks for is in the configuration above.
        _store(
            storage, "onboarding", 4, done=["core_config", "analytics", "integration"]
        )
        if adapters:
            _store(storage, "core.network", 1, configured_adapters=list(adapters))

    def __enter__(self) -> Self:
        """Start with Home Assistant up and its owner there."""
        try:
            self.start()
        except BaseException:
            self._leave_nothing()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing running."""
        self._leave_nothing()

    @property
    def client(self) -> Client:
        """Return the API, with the owner's rights."""
        assert self._client
        return self._client

    @property
    def pid(self) -> int:
        """Return the id of the process, which is another one after each start."""
        assert self._process
        return self._process.pid

    @property
    def output(self) -> str:
        """Return what was logged so far, by all runs."""
        return self.log.read_text(errors="replace")

    def start(self) -> None:
        """Start Home Assistant and wait until all of it is up."""
        self._process = Process(
            [
                self._python,
                "-m",
                "homeassistant",
                "--config",
                self._folder,
                "--skip-pip",
            ],
            self.log,
            env=self._env,
        )
        if self._client is None:
            poll(self._answers, bool, 60)
            self._client = Client.onboard(self.url, OWNER.name, OWNER.password)
        poll(self._state, lambda state: state == "RUNNING", 60)

    def wait(self) -> None:
        """Wait until Home Assistant ends by itself."""
        assert self._process
        self._process.wait()

    def stop(self) -> None:
        """End Home Assistant in its own way."""
        assert self._process
        self._process.stop(timeout=30)

    def wait_until_stored(self, entry_id: str) -> None:
        """Wait until an entry would outlive a power cut; Home Assistant takes 1 s."""
        entries = self._folder / ".storage" / "core.config_entries"
        poll(lambda: entries.exists() and entry_id in entries.read_text(), bool, 10)

    def kill(self) -> None:
        """End Home Assistant like a power cut."""
        assert self._process
        self._process.kill()

    def require_running(self) -> None:
        """Raise with the end of the log when Home Assistant has ended."""
        assert self._process
        self._process.require_running()

    def _leave_nothing(self) -> None:
        """End what may still run."""
        if self._process and self._process.running:
            self._process.kill()

    def _answers(self) -> bool:
        """Return whether the onboarding waits for the owner."""
        self.require_running()
        try:
            return bool(Client(self.url).get("/api/onboarding"))
        except OSError:
            return False

    def _state(self) -> str:
        """Return how far the start is."""
        self.require_running()
        try:
            return str(self.client.get("/api/config")["state"])
        except OSError:
            return "not listening"


def _store(storage: Path, key: str, version: int, **data: object) -> None:
    """Write one of Home Assistant's own files."""
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content))
