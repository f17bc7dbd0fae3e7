"""Tests of how memory is measured."""

import os
from pathlib import Path
import subprocess
import sys

from .home import ONE_ARENA

# The C library keeps more for itself once so large a block was given back: hence the
# first list. Then one thread has a list of 8 MiB for a moment.
_A_LIST_FOR_A_MOMENT = """
from threading import Thread
from tests.chaos.inside_view import resident_kib

def have_a_list():
    things = []
    for _ in range(1_000_000):
        things.append(None)

have_a_list()
before = resident_kib()
thread = Thread(target=have_a_list)
thread.start()
thread.join()
print(resident_kib() - before)
"""


def test_what_is_free_is_not_measured() -> None:
    """Also where a thread had it."""
    told = subprocess.run(
        [sys.executable, "-c", _A_LIST_FOR_A_MOMENT],
        cwd=Path(__file__).parents[2],
        env=os.environ | ONE_ARENA,
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )

    assert int(told.stdout) < 512
