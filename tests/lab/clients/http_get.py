"""Fetch a URL as a browser would that accepts every certificate."""

import json
import ssl
import sys
from typing import Any
import urllib.error
import urllib.request


def main(url: str, timeout: str) -> dict[str, Any]:
    """Return the answer; no answer at all is a `URLError` or `TimeoutError`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        response = opener.open(url, timeout=float(timeout))
    except urllib.error.HTTPError as err:
        response = err
    return {
        "status": response.status,
        "headers": dict(response.headers),
        "body": response.read().decode(errors="replace"),
    }


print(json.dumps(main(*sys.argv[1:])))
