"""What was tried to break the integration, and the page that tells it.

A suite with a long form is a package below `tests` with a module `soak`, which is run as
`python -m tests.<suite>.soak` and writes what it tried::

    Record(
        suite="hostile",
        tried={"hostile neighbours": 40},
        violations=[],
        seeds=[1, 2],
        seconds=12.5,
    ).write()

`scripts/soak` runs all of them and writes docs/reliability.md.
"""

from .record import FOLDER, Record, code, read_all

__all__ = ["FOLDER", "Record", "code", "read_all"]
