"""Home Assistant by itself works here; if not, all else is for nothing."""

from playwright.sync_api import expect

from .browser import Frontend
from .world import World


def test_frontend(home: World, frontend: Frontend) -> None:
    """The owner is logged in and sees no complaint."""
    frontend.open("/config/integrations/dashboard")

    expect(frontend.page.get_by_role("button", name="Add integration")).to_be_visible()
    assert home.home_assistant.client.command("persistent_notification/get") == []
