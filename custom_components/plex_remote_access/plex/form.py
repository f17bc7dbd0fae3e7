"""In which form a server answers: it depends on its version and on the endpoint."""

from collections.abc import Iterable, Iterator, Mapping
import json
from typing import Any, Final

from .wire import MANUAL_MODE, MANUAL_PORT, PUBLISH, RELAY, STREAM_RATE, UPLOAD_RATE

_TRUTHS: Final = ("claimed", "subscriptionActive", PUBLISH, MANUAL_MODE, RELAY)
_NUMBERS: Final = (
    "publicPort",
    "privatePort",
    MANUAL_PORT,
    UPLOAD_RATE,
    STREAM_RATE,
)
_WORDS: Final = frozenset({"0", "1", "false", "true"})


def form_of(body: bytes, container: Mapping[str, Any]) -> dict[str, Any]:
    """Return how an answer is written, and nothing of what it says."""
    values = dict(container) | dict(_settings(container))
    return {
        "format": "xml" if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else "json",
        "truths": sorted({_truth(value) for value in _known(values, _TRUTHS)}),
        "numbers": sorted({type(value).__name__ for value in _known(values, _NUMBERS)}),
    }


def _settings(container: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    listed = container.get("Setting")
    for setting in listed if isinstance(listed, list) else ():
        if isinstance(setting, dict):
            yield str(setting.get("id")), setting.get("value")


def _known(values: Mapping[str, Any], names: Iterable[str]) -> Iterator[Any]:
    return (value for name in names if (value := values.get(name)) is not None)


def _truth(value: Any) -> str:
    """Return a truth as it was written, or the kind of what is none."""
    known = str(value).lower() in _WORDS
    return json.dumps(value) if known else type(value).__name__
