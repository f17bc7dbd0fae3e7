"""What Home Assistant's and HACS's own checks of a repository would find."""

import ast
import json
from pathlib import Path
import re
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import hass_frontend
from homeassistant.util.yaml import load_yaml_dict
import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "custom_components" / "plex_remote_access"
SOURCES = sorted(FOLDER.glob("*.py"))
LANGUAGES = sorted((FOLDER / "translations").glob("*.json"))
ENGLISH: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS = json.loads((FOLDER / "icons.json").read_text())
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
FRONTEND = Path(next(iter(hass_frontend.__path__)))

# What is raised with words, and the arguments that hold them.
ERRORS_WITH_WORDS = {
    "ConfigEntryAuthFailed",
    "ConfigEntryError",
    "ConfigEntryNotReady",
    "HomeAssistantError",
    "RouterSwitchError",
    "ServiceValidationError",
    "UpdateFailed",
}
WORDS = {"_attr_icon", "_attr_name", "icon", "name", "title"}

FORBIDDEN_IN_TEXTS = {
    "markup": r"<\w|</",
    "an address, which belongs in a placeholder": r"https?://(?!\{host\}:32400/web)",
    "a reference, which only core's build resolves": r"\[%key",
    "a placeholder in single quotes": r"'\{\w+\}'",
    "space around it": r"^\s|\s$",
}


def _texts(tree: dict[str, Any]) -> list[str]:
    """Return all texts of a language."""
    texts: list[str] = []
    for value in tree.values():
        texts += _texts(value) if isinstance(value, dict) else [value]
    return texts


def _calls(path: Path) -> list[ast.Call]:
    """Return every call in a file."""
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    """Return what a call calls."""
    return ast.unparse(call.func).rpartition(".")[2]


def _imported_integrations(path: Path) -> set[str]:
    """Return the integrations of Home Assistant that a file imports."""
    found = re.findall(
        r"homeassistant\.components(?:\.(\w+)| import (\w+))", path.read_text()
    )
    return {first or second for first, second in found}


@pytest.mark.parametrize(
    "icon", sorted(set(re.findall(r'"(mdi:[^"]*)"', json.dumps(ICONS))))
)
def test_icon_exists(icon: str) -> None:
    """The frontend ships it; it would show nothing for another."""
    listed = json.loads((FRONTEND / "static" / "mdi" / "iconList.json").read_text())

    assert icon.removeprefix("mdi:") in {each["name"] for each in listed}


@pytest.mark.parametrize(
    ("platform", "key"),
    [
        (platform, key)
        for platform in ICONS["entity"]
        for key in ICONS["entity"][platform]
    ],
)
def test_state_icon_differs_from_the_default(platform: str, key: str) -> None:
    """Another one of the same is refused."""
    icons = ICONS["entity"][platform][key]

    assert icons["default"] not in icons.get("state", {}).values()


def test_manifest() -> None:
    """Every value is of the kind that is asked for."""
    assert MANIFEST["domain"] == FOLDER.name
    assert MANIFEST["config_flow"] is True
    assert MANIFEST["integration_type"] == "service"
    assert MANIFEST["iot_class"] == "local_push"
    assert MANIFEST["quality_scale"] == "platinum"
    assert MANIFEST["documentation"].startswith("https://")
    assert MANIFEST["issue_tracker"].startswith(MANIFEST["documentation"])
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    assert [each.lower() for each in MANIFEST["zeroconf"]] == MANIFEST["zeroconf"]
    version = AwesomeVersion(MANIFEST["version"])
    assert version.strategy is AwesomeVersionStrategy.SEMVER


def test_manifest_has_only_known_keys() -> None:
    """Any other is refused; by 2026.10 also `categories` and `connectivity`."""
    assert MANIFEST.keys() <= {
        "after_dependencies",
        "codeowners",
        "config_flow",
        "dependencies",
        "documentation",
        "domain",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "loggers",
        "name",
        "quality_scale",
        "requirements",
        "version",
        "zeroconf",
    }


def test_imported_integrations_are_dependencies() -> None:
    """But for those that are always there, or whose platform we are."""
    imported = set[str]().union(*map(_imported_integrations, SOURCES))
    platforms = {path.stem for path in SOURCES}

    assert imported - platforms - {"input_boolean"} <= {
        *MANIFEST["dependencies"],
        *MANIFEST["after_dependencies"],
    }


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
@pytest.mark.parametrize("what", FORBIDDEN_IN_TEXTS)
def test_texts(path: Path, what: str) -> None:
    """They are words and placeholders, nothing else."""
    pattern = re.compile(FORBIDDEN_IN_TEXTS[what])
    texts = _texts(json.loads(path.read_text()))

    assert [text for text in texts if pattern.search(text)] == []


def test_languages() -> None:
    """The thirteen that are promised; strings.json is for core alone."""
    assert {path.stem for path in LANGUAGES} == {
        *("da", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv", "uk"),
        "zh-Hans",
    }
    assert not (FOLDER / "strings.json").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_words_in_code(path: Path) -> None:
    """What people read is translated: names, titles, errors and icons."""
    errors = [
        ast.unparse(call)
        for call in _calls(path)
        if _called(call) in ERRORS_WITH_WORDS and call.args
    ]
    arguments = [
        ast.unparse(call)
        for call in _calls(path)
        for keyword in call.keywords
        if keyword.arg in WORDS and _is_text(keyword.value)
    ]

    assert errors == arguments == []


def _is_text(value: ast.expr) -> bool:
    """Tell whether an expression is a text."""
    return isinstance(value, ast.JoinedStr) or (
        isinstance(value, ast.Constant) and isinstance(value.value, str)
    )


@pytest.mark.parametrize("kind", ["services", "triggers", "conditions"])
def test_fields_are_described(kind: str) -> None:
    """Each field of an action, a trigger or a condition has its words."""
    declared = {
        name: set((content or {}).get("fields", {}))
        for name, content in load_yaml_dict(str(FOLDER / f"{kind}.yaml")).items()
        if not name.startswith(".")
    }
    described = {
        name: set(texts.get("fields", {})) for name, texts in ENGLISH[kind].items()
    }

    assert declared == described


def test_repository_is_one_that_hacs_takes() -> None:
    """One integration, a readme, a licence, a brand, and a name."""
    hacs = json.loads((ROOT / "hacs.json").read_text())

    assert [path.name for path in FOLDER.parent.iterdir() if path.is_dir()] == [
        FOLDER.name
    ]
    assert hacs["name"] == MANIFEST["name"]
    assert AwesomeVersion(hacs["homeassistant"]) >= "2026.10.0"
    assert hacs["zip_release"] is True
    assert (ROOT / "README.md").stat().st_size > 1000
    assert "MIT License" in (ROOT / "LICENSE").read_text()
    assert (FOLDER / "brand" / "icon.png").exists()
