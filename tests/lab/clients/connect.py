"""Connect to a TCP port and tell what became of it."""

import errno
import json
import socket
import sys


def main(address: str, port: str, timeout: str) -> str:
    """Return one of `Connection`'s values."""
    try:
        socket.create_connection((address, int(port)), float(timeout)).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except OSError as err:
        if err.errno not in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            raise
        return "unreachable"
    return "open"


print(json.dumps(main(*sys.argv[1:])))
