"""What routers say, made fit to be shown to people."""

import re
from typing import Final

_LENGTH: Final = 100
# A word with a dot, a colon or the like within is an address, a host or a link; so are
# four numbers in another notation.
_PLACE: Final = re.compile(r"\S*[^\s.:][.:/\\@]+[^\s.:]\S*|\S*::\S*|\d+(?:[-,]\d+){3,}")
# All else could be taken for formatting by whoever shows it.
_UNFIT: Final = re.compile(r"[^\w .,:;?'’()+…-]|_")


def plain(words: str) -> str | None:
    """Return words without addresses, links and formatting; None if none are left."""
    # Whoever says more than that has nothing to say.
    words = _PLACE.sub("…", words[: 4 * _LENGTH])
    words = " ".join(_UNFIT.sub(" ", words).split())
    return words[:_LENGTH].rstrip() or None
