"""Ask a UPnP gateway through miniupnpc."""

import json
import sys
from typing import Any

import miniupnpc


def table(gateway: Any) -> list[dict[str, Any]]:
    """Walk the gateway's table until it has no further entry."""
    entries: list[dict[str, Any]] = []
    while entry := gateway.getgenericportmapping(len(entries)):
        external_port, protocol, client, description, enabled, remote, lease = entry
        entries.append(
            {
                "protocol": protocol,
                "external_port": external_port,
                "internal_client": client[0],
                "internal_port": client[1],
                "description": description,
                "enabled": enabled == "1",
                "remote_host": remote,
                "lease": lease,
            }
        )
    return entries


def main(url: str, command: str, *arguments: str) -> Any:
    """Carry out one command at the gateway with this description."""
    gateway = miniupnpc.UPnP()
    if url:
        gateway.selectigd(url)
    else:
        gateway.discoverdelay = 500
        gateway.discover()
        gateway.selectigd()
    match command, arguments:
        case "table", ():
            return table(gateway)
        case "external_address", ():
            return gateway.externalipaddress()
        case "status", ():
            return gateway.statusinfo()[0]
        case "add", (external, protocol, client, internal, description, lease):
            return gateway.addportmapping(
                int(external),
                protocol,
                client or gateway.lanaddr,
                int(internal),
                description,
                "",
                int(lease),
            )
        case "delete", (external, protocol):
            return gateway.deleteportmapping(int(external), protocol)
    raise ValueError(command)


# miniupnpc raises plain exceptions with the gateway's own words.
try:
    print(json.dumps({"result": main(*sys.argv[1:])}))
except Exception as err:  # noqa: BLE001  # it has no exception classes of its own
    print(json.dumps({"error": str(err)}))
