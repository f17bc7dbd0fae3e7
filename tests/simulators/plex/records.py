"""What a simulator was asked: the witness of what a client did."""

from collections import Counter
from dataclasses import asdict, dataclass
import time

from aiohttp import web

from .account import TOKEN
from .faults import Endpoint


@dataclass
class RecordedRequest:
    """One request, without the token."""

    endpoint: Endpoint
    method: str
    path: str
    query: dict[str, str]
    # When it came, in seconds of a clock that only differences are told by.
    at: float
    # None until it is answered.
    status: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the request for JSON."""
        return asdict(self)


class Records:
    """Every request since the start or the last reset."""

    def __init__(self) -> None:
        """Begin with none."""
        self.requests: list[RecordedRequest] = []
        self.counts: Counter[Endpoint] = Counter()

    def add(self, endpoint: Endpoint, request: web.Request) -> RecordedRequest:
        """Take a request down that has just come."""
        query = {key: value for key, value in request.query.items() if key != TOKEN}
        record = RecordedRequest(
            endpoint, request.method, request.path, query, time.monotonic()
        )
        self.requests.append(record)
        self.counts[endpoint] += 1
        return record

    def reset(self) -> None:
        """Forget everything."""
        self.requests.clear()
        self.counts.clear()
