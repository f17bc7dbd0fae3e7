"""Run the simulated Plex server as a process."""

import argparse
import asyncio

from tests.simulators.plextv import until_stopped

from . import DirectOutside, HttpOutside, MiniupnpcMapper, PlexServer, Timing


def _arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="A simulated Plex Media Server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=32400)
    parser.add_argument("--token")
    parser.add_argument("--shared-token")
    parser.add_argument("--name", default="Den")
    parser.add_argument("--machine-identifier")
    parser.add_argument("--lan-address", help="what it reports as its own address")
    parser.add_argument("--plextv", metavar="URL", help="the plex.tv to ask")
    parser.add_argument(
        "--preference",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="a setting to begin with; may be given several times",
    )
    parser.add_argument(
        "--automatic", action="store_true", help="map by UPnP in automatic mode"
    )
    parser.add_argument("--tls", action="store_true", help="serve TLS on the port, too")
    parser.add_argument("--gdm-port", type=int, help="answer discovery here")
    parser.add_argument("--control", action="store_true", help="serve /__control__")
    parser.add_argument(
        "--realistic", action="store_true", help="take the time that servers take"
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    """Run the server until the process is asked to end."""
    lan_address = arguments.lan_address or arguments.host
    server = PlexServer(
        host=arguments.host,
        port=arguments.port,
        token=arguments.token,
        shared_token=arguments.shared_token,
        friendly_name=arguments.name,
        machine_identifier=arguments.machine_identifier,
        lan_address=lan_address,
        outside=HttpOutside(arguments.plextv) if arguments.plextv else DirectOutside(),
        automatic_mapper=MiniupnpcMapper(lan_address) if arguments.automatic else None,
        timing=Timing.realistic() if arguments.realistic else Timing(),
        tls=arguments.tls,
        gdm_port=arguments.gdm_port,
        control=arguments.control,
    )
    for preference in arguments.preference:
        id_, _, text = preference.partition("=")
        server.preferences.update({id_: server.preferences.parse(id_, text)})
    async with server:
        print(f"Plex server simulator listening on {server.url}", flush=True)
        await until_stopped()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
