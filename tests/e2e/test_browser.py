"""The main job as its owner does it: with a mouse."""

from collections.abc import Generator

from playwright.sync_api import expect
import pytest

from tests.lab import NAS_ADDRESS, Connection

from .browser import Frontend
from .dashboard import PATH, make_dashboard
from .homeassistant import DOMAIN
from .integration import RemoteAccess, entry_ids, remove_entry
from .texts import NAME, names, text
from .world import World

_MANUAL = ("config", "step", "manual")

# plex.tv's verdict is awaited for 30 s after a change.
_VERDICT = 45_000


@pytest.fixture(autouse=True)
def clean_up(home: World) -> Generator[None]:
    """Remove what was added by clicking."""
    yield
    for entry_id in entry_ids(home.home_assistant.client):
        remove_entry(home.home_assistant.client, entry_id)


def _open_form(frontend: Frontend) -> None:
    """Go from the list of integrations to the form for a server."""
    frontend.add_integration(NAME)
    frontend.choose(text("config", "step", "user", "menu_options", "manual"))


def _fill_in(frontend: Frontend, **values: str) -> None:
    """Fill in some fields of the form for a server."""
    for field, value in values.items():
        frontend.fill(text(*_MANUAL, "data", field), value)


def _send(frontend: Frontend, **values: str) -> None:
    """Fill in some fields of the form for a server, and send it."""
    _fill_in(frontend, **values)
    frontend.submit()


def _expect_told(frontend: Frontend, error: str) -> None:
    """Look for an error in the form."""
    expect(frontend.dialog).to_contain_text(text("config", "error", error))


def _expect_last_step(frontend: Frontend) -> None:
    """Look for the form with the settings."""
    expect(frontend.dialog).to_contain_text(
        text("config", "step", "remote_access", "description")
    )


def test_main_job(home: World, frontend: Frontend) -> None:
    """Add the server, turn remote access on and off, all by clicking."""
    _open_form(frontend)
    _fill_in(frontend, host=home.server.host, token=home.server.token)
    frontend.submit()
    _expect_last_step(frontend)
    frontend.stretch()
    frontend.screenshot("setup-remote-access", of=frontend.window)
    frontend.submit()
    frontend.finish()

    remote_access = RemoteAccess.find(home.home_assistant.client, home.server)
    assert home.port_forwards() == []
    make_dashboard(home.home_assistant.client)
    frontend.open(PATH)
    frontend.switch.click()
    expect(frontend.tile("Status")).to_contain_text("Reachable", timeout=_VERDICT)
    section = frontend.page.locator("hui-grid-section")
    frontend.screenshot("dashboard", of=section)
    frontend.screenshot("dashboard", "dark", of=section)
    port = int(remote_access.state("public_port"))
    assert home.server.machine_identifier in home.identity_from_wan(port)

    frontend.open(f"/config/devices/device/{remote_access.device_id()}")
    expect(frontend.switch).to_be_checked()
    frontend.screenshot("device")
    frontend.screenshot("device", "dark")
    frontend.page.locator("ha-entity-toggle").click()
    remote_access.wait_for("remote_access", "off")
    assert home.connect_from_wan(port) is Connection.REFUSED
    assert home.port_forwards() == []
    expect(frontend.switch).not_to_be_checked()


def test_turning_on_while_setting_up(home: World, frontend: Frontend) -> None:
    """The dialog goes on to show whether the server is reached."""
    _open_form(frontend)
    _send(frontend, host=home.server.host, token=home.server.token)
    _expect_last_step(frontend)
    frontend.turn(text("config", "step", "remote_access", "data", "try_now"))
    frontend.submit()

    outcome = text("options", "step", "reachable", "title").format(
        server=home.server.name
    )
    expect(frontend.dialog).to_contain_text(outcome, timeout=_VERDICT)
    frontend.screenshot("setup-result", of=frontend.window)
    frontend.submit()
    frontend.dialog.get_by_role("button", name="Finish").click()

    remote_access = RemoteAccess.find(home.home_assistant.client, home.server)
    remote_access.wait_for("status", "reachable")
    assert len(home.port_forwards()) == 1


