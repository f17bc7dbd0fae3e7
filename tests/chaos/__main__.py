"""One sequence of faults: `python -m tests.chaos SEED FAULTS FOLDER`.

The folder is for logs and the outcome; what is in it is removed.
"""

import argparse
from pathlib import Path
import shutil
import sys
from typing import Final

from .sequence import FAULTS, carry_out

_QUICK: Final = 60


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("faults", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--same-process",
        action="store_true",
        help="nothing that ends Home Assistant, and memory is measured",
    )
    parser.add_argument(
        "--quick", action="store_true", help="nothing that takes over a minute"
    )
    parser.add_argument("--only", help="faults whose name has this in it")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True)
    outcome = carry_out(
        arguments.seed,
        arguments.faults,
        arguments.folder,
        [
            fault
            for fault in FAULTS
            if (arguments.only or "") in fault.name
            and not (arguments.same_process and fault.ends_process)
            and not (arguments.quick and fault.settle > _QUICK)
        ],
        same_process=arguments.same_process,
    )
    outcome.write(arguments.folder)
    print(outcome, flush=True)
    sys.exit(outcome.violation)


if __name__ == "__main__":
    main()
