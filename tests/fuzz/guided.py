"""Change inputs of one parser, guided by what of it they reach, for a number of times.

Run as a program of its own, because atheris ends the program when it is done.
"""

import json
from pathlib import Path
import sys
import tracemalloc

import atheris

# What is imported here is watched: which branches are taken.
with atheris.instrument_imports(include=["custom_components.plex_remote_access"]):
    from .targets import TARGETS

from .bounds import Watch

_LONGEST = 8192


def main(name: str, runs: int, seed: int, folder: Path) -> None:
    """Read so many inputs, and write down what came of it."""
    target = TARGETS[name]
    watch = Watch(target.read)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(content)

    def read(data: bytes) -> None:
        watch(data)
        if watch.inputs == runs or watch.violations:
            result = {
                "inputs": watch.inputs,
                "seconds": watch.seconds,
                "memory": watch.memory,
                "violations": watch.violations,
            }
            (folder / "result.json").write_text(json.dumps(result))
        if watch.violations:
            raise AssertionError(watch.violations[0])

    tracemalloc.start()
    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={runs + len(target.seeds) + 2}",
            f"-seed={seed}",
            f"-max_len={_LONGEST}",
            f"-artifact_prefix={folder}/",
            "-len_control=20",
            "-print_final_stats=1",
            str(corpus),
        ],
        read,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
