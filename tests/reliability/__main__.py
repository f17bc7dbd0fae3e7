"""Run the long form of all suites, and write docs/reliability.md."""

import argparse
from pathlib import Path
import subprocess
import sys

from .record import read_all
from .report import page

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "reliability.md"


def _suites() -> list[str]:
    """Return the packages below `tests` that have a long form."""
    return sorted(file.parent.name for file in (_ROOT / "tests").glob("*/soak.py"))


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description=__doc__,
        epilog="Options after the suite go to it: `scripts/soak chaos --help`.",
    )
    parser.add_argument("suite", nargs="?", choices=["all", "report", *_suites()])
    parser.add_argument("options", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    suite = arguments.suite or "all"
    suites = {"all": _suites(), "report": []}.get(suite, [suite])
    failed = [
        name
        for name in suites
        if subprocess.run(
            [sys.executable, "-m", f"tests.{name}.soak", *arguments.options],
            cwd=_ROOT,
            check=False,
        ).returncode
    ]
    _PAGE.write_text(page(read_all()))
    print(f"Wrote {_PAGE.relative_to(_ROOT)}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