def test_opening_what_stays_closed(home: World, frontend: Frontend) -> None:
    """The dialog tells why nobody gets in, and offers the form again."""
    RemoteAccess.set_up(
        home.home_assistant.client, home.server, port_mapping="manual", advanced={}
    )
    frontend.open(f"/config/integrations/integration/{DOMAIN}")
    frontend.page.get_by_role("button", name="Configure").click()
    frontend.turn(text("options", "step", "remote_access", "data", "try_now"))
    frontend.submit()

    step = ("options", "step", "not_reachable")
    expect(frontend.dialog).to_contain_text(text(*step, "title"), timeout=_VERDICT)
    reason = text(
        *("entity", "sensor", "status", "state_attributes"),
        *("reason", "state", "port_closed"),
    )
    expect(frontend.dialog).to_contain_text(
        text(*step, "description").format(server=home.server.name, reason=reason)
    )
    frontend.choose(text(*step, "menu_options", "remote_access"))
    expect(frontend.dialog).to_contain_text(
        text("options", "step", "remote_access", "description")
    )
    frontend.close()


def test_repair(home: World, frontend: Frontend) -> None:
    """What is wrong is told in Repairs, mended there, and seen to be mended."""
    client = home.home_assistant.client
    remote_access = RemoteAccess.set_up(
        client, home.server, port_mapping="manual", advanced={}
    )
    remote_access.turn("on")
    remote_access.wait_for("status", "unreachable", timeout=_VERDICT / 1000)
    issue = ("issues", "manual_port_closed")
    title = text(*issue, "title").format(server=home.server.name)
    steps = (*issue, "fix_flow", "step")

    frontend.open("/config/repairs")
    frontend.page.get_by_text(title).click()
    expect(frontend.dialog).to_contain_text("32400")
    frontend.screenshot("repair", of=frontend.window)
    frontend.choose(text(*steps, "init", "menu_options", "let_home_assistant"))
    expect(frontend.dialog).to_contain_text(
        text(*issue, "fix_flow", "progress", "trying")
    )
    expect(frontend.dialog).to_contain_text(
        text(*steps, "reachable", "description"), timeout=_VERDICT
    )
    frontend.screenshot("repair-result", of=frontend.window)
    frontend.submit()
    frontend.close()

    expect(frontend.page.get_by_text(title)).to_have_count(0)
    remote_access.wait_for("status", "reachable")
    assert len(home.port_forwards()) == 1


@pytest.mark.usefixtures("remote_access")
@pytest.mark.parametrize("kind", ["trigger", "condition"])
def test_automation_editor(home: World, frontend: Frontend, kind: str) -> None:
    """Whoever looks for Plex finds what it offers."""
    frontend.open("/config/automation/edit/new")
    frontend.page.get_by_role("button", name=f"Add {kind}").click()
    dialog = frontend.page.locator("add-automation-element-dialog")
    dialog.get_by_role("textbox").first.fill("Plex")

    for name in names(f"{kind}s"):
        expect(dialog.get_by_text(name, exact=True)).to_be_visible()
    frontend.screenshot(f"automation-{kind}s")


def test_sign_in(home: World, frontend: Frontend) -> None:
    """Add the server with nothing but a click on Plex's own page."""
    frontend.add_integration(NAME)
    expect(frontend.dialog).to_contain_text(
        text("config", "step", "user", "menu_options", "plex_account")
    )
    expect(frontend.dialog).to_contain_text(
        text("config", "step", "user", "description")
    )
    frontend.screenshot("setup-menu", of=frontend.window)
    with frontend.page.expect_popup() as page:
        frontend.choose(text("config", "step", "user", "menu_options", "plex_account"))
    page.value.get_by_role("button", name="Allow").click()
    _expect_last_step(frontend)
    frontend.submit()
    frontend.finish()

    remote_access = RemoteAccess.find(home.home_assistant.client, home.server)
    remote_access.wait_for("status", "disabled")
    assert remote_access.state("private_ip") == home.server.host
    assert home.port_forwards() == []


def test_mistakes_are_told(home: World, frontend: Frontend) -> None:
    """Each mistake is told in the form, which keeps what was entered."""
    before = home.plex.preferences()
    _open_form(frontend)

    _send(frontend, host=NAS_ADDRESS, port="32401", token="not the owner's")
    _expect_told(frontend, "connection_refused")
    _send(frontend, host="no such host")
    _expect_told(frontend, "invalid_host")
    _send(frontend, host=home.server.host)
    _expect_told(frontend, "connection_refused")
    _send(frontend, port="70000")
    _expect_told(frontend, "invalid_port")
    _send(frontend, port=str(home.server.port))
    _expect_told(frontend, "invalid_auth")
    frontend.screenshot("setup-wrong-token")
    _send(frontend, token=home.server.token)
    _expect_last_step(frontend)
    frontend.close()

    assert entry_ids(home.home_assistant.client) == []
    assert home.plex.preferences() == before
    assert home.port_forwards() == []
