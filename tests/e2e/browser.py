"""Home Assistant's frontend in a real browser."""

from collections.abc import Generator
from contextlib import contextmanager
import json
from pathlib import Path
import re
import tempfile
from typing import Final, Literal

from playwright.sync_api import FloatRect, Locator, Page, expect, sync_playwright

from .client import Client
from .homeassistant import DOMAIN, ROOT

CHROMIUM: Final = Path("/usr/bin/chromium")

IMAGES: Final = ROOT / "docs" / "images"
# The screenshots that the documentation shows.
DOCUMENTED: Final = (
    "automation-triggers",
    "dashboard",
    "dashboard-dark",
    "repair",
    "setup-menu",
    "setup-remote-access",
    "setup-result",
)

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_FOREIGN_BRANDS: Final = re.compile(rf"/api/brands/(?!integration/{DOMAIN}/)")

_TIMEOUT: Final = 30_000
_MARGIN: Final = 16


class Frontend:
    """What the owner sees, and clicks."""

    def __init__(self, page: Page, url: str, screenshots: Path) -> None:
        """Look at a page."""
        self.page = page
        self._url = url
        self._screenshots = screenshots

    def open(self, path: str) -> None:
        """Go to a page of the frontend."""
        self.page.goto(self._url + path)
        expect(self.page.locator("ha-sidebar")).to_be_visible()

    @property
    def dialog(self) -> Locator:
        """Return the dialog of the config flow."""
        return self.page.locator("dialog-data-entry-flow")

    @property
    def window(self) -> Locator:
        """Return the part of the page that the dialog of the flow takes."""
        return self.dialog.get_by_role("dialog")

    def stretch(self) -> None:
        """Make the page so high that a long form fits."""
        self.page.set_viewport_size({"width": 1280, "height": 1300})

    def add_integration(self, name: str) -> None:
        """Begin an integration's config flow."""
        self.open("/config/integrations/dashboard")
        self.page.get_by_role("button", name="Add integration").click()
        search = self.page.locator("dialog-add-integration")
        search.get_by_role("textbox").fill(name)
        search.get_by_role("button", name=name, exact=True).click()

    def choose(self, option: str) -> None:
        """Choose from the menu of the config flow."""
        self.dialog.get_by_text(option, exact=True).click()

    def fill(self, label: str, value: str) -> None:
        """Fill in a field of the config flow."""
        # A required field has an asterisk.
        name = re.compile(rf"^{re.escape(label)}\*?$")
        field = self.dialog.get_by_role("textbox", name=name)
        field.or_(self.dialog.get_by_role("spinbutton", name=name)).fill(value)

    def turn(self, label: str) -> None:
        """Turn a switch of the config flow."""
        field = self.dialog.locator("ha-selector-boolean").filter(has_text=label)
        field.locator("ha-switch").click()

    def submit(self) -> None:
        """Send the form of the config flow."""
        self.dialog.get_by_role("button", name="Submit").click()

    def finish(self) -> None:
        """Close the config flow after its success."""
        self.dialog.get_by_role("button", name="Skip and finish").click()
        expect(self.dialog.get_by_role("dialog")).to_be_hidden()

    def close(self) -> None:
        """Give the config flow up."""
        self.dialog.get_by_role("button", name="Close").click()
        expect(self.dialog.get_by_role("dialog")).to_be_hidden()

    @property
    def switch(self) -> Locator:
        """Return the only switch of the page."""
        return self.page.get_by_role("switch")

    def tile(self, name: str) -> Locator:
        """Return a tile of a dashboard."""
        return self.page.locator("hui-tile-card").filter(has_text=name)

    def screenshot(
        self,
        name: str,
        theme: Literal["light", "dark"] = "light",
        *,
        of: Locator | None = None,
    ) -> None:
        """Keep what is seen now, or a part of it with a margin."""
        self.page.emulate_media(color_scheme=theme)
        suffix = "-dark" if theme == "dark" else ""
        self.page.screenshot(
            path=self._screenshots / f"{name}{suffix}.png",
            animations="disabled",
            clip=_around(of) if of else None,
        )


def _around(part: Locator) -> FloatRect:
    """Return where a part of the page is, with a margin."""
    # Dialogs take a moment to be where they stay.
    part.element_handle().wait_for_element_state("stable")
    box = part.bounding_box()
    assert box is not None
    return {
        "x": box["x"] - _MARGIN,
        "y": box["y"] - _MARGIN,
        "width": box["width"] + 2 * _MARGIN,
        "height": box["height"] + 2 * _MARGIN,
    }


@contextmanager
def browser(client: Client, screenshots: Path) -> Generator[Frontend]:
    """Start a browser that nobody used before, with the owner logged in."""
    screenshots.mkdir(parents=True, exist_ok=True)
    tokens = {
        "access_token": client.token,
        "token_type": "Bearer",
        "expires_in": 31_536_000,
        "expires": 4_102_444_800_000,
        "refresh_token": "",
        "hassUrl": client.url,
        "clientId": f"{client.url}/",
    }
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=_ARGUMENTS,
            viewport={"width": 1280, "height": 800},
            color_scheme="light",
            locale="en-GB",
        ) as context,
    ):
        context.set_default_timeout(_TIMEOUT)
        expect.set_options(timeout=_TIMEOUT)
        context.add_init_script(
            f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"
        )
        # Home Assistant would wait for the Internet, and the browser for these.
        context.route(_FOREIGN_BRANDS, lambda route: route.abort())
        yield Frontend(context.pages[0], client.url, screenshots)
