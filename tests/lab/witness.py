"""An independent look into the router's table, through miniupnpc."""

from dataclasses import dataclass
import json
import sys
from typing import Any

from .firewall import Protocol
from .namespaces import Namespaces
from .probe import CLIENTS
from .process import LabError
from .topology import Host


class MappingRefusedError(LabError):
    """The router answered with an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableEntry:
    """A port mapping as the router tells it."""

    protocol: Protocol
    external_port: int
    internal_client: str
    internal_port: int
    description: str
    enabled: bool
    remote_host: str
    lease: int


class Witness:
    """Somebody in the LAN who shares no code with the product."""

    def __init__(self, namespaces: Namespaces, host: Host, url: str) -> None:
        """Ask from a host; without the description's URL it is searched each time."""
        self._namespaces = namespaces
        self._host = host
        self._url = url

    def table(self) -> list[TableEntry]:
        """Return all port mappings."""
        return [
            TableEntry(**{**entry, "protocol": Protocol(entry["protocol"])})
            for entry in self._ask("table")
        ]

    def external_address(self) -> str:
        """Return the WAN address, empty where the router does not like its own."""
        address: str = self._ask("external_address")
        return address

    def status(self) -> str:
        """Return the status of the WAN connection."""
        status: str = self._ask("status")
        return status

    def add(
        self,
        external_port: int,
        protocol: Protocol = Protocol.TCP,
        *,
        internal_client: str = "",
        internal_port: int | None = None,
        description: str = "witness",
        lease: int = 3600,
    ) -> None:
        """Add a port mapping, to the witness itself unless told otherwise."""
        self._ask(
            "add",
            external_port,
            protocol,
            internal_client,
            internal_port or external_port,
            description,
            lease,
        )

    def delete(self, external_port: int, protocol: Protocol = Protocol.TCP) -> None:
        """Delete a port mapping."""
        self._ask("delete", external_port, protocol)

    def _ask(self, command: str, *arguments: str | int) -> Any:
        """Run the client in the witness's host."""
        result = self._namespaces.run(
            self._host,
            sys.executable,
            "-I",
            CLIENTS / "igd.py",
            self._url,
            command,
            *map(str, arguments),
        )
        answer = json.loads(result.stdout)
        if "error" in answer:
            raise MappingRefusedError(answer["error"])
        return answer["result"]
