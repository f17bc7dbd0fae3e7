"""Print every datagram sent to a multicast group, a line of hexadecimal each."""

import socket
import sys


def main(group: str, port: str, interface: str) -> None:
    """Listen until ended."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((group, int(port)))
        membership = socket.inet_aton(group) + socket.inet_aton(interface)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        print("listening", flush=True)
        while True:
            print(sock.recv(2048).hex(), flush=True)


main(*sys.argv[1:])
