"""Count the IPv4 packets to and from a host, for some seconds.

`count_packets.py ADDRESS SECONDS` writes the number. Multicasts and what the kernels
say to each other in other protocols do not count.
"""

import socket
import sys
import time

_ALL_PROTOCOLS = 0x0003
_HEADER = 14
_IPV4 = b"\x08\x00"
_MULTICAST = 224


def main() -> None:
    """Count until the time is over."""
    host, seconds = socket.inet_aton(sys.argv[1]), float(sys.argv[2])
    end = time.monotonic() + seconds
    count = 0
    with socket.socket(
        socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS)
    ) as wire:
        while (left := end - time.monotonic()) > 0:
            wire.settimeout(left)
            try:
                frame = wire.recv(2048)
            except TimeoutError:
                break
            packet = frame[_HEADER:]
            if (
                frame[12:_HEADER] == _IPV4
                and host in {packet[12:16], packet[16:20]}
                and packet[16] < _MULTICAST
            ):
                count += 1
    print(count)


if __name__ == "__main__":
    main()
