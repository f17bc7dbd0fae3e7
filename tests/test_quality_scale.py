"""Tests that what the quality scale claims is true, where a machine can tell."""

import ast
from pathlib import Path
import re
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.plex_remote_access import PLATFORMS
from custom_components.plex_remote_access.plan import Status

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "custom_components" / "plex_remote_access"
README = (ROOT / "README.md").read_text()
RULES: dict[str, Any] = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]

# All there are: https://developers.home-assistant.io/docs/core/integration-quality-scale/checklist
EXPECTED = [
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
    "async-dependency",
    "inject-websession",
    "strict-typing",
]

HEADINGS = {
    "docs-actions": "Actions",
    "docs-conditions": "Conditions",
    "docs-configuration-parameters": "Options",
    "docs-data-update": "How data is updated",
    "docs-examples": "Examples",
    "docs-high-level-description": "Plex Remote Access for Home Assistant",
    "docs-installation-instructions": "Installation",
    "docs-installation-parameters": "Set-up fields",
    "docs-known-limitations": "Known limitations",
    "docs-removal-instructions": "Removal",
    "docs-supported-devices": "Supported servers and routers",
    "docs-supported-functions": "Entities",
    "docs-triggers": "Triggers",
    "docs-troubleshooting": "Troubleshooting",
    "docs-use-cases": "What it is good for",
}

ORDER = [
    "What it is good for",
    "Before you start",
    "Installation",
    "Set-up",
    "Entities",
    "Actions",
    "Triggers",
    "Conditions",
    "Options",
    "Examples",
    "How data is updated",
    "Security and privacy",
    "Known limitations",
    "Troubleshooting",
    "Removal",
    "For developers",
]

# What a rule leaves in a file.
TRACES = {
    "action-setup": ("__init__.py", "async_setup_services(hass)"),
    "config-entry-unloading": ("__init__.py", "async def async_unload_entry("),
    "diagnostics": ("diagnostics.py", "async def async_get_config_entry_diagnostics("),
    "discovery": ("manifest.json", '"zeroconf"'),
    "has-entity-name": ("entity.py", "_attr_has_entity_name = True"),
    "inject-websession": ("clients.py", "async_get_clientsession("),
    "integration-owner": ("manifest.json", '"codeowners"'),
    "reauthentication-flow": ("config_flow.py", "async def async_step_reauth("),
    "reconfiguration-flow": ("config_flow.py", "async def async_step_reconfigure("),
    "repair-issues": ("repairs.py", "async def async_create_fix_flow("),
    "runtime-data": ("__init__.py", "entry.runtime_data = "),
    "test-before-setup": ("__init__.py", "async_config_entry_first_refresh()"),
    "unique-config-entry": ("config_flow.py", "_abort_if_unique_id_configured("),
}


def status(rule: str) -> str:
    """Return what is claimed of a rule."""
    claim = RULES[rule]
    return str(claim["status"] if isinstance(claim, dict) else claim)


def test_every_rule_is_there() -> None:
    """None forgotten, none made up."""
    assert sorted(RULES) == sorted(EXPECTED)
    assert len(EXPECTED) == 54


@pytest.mark.parametrize("rule", EXPECTED)
def test_claim(rule: str) -> None:
    """A rule is kept, or it is said why it does not apply."""
    claim = RULES[rule]

    assert status(rule) in {"done", "exempt"}
    assert status(rule) == "done" or claim["comment"]


@pytest.mark.parametrize(
    "rule", [rule for rule in EXPECTED if rule.startswith("docs-")]
)
def test_documentation_has_a_heading_for_it(rule: str) -> None:
    """Whoever looks for it finds it."""
    assert any(line.lstrip("#") == f" {HEADINGS[rule]}" for line in README.splitlines())


def test_documentation_has_one_heading_for_each_rule() -> None:
    """In the order in which a reader needs them."""
    assert len(set(HEADINGS.values())) == len(HEADINGS)
    places = [README.index(f"# {heading}\n") for heading in ORDER]
    assert places == sorted(places)


@pytest.mark.parametrize("status", Status)
def test_status_has_its_section(status: Status) -> None:
    """Whoever sees it in a sensor finds what it means."""
    assert f"### {status.replace('_', ' ').capitalize()}\n".lower() in README.lower()


@pytest.mark.parametrize(
    "symptom",
    [
        "carrier NAT",
        "Docker container",
        "jumbo_frames",
        "Relay",
        "Secure mode",
        "Second server",
        "VPN on the server",
        "Xfinity",
    ],
)
def test_trouble_is_written_about(symptom: str) -> None:
    """Under troubleshooting, where people look."""
    section = README.partition("## Troubleshooting")[2].partition("\n## ")[0]

    assert symptom.lower() in section.lower()


def test_readme_shows_the_dashboard_of_the_screenshot() -> None:
    """The card that is shown is the one that the browser suite looks at."""
    card = (ROOT / "docs" / "dashboard.yaml").read_text()

    assert f"```yaml\n{card}```" in README


@pytest.mark.parametrize("image", re.findall(r"docs/images/[\w-]+\.png", README))
def test_image_of_the_readme_exists(image: str) -> None:
    """And is one that the browser suite renews."""
    assert (ROOT / image).exists()
    assert f'"{Path(image).stem}"' in (ROOT / "tests/e2e/browser.py").read_text()


def test_images_of_the_readme_are_seen_in_hacs() -> None:
    """It knows where files are only in Markdown, and shows few tags."""
    assert not re.findall(r"<(?:picture|source|img)\b", README)


@pytest.mark.parametrize("anchor", re.findall(r"\]\(#([\w-]+)\)", README))
def test_link_within_the_readme_leads_somewhere(anchor: str) -> None:
    """To a heading that is there."""
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)

    assert anchor in {
        re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
    }


@pytest.mark.parametrize("rule", TRACES)
def test_code_does_it(rule: str) -> None:
    """The rule has left its trace."""
    name, trace = TRACES[rule]

    assert trace in (FOLDER / name).read_text()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platforms_limit_parallel_updates(platform: str) -> None:
    """Each says how many updates or actions may run at once."""
    module = ast.parse((FOLDER / f"{platform}.py").read_text())
    names = {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert "PARALLEL_UPDATES" in names


def test_typing_is_strict() -> None:
    """Whoever imports us gets our types."""
    assert (FOLDER / "py.typed").exists()


def test_brand_is_there() -> None:
    """The integration has its icon and logo."""
    assert {path.name for path in (FOLDER / "brand").glob("*.png")} >= {
        "icon.png",
        "logo.png",
    }
