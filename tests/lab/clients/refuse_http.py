"""Answer every HTTP request with an internal error."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import sys
from typing import override


class Refusal(BaseHTTPRequestHandler):
    """Knows no method, and calls that an error of its own."""

    @override
    def send_error(self, *_: object) -> None:
        """Have the same answer to everything."""
        super().send_error(500)


ThreadingHTTPServer(("", int(sys.argv[1])), Refusal).serve_forever()
