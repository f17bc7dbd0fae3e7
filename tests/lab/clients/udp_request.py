"""Send one datagram and print the answer; bytes are hexadecimal digits."""

import json
import socket
import sys


def main(address: str, port: str, request: str, timeout: str) -> str | None:
    """Return the answer, or None where none came or the port is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(float(timeout))
        # Connected, so that a closed port is told by its ICMP message at once.
        sock.connect((address, int(port)))
        try:
            sock.send(bytes.fromhex(request))
            return sock.recv(2048).hex()
        except TimeoutError, ConnectionRefusedError:
            return None


print(json.dumps(main(*sys.argv[1:])))
