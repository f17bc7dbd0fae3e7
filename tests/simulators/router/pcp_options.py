"""PCP result codes and options, RFC 6887 sections 7.3 and 7.4."""

from collections.abc import Set as AbstractSet
from enum import IntEnum
import struct

OPTIONAL = 0x80


class Result(IntEnum):
    """Result codes."""

    SUCCESS = 0
    UNSUPP_VERSION = 1
    NOT_AUTHORIZED = 2
    MALFORMED_REQUEST = 3
    UNSUPP_OPCODE = 4
    UNSUPP_OPTION = 5
    MALFORMED_OPTION = 6
    NETWORK_FAILURE = 7
    NO_RESOURCES = 8
    UNSUPP_PROTOCOL = 9
    USER_EX_QUOTA = 10
    CANNOT_PROVIDE_EXTERNAL = 11
    ADDRESS_MISMATCH = 12
    EXCESSIVE_REMOTE_PEERS = 13

    @property
    def lifetime(self) -> int:
        """How many seconds the same request will go on failing."""
        return 30 if self in SHORT_LIFETIME else 1800


SHORT_LIFETIME = {
    Result.NETWORK_FAILURE,
    Result.NO_RESOURCES,
    Result.USER_EX_QUOTA,
    Result.CANNOT_PROVIDE_EXTERNAL,
}


class OptionCode(IntEnum):
    """Options that are understood."""

    THIRD_PARTY = 1
    PREFER_FAILURE = 2


LENGTHS = {OptionCode.THIRD_PARTY: 16, OptionCode.PREFER_FAILURE: 0}


class PcpError(Exception):
    """The request is refused."""

    def __init__(self, result: Result) -> None:
        """Keep the result code."""
        super().__init__(result.name)
        self.result = result


def read_options(data: bytes, allowed: AbstractSet[OptionCode]) -> dict[int, bytes]:
    """Read the options behind a payload by their code."""
    options: dict[int, bytes] = {}
    while data:
        code, length = struct.unpack_from("!BxH", data)
        value, data = data[4 : 4 + length], data[4 + length + -length % 4 :]
        if code & OPTIONAL:
            continue
        if code not in allowed:
            raise PcpError(Result.UNSUPP_OPTION)
        if len(value) != LENGTHS[OptionCode(code)] or code in options:
            raise PcpError(Result.MALFORMED_OPTION)
        options[code] = value
    return options
