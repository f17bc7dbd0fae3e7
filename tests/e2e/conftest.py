"""Fixtures of the end-to-end tests."""

from collections.abc import Generator, Sequence
import os
import shutil
import signal

import pytest
import pytest_socket

from .browser import CHROMIUM, DOCUMENTED, IMAGES, Frontend, browser
from .homeassistant import DOMAIN
from .integration import RemoteAccess
from .namespace import inside
from .world import VERSIONS, World, missing, world as make_world

# Of the log, beside a failure.
_LINES = 40


def _require(missing_parts: Sequence[str]) -> None:
    """Skip where something is missing; in CI nothing may be."""
    if missing_parts:
        reason = f"The end-to-end tests need {', '.join(missing_parts)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Run no event loop for these tests; playwright brings its own."""


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Look for no leftovers: Home Assistant has a process of its own here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option to renew the images of the documentation."""
    parser.addoption(
        "--update-images",
        action="store_true",
        help="copy screenshots of the newest Home Assistant to docs/images",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell beside a failure how everything stood: what came later hides it."""
    report = yield
    home = getattr(item, "funcargs", {}).get("home")
    if report.failed and isinstance(home, World):
        ours = [
            line for line in home.home_assistant.output.splitlines() if DOMAIN in line
        ]
        standing = [*ours[-_LINES:], str(home.plex.read()), str(home.port_forwards())]
        report.sections.append(("How everything stood", "\n".join(standing)))
    return report


@pytest.fixture(
    scope="session",
    params=[
        # With `--numprocesses=2 --dist=loadgroup`, each version has a process.
        pytest.param(version, marks=pytest.mark.xdist_group(version))
        for version in VERSIONS
    ],
)
def version(request: pytest.FixtureRequest) -> str:
    """Return the version of Home Assistant, which can run here."""
    pytest_socket.enable_socket()
    # Leave the namespace first, like on Ctrl-C: the lab ends all that is inside.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    param: str = request.param
    _require(missing(param))
    return param


@pytest.fixture(scope="session")
def world(version: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """Return a lab with a Home Assistant for all tests of one version."""
    with make_world(version, tmp_path_factory.mktemp(version)) as running:
        try:
            yield running
        finally:
            shutil.copy(running.home_assistant.log, running.artifacts)


@pytest.fixture
def home(world: World, socket_enabled: None) -> Generator[World]:
    """Return the world, seen from within the home's network."""
    with inside(world.namespace):
        world.plex.reset()
        yield world


@pytest.fixture
def remote_access(home: World) -> Generator[RemoteAccess]:
    """Return an entry that lets Home Assistant open the port."""
    entry = RemoteAccess.set_up(
        home.home_assistant.client, home.server, port_mapping="automatic", advanced={}
    )
    try:
        home.home_assistant.wait_until_stored(entry.entry_id)
        yield entry
    finally:
        entry.remove()


@pytest.fixture
def frontend(home: World, pytestconfig: pytest.Config) -> Generator[Frontend]:
    """Return a browser with the frontend."""
    if not CHROMIUM.exists():
        _require([f"{CHROMIUM} (Debian package chromium)"])
    with browser(home.home_assistant.client, home.artifacts) as opened:
        yield opened
    if home.version == "next" and pytestconfig.getoption(
        "update_images", default=False
    ):
        for image in DOCUMENTED:
            if (screenshot := home.artifacts / f"{image}.png").exists():
                shutil.copy(screenshot, IMAGES)
