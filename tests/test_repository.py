"""The rules of the repository that can be checked without running anything."""

import ast
import json
from pathlib import Path
import re
import struct
import tokenize
import tomllib
from typing import Any

from homeassistant.util.yaml import parse_yaml
import pytest

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "plex_remote_access"
SOURCES = sorted(INTEGRATION.rglob("*.py"))
PACKAGES_WITHOUT_HOME_ASSISTANT = ("plex", "portmap")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
SUPPRESSION = re.compile(
    r"noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?|type:\s*ignore(\[[\w,\s-]*\])?"
    r"|pragma:\s*no\s+(cover|branch)"
)


def _name(path: Path) -> str:
    """Name a file in the test ids."""
    return path.relative_to(ROOT).as_posix()


def _load_json(path: Path) -> dict[str, Any]:
    """Read a JSON object, keys in the order of the file."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _imported_modules(path: Path, package: Path) -> set[str]:
    """Return what a file imports from outside its package."""
    depth = len(path.relative_to(package).parts)
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not 0 < node.level <= depth:
            modules.add("." * node.level + (node.module or ""))
    return modules


def _unexplained_suppressions(path: Path) -> list[int]:
    """Return the lines that silence a tool without saying why."""
    lines = path.read_text().splitlines()
    with path.open("rb") as file:
        comments = [
            (token.start[0], token.string)
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.COMMENT
        ]
    return [
        number
        for number, comment in comments
        if SUPPRESSION.search(comment)
        and not re.search(r"[a-z]{3}", SUPPRESSION.sub("", comment))
        and not (number > 1 and lines[number - 2].lstrip().startswith("#"))
    ]


def _load_workflow(path: Path) -> dict[str, Any]:
    """Read a workflow."""
    content: Any = parse_yaml(path.read_text())
    return dict(content)


def _used_actions(workflow: Path) -> list[str]:
    """Return every action and reusable workflow that a workflow uses."""
    jobs = _load_workflow(workflow)["jobs"].values()
    users = [*jobs, *(step for job in jobs for step in job.get("steps", ()))]
    return [user["uses"] for user in users if "uses" in user]


def test_manifest_order_is_domain_name_then_alphabetical() -> None:
    """Hassfest refuses any other order."""
    keys = list(_load_json(INTEGRATION / "manifest.json"))

    assert keys == ["domain", "name", *sorted(keys[2:])]


@pytest.mark.parametrize(
    "key",
    [
        "codeowners",
        "config_flow",
        "documentation",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "version",
    ],
)
def test_manifest_has_what_home_assistant_and_hacs_require(key: str) -> None:
    """Without these an installation is refused or incomplete."""
    assert _load_json(INTEGRATION / "manifest.json")[key]


def test_manifest_requires_nothing_from_pypi() -> None:
    """Home Assistant OS cannot compile, so the integration must not need it."""
    assert _load_json(INTEGRATION / "manifest.json")["requirements"] == []


def test_manifest_version_is_the_projects() -> None:
    """The manifest and pyproject.toml tell the same version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert _load_json(INTEGRATION / "manifest.json")["version"] == project["version"]


def test_hacs_json_has_only_keys_that_hacs_knows() -> None:
    """HACS refuses a repository with any other key."""
    assert _load_json(ROOT / "hacs.json").keys() <= {
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "name",
        "persistent_directory",
        "render_readme",
        "zip_release",
    }


def test_release_uploads_the_zip_that_hacs_asks_for() -> None:
    """A release without that asset cannot be installed."""
    filename = _load_json(ROOT / "hacs.json")["filename"]
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()

    assert f'gh release upload "$TAG" "$RUNNER_TEMP/{filename}"' in workflow


@pytest.mark.parametrize(
    ("image", "shortest", "square"),
    [
        ("icon.png", range(256, 257), True),
        ("icon@2x.png", range(512, 513), True),
        ("logo.png", range(128, 257), False),
        ("logo@2x.png", range(256, 513), False),
        ("dark_logo.png", range(128, 257), False),
        ("dark_logo@2x.png", range(256, 513), False),
    ],
)
def test_brand_image_has_the_size_home_assistant_shows(
    image: str, shortest: range, square: bool
) -> None:
    """Sizes are those of the brands repository, with an alpha channel."""
    header = (INTEGRATION / "brand" / image).read_bytes()[:26]
    signature, width, height, _depth, color_type = struct.unpack(">8s8xIIBB", header)

    assert signature == b"\x89PNG\r\n\x1a\n"
    assert min(width, height) in shortest
    assert (width == height) is square
    assert color_type in {4, 6}, "no alpha channel"


@pytest.mark.parametrize("package", PACKAGES_WITHOUT_HOME_ASSISTANT)
def test_package_stands_without_home_assistant(package: str) -> None:
    """The Plex client and the port mapper could be libraries of their own."""
    folder = INTEGRATION / package
    files = sorted(folder.rglob("*.py"))
    imports = {
        (_name(path), module)
        for path in files
        for module in _imported_modules(path, folder)
        if module.split(".")[0] in {"", "homeassistant", "custom_components"}
    }

    assert files
    assert imports == set()


def test_no_module_is_called_utils() -> None:
    """A file is a platform or a concept."""
    assert [_name(path) for path in SOURCES if path.stem in {"utils", "util"}] == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_source_file_is_of_readable_length(path: Path) -> None:
    """A file over 400 lines holds more than one concept."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_suppression_has_its_reason(path: Path) -> None:
    """A silenced check says why, beside it or in the line above."""
    assert _unexplained_suppressions(path) == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_workflow_pins_actions_by_commit(workflow: Path) -> None:
    """A moved tag must not change what runs here."""
    unpinned = [use for use in _used_actions(workflow) if not PINNED.fullmatch(use)]

    assert unpinned == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_workflow_grants_no_permission_by_default(workflow: Path) -> None:
    """Each job names the little it needs."""
    content = _load_workflow(workflow)

    assert content["permissions"] == {}
    assert all("permissions" in job for job in content["jobs"].values())


@pytest.mark.parametrize("command", ["scripts/develop", "scripts/test"])
def test_readme_names_the_command(command: str) -> None:
    """A newcomer finds the two commands on the first page, and they exist."""
    assert command in (ROOT / "README.md").read_text()
    assert (ROOT / command).stat().st_mode & 0o111
